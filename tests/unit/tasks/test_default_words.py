"""A task's word may be left out where it has a default."""

import pytest
from fabric.main import make_program as make_fab
from invoke.collection import Collection
from invoke.context import Context

from workbench.tasks.program import make_program
from workbench.tasks.task import task

calls: list[tuple[str, str | None]] = []


@task(name="open", positional=["page"])
def open_page(context: Context, page: str, stack: str | None = None) -> None:
    """Open."""
    calls.append((page, stack))


@task(positional=["name"])
def needing(context: Context, name: str) -> None:
    """Need a word."""


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        (["open"], ("landing", None)),
        (["open", "jupyter"], ("jupyter", None)),
        (["open", "--stack", "prod"], ("landing", "prod")),
        (["open", "--stack", "prod", "jupyter"], ("jupyter", "prod")),
    ],
)
def test_a_word_that_is_missing_is_the_default(
    words: list[str], seen: tuple[str, str | None]
) -> None:
    calls.clear()

    make_program(Collection(open_page, needing)).run(["workbench", *words], exit=False)

    assert calls == [seen]


@pytest.mark.parametrize("word", ["landing", ""])
def test_fab_takes_the_word_also_an_empty_one(word: str) -> None:
    calls.clear()
    program = make_fab()
    program.namespace = Collection(open_page)

    program.run(["fab", "open", word], exit=False)

    assert calls == [(word, None)]


def test_a_word_without_a_default_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    make_program(Collection(open_page, needing)).run(["workbench", "needing"], exit=False)

    assert "More arguments are needed: workbench needing NAME" in capsys.readouterr().err

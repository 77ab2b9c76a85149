"""Results as people see them, in 80 columns and in narrower ones."""

import io

from rich.console import Console

from workbench.tasks.output import print_facts


def printed(*rows: tuple[str, str | None], width: int = 80) -> str:
    out = io.StringIO()
    print_facts(rows, Console(file=out, width=width))
    return out.getvalue()


def test_what_is_copied_stays_on_one_line_and_sentences_are_folded() -> None:
    command = f"cat /root/{'state/' * 15}password-ada"
    said = printed(("Password", command), ("Problem", "It is so. " * 12), ("None", None))
    first, *others = said.splitlines()
    assert first == f"  Password   {command}"
    assert len(others) > 1
    assert all(len(line) <= 80 and line == line.rstrip() for line in others)
    assert all(line.startswith(" " * 13) for line in others[1:])


def test_several_lines_keep_their_column() -> None:
    assert printed(("A", "one\ntwo"), ("Bcd", "x")) == "  A     one\n        two\n  Bcd   x\n"


def test_a_narrow_terminal_still_shows_all() -> None:
    assert (
        "".join(printed(("Name", "many words " * 5), width=10).split()) == "Name" + "manywords" * 5
    )

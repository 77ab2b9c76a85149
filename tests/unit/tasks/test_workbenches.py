"""Several workbenches in one stack: each is found by its name, and none is taken for another."""

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from invoke.context import Context

from workbench.engine.workbenches import find_workbenches
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote import passwords
from workbench.remote.stack_state import read_each
from workbench.remote.stack_state import read_stack
from workbench.remote.workbenches import choose
from workbench.remote.workbenches import naming
from workbench.remote.workbenches import password_folder
from workbench.tasks import namespace
from workbench.tasks.changes import apply as changing
from workbench.tasks.command_name import ON_STACK
from workbench.tasks.command_name import as_typed
from workbench.tasks.program import make_program
from workbench.tasks.task import task_on_workbench

QUIET = Progress(quiet=True)
ONE = {"instance_id": "i-1", "address": "203.0.113.1", "region": "eu-west-1", "users": ["ada"]}
TWO = {"instance_id": "i-2", "address": "203.0.113.2", "region": "eu-west-1", "users": ["ada"]}
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy me@desk\n"
BOTH = {"workbenches": {"one": ONE, "two": TWO}}


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Give the outputs of the stack that every name opens, to be filled in."""
    told: dict[str, Any] = {}
    opened = SimpleNamespace(outputs=lambda: told, get_config=lambda: {"aws:region": "eu-west-1"})
    monkeypatch.setattr("workbench.engine.stacks.open_stack", lambda *_: opened)
    return told


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({}, {"": {}}),
        (ONE, {"": ONE}),
        ({**ONE, "workbenches": {"lab": ONE}}, {"lab": ONE}),
        (BOTH, {"one": ONE, "two": TWO}),
        # A program that makes none for now.
        ({"workbenches": {}}, {"": {"workbenches": {}}}),
    ],
)
def test_a_workbench_is_found_by_its_name_or_as_the_stack_itself(
    told: Mapping[str, Any], found: Mapping[str, Any]
) -> None:
    assert find_workbenches(told, "dev") == found


@pytest.mark.parametrize("told", [["one"], "one", {"one": "https://one.example.org/"}])
def test_an_output_that_is_something_else_is_refused(told: Any) -> None:
    with pytest.raises(ConfigError, match="The output workbenches of the stack dev isn't") as said:
        find_workbenches({"workbenches": told}, "dev")
    assert 'pulumi.export("workbenches", {"lab": lab.outputs})' in said.value.hint
    # `workbench up` reads the outputs of before first, and would refuse the corrected program.
    assert "pulumi up --stack dev" in said.value.hint


def test_the_only_one_is_found_by_itself(outputs: dict[str, Any]) -> None:
    outputs.update({**ONE, "workbenches": {"lab": ONE}})
    state = read_stack("dev", QUIET)
    assert (state.workbench, state.outputs, state.others) == ("lab", ONE, {})
    assert state.option == ""
    with naming("lab"):
        assert read_stack("dev", QUIET).workbench == "lab"


def test_of_several_the_one_that_is_named_is_meant(
    outputs: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    outputs.update(BOTH)
    with pytest.raises(ConfigError) as several:
        read_stack("dev", QUIET)
    assert several.value.message == "The stack dev has 2 workbenches: one, two."
    assert several.value.hint.startswith("--workbench one ")
    with naming("two"):
        state = read_stack("dev", QUIET)
    assert (state.workbench, state.outputs, state.others) == ("two", TWO, {"one": ONE})
    assert state.option == " --workbench two"
    monkeypatch.setenv("WORKBENCH_WORKBENCH", "one")
    assert read_stack("dev", QUIET).outputs == ONE
    with naming("two"):
        assert read_stack("dev", QUIET).outputs == TWO
    assert [each.workbench for each in read_each("dev", QUIET)] == ["one", "two"]


def test_one_of_which_nothing_is_exported_is_none_to_be_taken(outputs: dict[str, Any]) -> None:
    outputs["workbenches"] = {"one": {}, "two": TWO}
    with pytest.raises(ConfigError, match="has 2 workbenches: one, two"):
        read_stack("dev", QUIET)


@pytest.mark.parametrize(
    ("names", "said", "hint"),
    [
        (["one", "two"], "has no workbench 'tow'. Did you mean two?", "can be one of: one, two"),
        (["lab"], "has no workbench 'tow'.", "can be one of: lab"),
        ([""], "doesn't name its workbench, so 'tow' can't be found.", "Leave --workbench"),
    ],
)
def test_a_name_that_is_not_there_is_refused(names: list[str], said: str, hint: str) -> None:
    with naming("tow"), pytest.raises(ConfigError) as refused:
        choose(names, "dev")
    assert refused.value.message == f"The stack dev {said}"
    assert hint in refused.value.hint


def test_of_a_stack_that_is_not_there_no_name_is_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from workbench.engine.stacks import StackMissingError

    def missing(*_: Any) -> None:
        raise StackMissingError("There is no stack.")

    monkeypatch.setattr("workbench.engine.stacks.open_stack", missing)
    with naming("two"):
        assert not read_stack("dev", QUIET).exists


def test_every_task_that_names_a_stack_names_a_workbench_or_is_about_all() -> None:
    options = {
        context.name: {name for argument in context.args.values() for name in argument.names}
        for context in namespace.to_contexts()
    }
    of_stacks = {name for name, flags in options.items() if "stack" in flags}
    of_one = {name for name, flags in options.items() if "workbench" in flags}
    about_all = {name for name in of_stacks if str(name).partition(".")[0] in ON_STACK}
    assert of_one
    assert of_one == of_stacks - about_all


@task_on_workbench()
def look(context: Context, stack: str | None = None) -> None:
    """Look."""
    state = read_stack("dev", QUIET)
    print(f"It is {state.outputs['instance_id']}.")
    raise WorkbenchError("It is broken.", "workbench doctor --stack dev   says more")


def test_the_option_reaches_the_task_and_the_commands_it_ends_with(
    outputs: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    from invoke.collection import Collection

    outputs.update(BOTH)
    program = make_program(Collection(look))

    def run(*words: str) -> tuple[str, str]:
        with pytest.raises(SystemExit):
            program.run(["workbench", "look", *words])
        told = capsys.readouterr()
        return told.out, told.err

    said, error = run("--workbench", "two")
    assert said == "It is i-2.\n"
    assert "workbench doctor --stack dev --workbench two   says more" in error
    said, error = run()
    assert "The stack dev has 2 workbenches: one, two." in error
    # The option was that run's alone.
    assert "--workbench two" not in error


def test_commands_about_the_whole_stack_name_no_workbench() -> None:
    said = (
        "  workbench up --stack dev   applies it\n"
        "  workbench logs converge --stack dev\n"
        "→ workbench ssh.config --alias x --stack dev --workbench two\n"
        "  cd there; workbench labs --stack labs\n"
        "  pulumi preview --stack dev\n"
    )
    assert as_typed(said) == said
    with naming("my one"):
        typed = as_typed(said)
    assert typed == said.replace(
        "converge --stack dev", "converge --stack dev --workbench 'my one'"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("resize", "t3.large"),
        ("users.add", "bob", "--public-key", "k.pub"),
        ("users.remove", "ada"),
        ("users.promote", "ada"),
        ("users.demote", "ada"),
        ("users.keys.add", "ada", "--public-key", "k.pub"),
        ("users.keys.remove", "ada", "SHA256:x"),
        ("ssh.allow",),
        ("ssh.keys.add", "--public-key", "k.pub"),
        ("ssh.keys.remove", "SHA256:x"),
        ("ssh.keys.rotate",),
        ("data.grow", "40"),
        ("data.restore",),
    ],
)
def test_what_changes_the_configuration_is_refused_before_anything_is_done(
    words: tuple[str, ...],
    outputs: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    outputs.update(BOTH)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: mine\n")
    (tmp_path / "k.pub").write_text(KEY)
    asked: list[str] = []
    monkeypatch.setattr(changing.StackState, "aws", lambda _, service: asked.append(service))
    with pytest.raises(SystemExit):
        make_program().run(["workbench", *words, "--workbench", "one", "--stack", "dev", "--yes"])
    told = capsys.readouterr().err
    assert "The stack dev has several workbenches (one, two)" in told
    assert "Change the arguments of one in the program" in told
    assert "workbench up --stack dev   applies it" in told
    assert not asked


def test_passwords_of_the_first_workbench_stay_where_they_are(tmp_path: Path) -> None:
    passwords.keep_password(tmp_path, "ada", "first-secret")

    def read(workbench: str, *, is_alone: bool) -> str | None:
        folder = password_folder(tmp_path, workbench, is_alone=is_alone)
        return passwords.read_password(folder, "ada")

    # As an earlier version left it, whose stacks name no workbench.
    assert read("", is_alone=True) == "first-secret"
    assert read("one", is_alone=True) == "first-secret"
    # A second one comes, with people of the same names, and the first goes.
    assert read("one", is_alone=False) == "first-secret"
    assert read("two", is_alone=False) is None
    two = password_folder(tmp_path, "two", is_alone=False)
    passwords.keep_password(two, "ada", "second-secret")
    assert read("one", is_alone=False) == "first-secret"
    assert read("two", is_alone=True) == "second-secret"


def test_two_from_the_start_have_a_folder_each(tmp_path: Path) -> None:
    folders = {password_folder(tmp_path, name, is_alone=False) for name in ("one", "two")}
    assert folders == {tmp_path / "workbenches" / name for name in ("one", "two")}


def test_a_renamed_workbench_keeps_its_passwords(tmp_path: Path) -> None:
    assert password_folder(tmp_path, "before", is_alone=True) == tmp_path
    assert password_folder(tmp_path, "after", is_alone=True) == tmp_path


def test_a_state_has_each_workbenchs_own_passwords(
    outputs: dict[str, Any], state_dir: Path
) -> None:
    outputs.update(BOTH)
    for state, secret in zip(read_each("dev", QUIET), ("first", "second"), strict=True):
        passwords.keep_password(state.password_folder, "ada", secret)
    for name, secret in (("one", "first"), ("two", "second")):
        with naming(name), closing(read_stack("dev", QUIET)) as state:
            assert state.target().password("ada") == secret

"""Which stack, which project, and where things are kept."""

import shutil
from pathlib import Path

import pytest

from workbench.remote.selection import find_project
from workbench.remote.selection import select_rehearsal
from workbench.remote.selection import select_stack
from workbench.remote.selection import stack_folder

ROOT = Path(__file__).parents[3]


def test_the_option_wins_over_the_environment_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert select_stack(None) == "rehearsal"
    monkeypatch.setenv("WORKBENCH_STACK", "lab")
    assert select_stack(None) == "lab"
    assert select_stack("prod") == "prod"


def test_the_nearest_project_is_taken_else_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "org" / "docs"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert find_project() == ROOT
    (tmp_path / "org" / "Pulumi.yaml").write_text("name: org\n")
    assert find_project() == tmp_path / "org"


@pytest.mark.parametrize(
    ("flag", "stack", "rehearsal"),
    [
        (None, None, "default"),
        (None, "rehearsal-try", "try"),
        (None, "prod", "default"),
        ("other", "rehearsal-try", "other"),
    ],
)
def test_the_rehearsal_is_the_one_of_the_stack_worked_on(
    monkeypatch: pytest.MonkeyPatch, flag: str | None, stack: str | None, rehearsal: str
) -> None:
    monkeypatch.delenv("WORKBENCH_STACK", raising=False)
    if stack:
        monkeypatch.setenv("WORKBENCH_STACK", stack)
    assert select_rehearsal(flag) == rehearsal


def test_what_belongs_to_a_rehearsals_stack_is_in_the_rehearsals_folder(state_dir: Path) -> None:
    assert stack_folder("rehearsal") == state_dir / "rehearsals" / "default"
    assert stack_folder("rehearsal-try") == state_dir / "rehearsals" / "try"


def test_what_belongs_to_a_stack_on_aws_is_its_projects(
    state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: research\n")
    own = stack_folder("prod")
    assert own == state_dir / "projects" / "research" / "prod"
    full = state_dir / "projects" / "workbench" / "org_workbench_prod"
    assert stack_folder("org/workbench/prod") == full


@pytest.fixture
def shared(state_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder that projects shared by the stack's name; the project here is research."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: research\n")
    folder = state_dir / "stacks" / "prod"
    folder.mkdir(parents=True)
    (folder / "passphrase").write_text("known")
    return folder


# One that is planned, or destroyed but for its data, has none.
@pytest.mark.parametrize("copies", [[], ["research"], ["other", "research"]])
def test_a_project_that_shared_a_folder_finds_all_again(shared: Path, copies: list[str]) -> None:
    for each in copies:
        (shared / f"copy-{each}.json").touch()
    (shared / "passphrase").chmod(0o600)
    kept = stack_folder("prod") / "passphrase"
    assert (kept.read_text(), kept.stat().st_mode & 0o777) == ("known", 0o600)
    kept.write_text("newer")
    assert (stack_folder("prod") / "passphrase").read_text() == "newer"
    assert [each.name for each in kept.parent.parent.iterdir()] == ["prod"]


def test_what_another_project_shared_is_not_taken_over(shared: Path) -> None:
    (shared / "copy-other.json").touch()
    assert not stack_folder("prod").exists()


def test_a_folder_is_taken_over_whole_or_not_at_all(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shared / "known_hosts").touch()
    copied = shutil.copytree

    def interrupted(source: Path, target: Path, **options: bool) -> None:
        copied(source, target, ignore=lambda *_: ["passphrase"], **options)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copytree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            stack_folder("prod")
    own = stack_folder("prod")
    assert {each.name for each in own.iterdir()} == {"passphrase", "known_hosts"}
    assert [each.name for each in own.parent.iterdir()] == ["prod"]


def test_of_two_commands_at_a_time_one_takes_it_over(
    shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = shutil.copytree

    def slow(source: Path, target: Path, **options: bool) -> None:
        monkeypatch.setattr(shutil, "copytree", copied)
        (stack_folder("prod") / "passphrase").write_text("the other's")
        copied(source, target, **options)

    monkeypatch.setattr(shutil, "copytree", slow)
    assert (stack_folder("prod") / "passphrase").read_text() == "the other's"

"""Which stack, which project, and where things are kept."""

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

    # Of a project that shared the folder by the stack's name, all is found again.
    shared = state_dir / "stacks" / "prod"
    shared.mkdir(parents=True)
    (shared / "passphrase").write_text("known")
    assert not stack_folder("prod").exists()
    (shared / "copy-research.json").touch()
    assert (stack_folder("prod") / "passphrase").read_text() == "known"
    (own / "passphrase").write_text("newer")
    assert (stack_folder("prod") / "passphrase").read_text() == "newer"

"""What killed runs of the tests left behind goes, and nothing else."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import left_behind
import pytest
from left_behind import SPACE
from left_behind import find_left_behind
from left_behind import make_state_folder
from left_behind import remove_left_behind

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have temporary folders in a folder of the test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def dead() -> int:
    """Give the number of a process that is no more."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


@pytest.fixture
def resets(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, str]]]:
    """Give the rehearsals that were removed, with their state folders; "stuck" can't be."""
    removed: list[tuple[str, str]] = []

    def run(argv: list[Any], env: dict[str, str], **_: Any) -> Any:
        assert argv[1:3] == ["rehearsal.reset", "--name"]
        removed.append((argv[3], env["WORKBENCH_STATE_DIR"]))
        return SimpleNamespace(returncode=int(argv[3] == "stuck"), stderr="no engine\n")

    monkeypatch.setattr(left_behind.subprocess, "run", run)
    return removed


def test_only_what_a_dead_process_made_was_left_behind(place: Path, dead: int) -> None:
    living = make_state_folder("e2e")
    assert living.name.startswith(f"workbench-e2e-{SPACE}-{os.getpid()}-")
    gone = [place / f"workbench-{kind}-{SPACE}-{dead}-abc_0123" for kind in ("e2e", "labs")]
    others = [
        f"workbench-e2e-{SPACE}-{dead}",
        # Of another container, say.
        f"workbench-e2e-1{SPACE}-{dead}-abc_0123",
        f"workbench-e2e-{SPACE}-{dead}-abc_0123-kept",
        f"workbench-mine-{SPACE}-{dead}-abc_0123",
        f"my-workbench-e2e-{SPACE}-{dead}-abc_0123",
        "workbench-e2e-i_xh5diw",
    ]
    for folder in (*gone, *(place / each for each in others)):
        folder.mkdir()
    (place / f"workbench-e2e-{SPACE}-{dead}-file0000").touch()
    (place / f"workbench-e2e-{SPACE}-{dead}-link0000").symlink_to(living)
    assert find_left_behind() == gone


def test_a_folder_of_another_account_is_left_alone(
    place: Path, dead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / f"workbench-labs-{SPACE}-{dead}-abc_0123").mkdir()
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert find_left_behind() == []


def test_its_rehearsals_go(
    place: Path, resets: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left_behind, "ROOT", place)
    folder, other = make_state_folder("e2e"), make_state_folder("e2e")
    for name in ("e2e123", "second"):
        (folder / "rehearsals" / name).mkdir(parents=True)
        (place / f"Pulumi.rehearsal-{name}.yaml").touch()
    (folder / "rehearsals" / ".e2e123.lock").touch()
    kept = place / "Pulumi.rehearsal-mine.yaml"
    kept.touch()
    assert remove_left_behind(folder) == ""
    assert resets == [("e2e123", str(folder)), ("second", str(folder))]
    assert (folder.exists(), other.exists()) == (False, True)
    assert list(place.glob("Pulumi.*.yaml")) == [kept]


def test_what_can_not_be_removed_is_kept_and_said(resets: list[tuple[str, str]]) -> None:
    folder = make_state_folder("labs")
    (folder / "rehearsals" / "stuck").mkdir(parents=True)
    assert remove_left_behind(folder) == "no engine"
    assert folder.exists()


def test_nothing_is_deleted_through_a_mount(
    resets: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_state_folder("labs")
    line = f"1 2 0:3 / {folder}/lxcfs rw - fuse.lxcfs lxcfs rw\n"
    read = Path.read_text
    monkeypatch.setattr(
        Path,
        "read_text",
        lambda path, *args, **kw: line if path.name == "mountinfo" else read(path, *args, **kw),
    )
    assert remove_left_behind(folder) == "something is still mounted in it"
    assert folder.exists()
    shutil.rmtree(folder)

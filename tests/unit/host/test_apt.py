"""The lists of packages are fetched when the distribution's own timer lets go of them."""

import os
import subprocess
from pathlib import Path

import pytest

from workbench.host.system.apt import UPDATE_LISTS

LOCKED = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"
APT = """#!/bin/sh
echo "$@" >> {folder}/calls
[ "$(wc -l < {folder}/calls)" -gt {failures} ] && exit 0
echo "{said}" >&2
exit 100
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of programs, where to sleep takes no time."""
    (tmp_path / "sleep").symlink_to("/bin/true")
    return tmp_path


def update(folder: Path, said: str, failures: int) -> tuple[int, list[str], str]:
    """Return how it ends, how apt-get was called, and what is printed."""
    apt = folder / "apt-get"
    apt.write_text(APT.format(folder=folder, said=said, failures=failures))
    apt.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    done = subprocess.run(
        [UPDATE_LISTS, "-q"], env={"PATH": path}, capture_output=True, text=True, check=False
    )
    return done.returncode, (folder / "calls").read_text().splitlines(), done.stdout


def test_it_waits_while_someone_else_has_the_lists(folder: Path) -> None:
    code, calls, printed = update(folder, LOCKED, failures=2)
    assert (code, calls) == (0, ["-q update"] * 3)
    assert "held by process 7" in printed


def test_it_does_not_wait_for_ever(folder: Path) -> None:
    code, calls, _ = update(folder, LOCKED, failures=1000)
    assert (code, len(calls)) == (100, 60)


def test_another_failure_is_one_at_once(folder: Path) -> None:
    code, calls, printed = update(folder, "E: no such host", failures=1000)
    assert (code, len(calls)) == (100, 1)
    assert "no such host" in printed

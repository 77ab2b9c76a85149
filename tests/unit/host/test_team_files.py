"""What is in the team's folder is opened to its group, and nothing that is elsewhere."""

import os
from pathlib import Path

import pytest

from workbench.host.team_files import put_right


@pytest.fixture
def gid() -> int:
    return os.getgid()


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_what_was_moved_there_is_opened_once(tmp_path: Path, gid: int) -> None:
    team = tmp_path / "team"
    (team / "old").mkdir(parents=True, mode=0o700)
    for name, mode in (("data", 0o600), ("program", 0o4711)):
        (team / "old" / name).touch()
        (team / "old" / name).chmod(mode)

    assert put_right(team, gid) == 4
    assert rights(team / "old") & 0o2770 == 0o2770
    assert rights(team / "old" / "data") == 0o660
    assert rights(team / "old" / "program") == 0o771
    assert put_right(team, gid) == 0


def test_what_is_made_there_is_open_whatever_the_umask(tmp_path: Path, gid: int) -> None:
    put_right(tmp_path, gid)
    before = os.umask(0o077)
    try:
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "file").touch()
    finally:
        os.umask(before)
    assert rights(tmp_path / "new" / "file") == 0o660
    assert put_right(tmp_path, gid) == 0


def test_links_lead_nowhere(tmp_path: Path, gid: int) -> None:
    team, elsewhere = tmp_path / "team", tmp_path / "elsewhere"
    team.mkdir()
    elsewhere.mkdir(mode=0o700)
    (elsewhere / "secret").touch(mode=0o600)
    (team / "folder").symlink_to(elsewhere)
    (team / "file").symlink_to(elsewhere / "secret")
    (team / "name").hardlink_to(elsewhere / "secret")
    os.mkfifo(team / "pipe", 0o600)

    put_right(team, gid)
    assert rights(elsewhere) == 0o700
    assert rights(elsewhere / "secret") == 0o600
    assert rights(team / "pipe") == 0o600

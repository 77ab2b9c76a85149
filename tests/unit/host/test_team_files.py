"""What is made in the team's folder is its group's."""

import os
from pathlib import Path

from workbench.host.people.team_files import is_open_to_group
from workbench.host.people.team_files import open_to_group


def test_what_is_made_there_is_open_whatever_the_umask(tmp_path: Path) -> None:
    assert not is_open_to_group(tmp_path)
    open_to_group(tmp_path)
    assert is_open_to_group(tmp_path)
    before = os.umask(0o077)
    try:
        (tmp_path / "new").mkdir()
        (tmp_path / "new" / "file").touch()
    finally:
        os.umask(before)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o770
    assert (tmp_path / "new" / "file").stat().st_mode & 0o777 == 0o660

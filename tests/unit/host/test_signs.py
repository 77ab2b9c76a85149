"""A server is ended for being idle only where it says so itself."""

import os
from pathlib import Path

import pytest

from workbench.host.hub.signs import HEARD
from workbench.host.hub.signs import put_sign
from workbench.host.hub.signs import says_idle

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("worked", "looked", "idle"),
    [
        (NOW - 100, NOW, True),
        (NOW - 99, NOW, False),
        (NOW, NOW, False),
        # It was idle when it last looked, and may be too busy since to look again.
        (NOW - 500, NOW - HEARD, False),
    ],
)
def test_who_says_what(tmp_path: Path, worked: float, looked: float, idle: bool) -> None:
    put_sign(tmp_path, worked, looked)
    assert says_idle(tmp_path, 100, NOW) is idle


def test_of_a_server_of_before_the_hub_has_to_know(tmp_path: Path) -> None:
    assert says_idle(tmp_path / "gone", 100)


def test_it_is_a_small_file_of_the_persons_that_is_made_again(tmp_path: Path) -> None:
    put_sign(tmp_path, NOW)
    (tmp_path / "activity").unlink()
    put_sign(tmp_path, NOW)
    status = os.stat(tmp_path / "activity")
    assert (status.st_size, status.st_mode & 0o777) == (0, 0o600)


def test_a_link_in_its_place_tells_nothing_of_what_it_leads_to(tmp_path: Path) -> None:
    os.utime(tmp_path, (0, 0))
    (tmp_path / "activity").symlink_to(tmp_path)
    assert not says_idle(tmp_path, 100)

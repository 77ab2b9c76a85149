"""What the server says about people: keys, sizes, sign-ins, whatever they put into their homes."""

import os
from pathlib import Path

import pytest

from workbench.host.people.authorized_keys import with_keys
from workbench.host.people.people import read_keys
from workbench.host.people.people import read_sizes
from workbench.host.people.processes import Process
from workbench.host.people.processes import processes
from workbench.tasks.users.public_keys import fingerprint

DATA = "AAAAC3NzaC1lZDI1NTE5AAAAIJb8o0BbVVWjMtvW1ZPmcO9IBVcRJ6GX0Mi4k3m6nRm0"
OURS = f"ssh-ed25519 {DATA} ada@home"
THEIRS = 'from="10.0.0.1" ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAAQ== own laptop'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def test_keys_are_told_by_where_they_are_from(home: Path) -> None:
    text = with_keys(f"# a note\n{THEIRS}\n", [OURS])
    (home / ".ssh" / "authorized_keys").write_text(text)
    ours, theirs = read_keys(home)
    assert ours == {
        "type": "ssh-ed25519",
        "fingerprint": fingerprint(OURS),
        "comment": "ada@home",
        "declared": True,
    }
    assert (theirs["type"], theirs["comment"]) == ("ssh-rsa", "own laptop")
    assert theirs["declared"] is False


def test_a_link_to_another_file_is_not_followed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text(OURS)
    (home / ".ssh" / "authorized_keys").symlink_to(tmp_path / "other")
    assert read_keys(home) == []


def test_a_pipe_in_the_files_place_holds_nothing_up(home: Path) -> None:
    os.mkfifo(home / ".ssh" / "authorized_keys")
    assert read_keys(home) == []


def test_a_home_without_keys_has_none(home: Path) -> None:
    assert read_keys(home / "nowhere") == []


def test_sizes_are_in_bytes_on_disk(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(os.urandom(1 << 20))
    size = read_sizes([tmp_path, tmp_path / "nowhere"], seconds=20)
    assert size.keys() == {tmp_path}
    assert (1 << 20) <= size[tmp_path] < (1 << 20) + (1 << 17)


def test_a_home_that_takes_too_long_is_left_out(tmp_path: Path) -> None:
    assert read_sizes([tmp_path], seconds=0) == {}


def test_processes_are_told_with_the_groups_they_hold(tmp_path: Path) -> None:
    for pid, state in ((7, "S (sleeping)"), (8, "Z (zombie)")):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "status").write_text(
            f"Name:\tbash\nState:\t{state}\nUid:\t1003\t1003\t1003\t1003\nGroups:\t27 700 \n"
        )
        (tmp_path / str(pid) / "cgroup").write_text("0::/system.slice/cron.service\n")
    (tmp_path / "9").mkdir()
    (tmp_path / "meminfo").write_text("")
    assert list(processes(tmp_path)) == [Process(7, 1003, frozenset({27, 700}))]


@pytest.mark.parametrize(
    "line",
    [
        "0::/user.slice/user-1003.slice/session-4.scope",
        "1:name=systemd:/user.slice/user-1003.slice/x",
    ],
)
def test_what_root_runs_in_a_persons_slice_is_theirs(tmp_path: Path, line: str) -> None:
    (tmp_path / "7").mkdir()
    status = "Name:\tbash\nState:\tS (sleeping)\nUid:\t0\t0\t0\t0\nGroups:\t0 \n"
    (tmp_path / "7" / "status").write_text(status)
    (tmp_path / "7" / "cgroup").write_text(f"4:memory:/user.slice\n{line}\n")
    (process,) = processes(tmp_path)
    assert process.is_of(1003)
    assert not process.is_of(1004)


def test_this_process_is_among_them() -> None:
    assert os.getpid() in {process.pid for process in processes()}

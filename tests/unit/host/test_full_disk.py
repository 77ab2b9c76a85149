"""What is said, and what still works, where a write finds no room."""

import errno
import io
import pwd
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.host import places
from workbench.host.data import own_room
from workbench.host.data import room
from workbench.host.data.full_disk import explain
from workbench.host.people import accounts
from workbench.host.people import authorized_keys
from workbench.host.people import password


def no_room(code: int = errno.ENOSPC) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(code, "No space left on device")

    return fail


def test_a_full_disk_is_one_sentence_that_names_the_disk(tmp_path: Path) -> None:
    said = explain(OSError(errno.ENOSPC, "full"), tmp_path / "a", "nothing is changed")
    assert said.startswith(f"the disk of {tmp_path}/a is full: nothing is changed. Delete files on")
    other = explain(OSError(errno.EROFS, "Read-only file system"), tmp_path, "nothing is changed")
    assert other == f"{tmp_path} can't be written (Read-only file system): nothing is changed"


def test_a_password_whose_hash_the_volume_does_not_take_is_the_old_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[list[str], str]] = []

    def run(command: list[str], *, input: str, **_: Any) -> SimpleNamespace:
        asked.append((command, input))
        return SimpleNamespace(returncode=0, stderr="")

    monkeypatch.setattr(accounts, "read_shadow", lambda: {"ada": ("$y$old", "")})
    monkeypatch.setattr(accounts, "save", no_room())
    monkeypatch.setattr(password.subprocess, "run", run)
    with pytest.raises(password.PasswordError, match="is full: the password is not changed"):
        password.change("ada", "new-secret")
    assert asked == [
        (["chpasswd"], "ada:new-secret\n"),
        (["chpasswd", "--encrypted"], "ada:$y$old\n"),
    ]


KEY, MINE = "ssh-ed25519 AAAA1 a", "ssh-rsa AAAA3 mine"


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file of keys of someone in whose home nothing new can be written."""
    monkeypatch.setattr(
        pwd, "getpwuid", lambda uid: SimpleNamespace(pw_dir=str(tmp_path), pw_name="ada")
    )
    path = tmp_path / ".ssh" / "authorized_keys"
    path.parent.mkdir()
    path.write_text(f"{KEY}\n{MINE}\n")
    monkeypatch.setattr(Path, "write_bytes", no_room())
    return path


def test_a_key_is_taken_out_without_any_room(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"-{KEY}\n"))
    authorized_keys.run()
    assert keys.read_text() == f"{MINE}\n"


def test_a_key_that_has_no_room_is_told_in_one_sentence(
    keys: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = keys.read_text()
    monkeypatch.setattr(sys, "stdin", io.StringIO("ssh-ed25519 AAAA9 new\n"))
    with pytest.raises(SystemExit, match="is full: the keys of ada are not written"):
        authorized_keys.run()
    monkeypatch.setattr(Path, "write_bytes", no_room(errno.EDQUOT))
    monkeypatch.setattr(sys, "stdin", io.StringIO("ssh-ed25519 AAAA9 new\n"))
    # Their own quota: the others' converge doesn't fail for it.
    authorized_keys.run()
    assert "its owner's quota: the keys of ada are not written" in capsys.readouterr().out
    assert keys.read_text() == before
    assert [path.name for path in keys.parent.iterdir()] == ["authorized_keys"]


def test_room_is_kept_and_given_up_piece_by_piece(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "FOLDER", tmp_path / "room")
    monkeypatch.setattr(room, "BYTES", 4096)
    monkeypatch.setattr(places, "HOMES", tmp_path)
    assert not room.is_left()
    room.keep()
    assert room.is_kept()
    room.give()
    assert (room.is_kept(), room.is_left()) == (False, True)
    for _ in range(room.FILES // room.GIVEN):
        room.give()
    assert not room.is_left()


def test_a_volume_that_is_full_already_keeps_the_folder_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "workbench.img"
    monkeypatch.setattr(own_room, "IMAGE", image)
    monkeypatch.setattr(own_room, "NEXT_IMAGE", image.with_suffix(".new"))
    monkeypatch.setattr(places, "IDENTITY", tmp_path / "workbench")
    monkeypatch.setattr(own_room.os, "posix_fallocate", no_room())
    own_room.mount()
    assert "it stays a folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_kernel_that_mounts_no_file_keeps_the_folder_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(own_room, "IMAGE", tmp_path / "workbench.img")
    monkeypatch.setattr(own_room, "NEXT_IMAGE", tmp_path / "workbench.new")
    monkeypatch.setattr(own_room, "_make", no_room(errno.EPERM))
    monkeypatch.setattr(own_room, "LOOP_CONTROL", tmp_path / "none")
    own_room.mount()
    assert "stays a folder, which people can fill" in capsys.readouterr().err
    assert not own_room.can_be_made()

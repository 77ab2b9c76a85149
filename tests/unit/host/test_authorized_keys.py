"""The settings' keys are a block of their own in a person's authorized_keys."""

import io
import os
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest

from workbench.host.people.authorized_keys import BEGIN
from workbench.host.people.authorized_keys import END
from workbench.host.people.authorized_keys import are_authorized
from workbench.host.people.authorized_keys import with_keys
from workbench.host.people.authorized_keys import write

KEY, OTHER, MINE = "ssh-ed25519 AAAA1 a", "ssh-ed25519 AAAA2 b", "ssh-rsa AAAA3 mine"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give ada's folder of keys."""
    entry = SimpleNamespace(pw_dir=str(tmp_path))
    monkeypatch.setattr(pwd, "getpwnam", {"ada": entry}.__getitem__)
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: entry)
    folder = tmp_path / ".ssh"
    folder.mkdir(mode=0o700)
    return folder


def put(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))
    write()


def test_an_empty_file_gets_the_block() -> None:
    assert with_keys("", [KEY]) == f"{BEGIN}\n{KEY}\n{END}\n"


@pytest.mark.parametrize("text", ["", f"{MINE}\n", MINE, f"{KEY}\n{MINE}\n", "# a note\n\n"])
def test_twice_is_once(text: str) -> None:
    once = with_keys(text, [KEY, OTHER])
    assert with_keys(once, [KEY, OTHER]) == once


def test_a_persons_own_keys_stay() -> None:
    text = with_keys(MINE, [KEY])
    assert MINE in with_keys(text, [OTHER])
    assert KEY not in with_keys(text, [OTHER])
    assert with_keys(text, []) == f"{MINE}\n"


def test_a_key_is_there_once() -> None:
    assert with_keys(f"{KEY}\n", [KEY]).count(KEY) == 1


def test_a_key_is_known_by_its_data_whatever_stands_around_it() -> None:
    text = 'command="true" ssh-ed25519 AAAA1 lab-key-pair-1234\n' + MINE
    assert with_keys(text, [KEY]) == f"{BEGIN}\n{KEY}\n{END}\n{MINE}\n"


def test_a_key_that_is_retired_goes_wherever_it_stands() -> None:
    text = f"ssh-ed25519 AAAA1 lab-key-pair\n{MINE}\n"
    assert with_keys(text, [OTHER], without=[KEY]) == f"{BEGIN}\n{OTHER}\n{END}\n{MINE}\n"


def test_what_was_written_is_as_wanted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not are_authorized("ada", [KEY])
    put(monkeypatch, KEY)
    assert are_authorized("ada", [KEY])
    assert not are_authorized("ada", [KEY, OTHER])
    folder.chmod(0o755)
    assert not are_authorized("ada", [KEY])


# The test's own time: what ends after it, with the worker, may take longer.
@pytest.mark.timeout(20, func_only=True)
def test_a_pipe_in_the_files_place_holds_nothing_up(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("authorized_keys", "authorized_keys.workbench"):
        os.mkfifo(folder / name, mode=0o600)
    assert not are_authorized("ada", [KEY])
    assert not are_authorized("ada", [])
    put(monkeypatch, KEY)
    assert are_authorized("ada", [KEY])


def test_a_link_is_not_what_is_wanted(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "other").touch(mode=0o600)
    (folder / "authorized_keys").symlink_to(tmp_path / "other")
    assert not are_authorized("ada", [])


def test_a_file_in_the_folders_place_has_no_keys(folder: Path) -> None:
    folder.rmdir()
    folder.touch()
    assert are_authorized("ada", [])
    assert not are_authorized("ada", [KEY])


def test_comments_in_any_encoding_stay(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = b"# J\xfcrgen\n"
    (folder / "authorized_keys").write_bytes(line)
    put(monkeypatch, KEY)
    assert are_authorized("ada", [KEY])
    assert (folder / "authorized_keys").read_bytes().endswith(line)

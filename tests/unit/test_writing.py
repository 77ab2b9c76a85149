"""A file is written whole or not at all."""

import os
from pathlib import Path

import pytest

from workbench.writing import put_file


def test_a_new_file_has_its_folder_and_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "file"
    put_file(path, "text — §", mode=0o600)
    assert path.read_text(encoding="utf-8") == "text — §"
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")
    path.chmod(0o640)
    put_file(path, b"after", mode=0o600)
    assert path.read_bytes() == b"after"
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_same_again_touches_nothing(tmp_path: Path) -> None:
    path = tmp_path / "file"
    put_file(path, b"same")
    before = path.stat()
    put_file(path, b"same")
    assert path.stat() == before


def test_one_that_fails_leaves_what_was_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        put_file(path, b"after")
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_made_only_where_it_may_be(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        put_file(tmp_path / "none" / "file", b"", parents=False)
    assert list(tmp_path.iterdir()) == []

"""What is read directly is what pyinfra reads from its shell commands."""

import hashlib
import os
import subprocess
from pathlib import Path

from pyinfra.facts.files import LINUX_STAT_COMMAND

from workbench.host.run.local_facts import sha1
from workbench.host.run.local_facts import status_line


def stat(path: Path) -> str:
    command = f"{LINUX_STAT_COMMAND} {path}"
    shell = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    return shell.stdout.strip()


def test_a_file_a_folder_and_a_link_are_told_as_stat_tells_them(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    (tmp_path / "file").chmod(0o4750)
    (tmp_path / "link").symlink_to("file")
    # Reading a link changes when it was last read, unless that is later than all else.
    os.utime(tmp_path / "link", (4_000_000_000, 1_000_000_000), follow_symlinks=False)

    for path in (tmp_path, tmp_path / "file", tmp_path / "link"):
        assert status_line(str(path)) == stat(path)


def test_nothing_is_told_of_what_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert status_line(str(tmp_path / "none")) is None
    assert status_line(str(tmp_path / "file" / "below")) is None
    assert sha1(str(tmp_path / "none")) is None
    assert sha1(str(tmp_path)) is None


def test_a_files_sha1_is_its_contents(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")

    assert sha1(str(tmp_path / "file")) == hashlib.sha1(b"content").hexdigest()

"""The root disk's reserve, read from what tune2fs lists of a real file system."""

import shutil
import subprocess
from pathlib import Path

import pytest

from workbench.host.system.root_disk import RESERVE_PERCENT
from workbench.host.system.root_disk import reserved_percent

needs_tools = pytest.mark.skipif(
    not (shutil.which("mkfs.ext4") and shutil.which("tune2fs")), reason="needs e2fsprogs"
)


def listing(disk: Path) -> str:
    done = subprocess.run(["tune2fs", "-l", disk], capture_output=True, text=True, check=True)
    return done.stdout


@needs_tools
def test_a_file_system_without_a_reserve_gets_one(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with disk.open("wb") as file:
        file.truncate(64 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-m", "0", disk], check=True)
    assert reserved_percent(listing(disk)) == 0
    subprocess.run(["tune2fs", "-m", str(RESERVE_PERCENT), disk], check=True, capture_output=True)
    assert reserved_percent(listing(disk)) == pytest.approx(RESERVE_PERCENT, abs=0.1)

"""Which device is the data volume, and when it may be formatted: when it is blank, only."""

import shutil
import subprocess
from pathlib import Path

import pytest

from workbench.host.data import volume
from workbench.host.data.volume import Volume
from workbench.host.data.volume import VolumeError

MIB = 1 << 20
needs_tools = pytest.mark.skipif(
    not (shutil.which("blkid") and shutil.which("mkfs.xfs")), reason="needs blkid and mkfs.xfs"
)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "disk"
    with path.open("wb") as file:
        file.truncate(320 * MIB)
    return path


def test_a_nitro_volume_is_found_by_its_id_and_a_xen_one_by_its_letter() -> None:
    names = [str(path) for path in Volume("vol-0a1b", "/dev/sdf", "admin").candidates]
    assert names[0] == "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0a1b"
    assert names[1:] == ["/dev/xvdf", "/dev/sdf"]


def test_the_wait_for_a_volume_has_a_limit_and_says_what_to_do() -> None:
    with pytest.raises(VolumeError, match="vol-none is not attached"):
        volume.wait_for(Volume("vol-none", "/dev/sdzz", "admin"), 0.0)


@needs_tools
def test_a_blank_volume_is_formatted_once(disk: Path) -> None:
    volume.ensure_file_system(disk)
    assert volume.file_system(disk) == "xfs"
    before = disk.read_bytes()[:MIB]
    volume.ensure_file_system(disk)
    assert disk.read_bytes()[:MIB] == before


@needs_tools
@pytest.mark.parametrize("offset", [0, 80 * MIB, 319 * MIB])
def test_data_of_no_known_type_is_left_alone(disk: Path, offset: int) -> None:
    with disk.open("r+b") as file:
        file.seek(offset)
        file.write(b"someone's data")
    with pytest.raises(VolumeError, match="no known type"):
        volume.ensure_file_system(disk)


@needs_tools
def test_another_file_system_is_left_alone(disk: Path) -> None:
    subprocess.run(["mkfs.ext4", "-q", disk], check=True)
    with pytest.raises(VolumeError, match="holds ext4"):
        volume.ensure_file_system(disk)


@needs_tools
def test_a_file_system_without_its_first_block_is_left_alone(disk: Path) -> None:
    volume.ensure_file_system(disk)
    with disk.open("r+b") as file:
        file.write(bytes(64 * 1024))
    with pytest.raises(VolumeError, match="no known type"):
        volume.ensure_file_system(disk)


@needs_tools
def test_what_cannot_be_read_is_not_blank(tmp_path: Path) -> None:
    with pytest.raises(VolumeError, match="can't be read"):
        volume.ensure_file_system(tmp_path / "nothing")

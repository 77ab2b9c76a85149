"""A rehearsal's volumes behave as EBS volumes do, with a real file system on them."""

import http.client
import os
import subprocess
import sys
import time

import pytest

from workbench.rehearsal.volumes.loop_devices import list_loops
from workbench.rehearsal.volumes.mounted import frozen
from workbench.rehearsal.volumes.sparse_files import VolumeError
from workbench.rehearsal.volumes.sparse_files import VolumeInUseError

pytestmark = pytest.mark.machine

GIB = 2**30
BY_ID = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_"
# What xfs_growfs does (xfsprogs comes to a machine with the recipe): XFS_IOC_FSGROWFSDATA.
GROW = (
    "import fcntl, os, struct; fd = os.open('/data', os.O_RDONLY);"
    "fcntl.ioctl(fd, 0x4010586E, struct.pack('QI4x', {size} // 4096, 25))"
)


@pytest.fixture
def volume(cloud, instance_id):
    """A volume with XFS, attached and mounted at /data."""
    made = f"vol-{os.urandom(8).hex()}"
    cloud.volumes().create(made, 1)
    file = cloud.folder() / "volumes" / f"{made}.img"
    subprocess.run(["mkfs.xfs", "-q", str(file)], check=True)
    path = cloud.volumes().attach(made, instance_id, cloud.container(instance_id), "/dev/sdf")
    cloud.run(instance_id, f"mkdir -p /data && mount {path} /data && echo kept > /data/file")
    yield made
    cloud.run(instance_id, "umount /data 2>/dev/null || true")
    cloud.volumes().detach(made, instance_id, cloud.container(instance_id))
    cloud.volumes().delete(made)
    assert list_loops(file) == []


def test_is_found_by_its_id_and_under_the_name_linux_gives_it(cloud, instance_id, volume):
    link = BY_ID + volume.replace("-", "")
    assert cloud.run(instance_id, f"readlink -f {link}") == "/dev/nvme1n1"
    assert cloud.run(instance_id, "stat -c '%G %a' /dev/nvme1n1") == "disk 660"
    assert cloud.run(instance_id, "blkid -o value -s TYPE /dev/nvme1n1") == "xfs"


def test_attaching_twice_changes_nothing(cloud, instance_id, volume):
    container = cloud.container(instance_id)
    again = cloud.volumes().attach(volume, instance_id, container, "/dev/sdf")
    assert again == "/dev/nvme1n1"
    assert cloud.run(instance_id, "cat /data/file") == "kept"
    assert len(list_loops(cloud.folder() / "volumes" / f"{volume}.img")) == 1


def test_is_there_when_the_machine_boots(cloud, instance_id, volume):
    unit = "[Mount]\nWhat=/dev/nvme1n1\nWhere=/data\n[Install]\nWantedBy=local-fs.target\n"
    cloud.run(instance_id, f"echo '{unit}' > /etc/systemd/system/data.mount")
    cloud.run(instance_id, "umount /data; systemctl enable data.mount; rm -f /etc/fstab")
    cloud.machines().reboot(instance_id)
    cloud.wait_booted(instance_id)
    assert cloud.run(instance_id, "cat /data/file") == "kept"
    cloud.machines().stop(instance_id)
    cloud.boot(instance_id)
    assert cloud.run(instance_id, "cat /data/file") == "kept"
    cloud.run(instance_id, "systemctl disable data.mount; rm /etc/systemd/system/data.mount")


def test_grows_while_mounted(cloud, instance_id, volume):
    cloud.volumes().grow(volume, 3)
    cloud.volumes().grow(volume, 3)
    assert cloud.run(instance_id, "blockdev --getsize64 /dev/nvme1n1") == str(3 * GIB)
    cloud.run(instance_id, f'python3 -c "{GROW.format(size=3 * GIB)}"')
    size = cloud.run(instance_id, "df --output=size -B1 /data | tail -1")
    assert int(size) > 2.8 * GIB
    with pytest.raises(VolumeError, match="smaller"):
        cloud.volumes().grow(volume, 2)


def test_cannot_be_detached_while_mounted(cloud, instance_id, volume):
    container = cloud.container(instance_id)
    with pytest.raises(VolumeInUseError, match="is mounted"):
        cloud.volumes().detach(volume, instance_id, container)
    assert cloud.volumes().mounted(volume, container) == ["/data"]
    cloud.run(instance_id, "umount /data")
    cloud.volumes().detach(volume, instance_id, container)
    cloud.volumes().detach(volume, instance_id, container)
    assert cloud.run(instance_id, f"ls /dev/nvme* {BY_ID}* 2>/dev/null | wc -l") == "0"


def test_moves_to_another_machine_with_what_is_on_it(cloud, instance_id, volume):
    cloud.run(instance_id, "umount /data")
    cloud.volumes().detach(volume, instance_id, cloud.container(instance_id))
    other = cloud.create(kind="t2.micro")
    container = cloud.container(other)
    assert cloud.volumes().attach(volume, other, container, "/dev/sdf") == "/dev/xvdf"
    cloud.boot(other)
    cloud.run(other, "mkdir /data && mount /dev/xvdf /data")
    assert cloud.run(other, "cat /data/file") == "kept"
    cloud.machines().terminate(other)
    assert list_loops(cloud.folder() / "volumes" / f"{volume}.img") == []
    assert volume in cloud.volumes().list()


def test_several_are_numbered_in_the_order_they_come(cloud, instance_id, volume):
    container = cloud.container(instance_id)
    for number, device in ((2, "/dev/sdg"), (3, "/dev/sdh")):
        cloud.volumes().create(f"vol-{number}", 1)
        path = cloud.volumes().attach(f"vol-{number}", instance_id, container, device)
        assert path == f"/dev/nvme{number}n1"
    for number in (2, 3):
        cloud.volumes().detach(f"vol-{number}", instance_id, container)
        cloud.volumes().delete(f"vol-{number}")


def test_snapshot_is_of_one_moment_and_becomes_a_larger_volume(cloud, instance_id, volume):
    container = cloud.container(instance_id)
    cloud.run(instance_id, "dd if=/dev/urandom of=/data/big bs=1M count=64 status=none")
    cloud.volumes().snapshot(volume, "snap-1", container)
    cloud.volumes().snapshot(volume, "snap-1", container)
    cloud.run(instance_id, "echo later > /data/file")  # it has thawed
    cloud.volumes().create("vol-copy", 2, "snap-1")
    path = cloud.volumes().attach("vol-copy", instance_id, container, "/dev/sdg")
    script = f"mkdir -p /copy && mount -o nouuid {path} /copy && cat /copy/file"
    assert cloud.run(instance_id, script) == "kept"
    compare = "cmp /copy/big /data/big && umount /copy && blockdev --getsize64 "
    assert cloud.run(instance_id, compare + path) == str(2 * GIB)
    cloud.volumes().detach("vol-copy", instance_id, container)
    cloud.volumes().delete("vol-copy")
    cloud.volumes().delete_snapshot("snap-1")
    cloud.volumes().delete_snapshot("snap-1")


def test_a_snapshot_that_is_killed_leaves_no_file_system_frozen(cloud, instance_id, volume):
    program = (
        "import docker; from workbench.rehearsal.volumes.mounted import frozen\n"
        f"c = docker.from_env().containers.get({cloud.container(instance_id)!r})\n"
        "with frozen(c, '/data'): print('frozen', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"frozen\n"
        process.kill()
    # A frozen one would hold this up for good.
    cloud.run(instance_id, "echo again > /data/file")


def test_a_file_system_stands_still_however_late_the_engines_answer_is_read(
    cloud, instance_id, volume, monkeypatch
):
    begin = http.client.HTTPResponse.begin

    def late(self):
        time.sleep(0.3)
        return begin(self)

    monkeypatch.setattr(http.client.HTTPResponse, "begin", late)
    machine = cloud.client.containers.get(cloud.container(instance_id))
    with frozen(machine, "/data"):
        writing = ["docker", "exec", machine.name, "sh", "-c", "echo now > /data/file"]
        process = subprocess.Popen(writing)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
    assert process.wait(60) == 0


def test_takes_no_more_of_the_disk_than_is_written(cloud, instance_id, volume):
    cloud.volumes().create("vol-large", 500)
    file = cloud.folder() / "volumes" / "vol-large.img"
    assert file.stat().st_size == 500 * GIB
    assert file.stat().st_blocks * 512 < 2**20
    assert file.stat().st_mode & 0o077 == 0
    cloud.volumes().delete("vol-large")


def test_a_copy_that_fails_leaves_nothing(cloud, instance_id):
    with pytest.raises(VolumeError, match="snap-none"):
        cloud.volumes().create("vol-none", 1, "snap-none")
    assert [path.name for path in (cloud.folder() / "volumes").glob("vol-none*")] == []


def test_a_volume_smaller_than_its_snapshot_is_refused(cloud):
    cloud.volumes().create("vol-two", 2)
    cloud.volumes().snapshot("vol-two", "snap-two")
    with pytest.raises(VolumeError, match="smaller"):
        cloud.volumes().create("vol-one", 1, "snap-two")
    assert "vol-one" not in cloud.volumes().list()
    cloud.volumes().delete("vol-two")
    cloud.volumes().delete_snapshot("snap-two")


def test_remove_all_finds_loop_devices_whose_file_is_gone(cloud, engine, tmp_path):
    other = type(cloud)(*engine, state_dir=tmp_path)
    other.volumes().create("vol-lost", 1)
    file = other.folder() / "volumes" / "vol-lost.img"
    subprocess.run(["losetup", "--find", str(file)], check=True)
    file.unlink()
    assert len(list_loops(other.folder())) == 1
    other.volumes().remove_all()
    assert list_loops(other.folder()) == []

"""The data volume: found by its id, formatted once, mounted at /data with homes on it.

Run on its own by the server's unit at boot (``python3 -m workbench.host.data.volume mount``), so
it uses the standard library only.
"""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from workbench.host import places
from workbench.host.data import host_keys
from workbench.host.data import own_room

CONFIGURATION = places.CONFIGURATION / "data-volume.json"
FILE_SYSTEM = "xfs"
LABEL = "workbench"
SERVER_HOMES = Path("/run/workbench/server-home")
NEXT_HOMES = Path("/run/workbench/next-home")
# There where the kernel has no quotas for this file system; they begin with a mount only.
WITHOUT_QUOTAS = Path("/run/workbench/without-quotas")
OPTIONS = "nodev,nosuid"
QUOTAS = "uquota,pquota"
# An instance starts before its volume is attached; at boot it is there from the first moment.
WAIT_SECONDS = 300.0
BOOT_WAIT_SECONDS = 60.0
SAMPLES = 64
SAMPLE_BYTES = 1 << 20


class VolumeError(Exception):
    """The data volume can't be used; the message is one plain sentence."""


@dataclass(frozen=True)
class Volume:
    """The volume's id, the device name it was attached as, and whose home stays off it."""

    id: str
    device: str
    administrator: str

    @property
    def candidates(self) -> list[Path]:
        """Where Linux may show the volume, surest first.

        On Nitro instances udev names a volume by its id; Xen's (t2, m4, …) keep the letter of
        the attachment. docs.aws.amazon.com/ebs/latest/userguide/identify-nvme-ebs-device.html
        """
        name = self.id.replace("-", "")
        letter = self.device.removeprefix("/dev/").removeprefix("sd").removeprefix("xvd")
        return [
            Path(f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{name}"),
            Path(f"/dev/xvd{letter}"),
            Path(f"/dev/sd{letter}"),
        ]


def read_volume() -> Volume:
    """Read which volume is this server's."""
    return Volume(**json.loads(CONFIGURATION.read_text()))


def find(volume: Volume) -> Path | None:
    """Return the volume's block device, or None when it isn't there."""
    for path in volume.candidates:
        if path.is_block_device():
            return path.resolve()
    serial = volume.id.replace("-", "")
    # Without udev there are no names by id, but the controller tells the volume's itself.
    for path in Path("/sys/class/block").glob("nvme*n1/device/serial"):
        if path.read_text().strip() == serial:
            return Path("/dev") / path.parts[4]
    return None


def is_another(volume: Volume) -> bool:
    """Say whether what is mounted is not this volume, although this one is attached."""
    device = find(volume)
    return device is not None and device.stat().st_rdev != places.DATA.stat().st_dev


def wait_for(volume: Volume, seconds: float) -> Path:
    """Return the volume's block device as soon as it is attached.

    After a restore, a boot begins with the volume of before; the recipe then notes the one of now.
    """
    limit = time.monotonic() + seconds
    while (device := find(volume)) is None:
        if time.monotonic() > limit:
            raise VolumeError(
                f"the data volume {volume.id} is not attached to this server after "
                f"{seconds:.0f} seconds: attach it (pulumi up does), then converge again"
            )
        time.sleep(1)
        volume = read_volume() if CONFIGURATION.exists() else volume
    return device


def file_system(device: Path) -> str:
    """Return the type of what is on the device (a partition table counts); empty for nothing."""
    result = subprocess.run(
        ["blkid", "--probe", "--output", "export", str(device)],
        capture_output=True,
        text=True,
        check=False,
    )
    # 2 is "nothing found", also where nothing could be read: is_blank finds that out.
    if result.returncode == 2:
        return ""
    if result.returncode:
        raise VolumeError(f"{device} can't be read: {result.stderr.strip() or 'blkid failed'}")
    values = dict(line.split("=", 1) for line in result.stdout.splitlines() if "=" in line)
    return values.get("TYPE") or values.get("PTTYPE") or "something unknown"


def is_blank(device: Path) -> bool:
    """Say whether nothing was ever written: no known type, and zeros wherever one looks.

    A file system that lost its first block has no known type either, and must not be lost.
    """
    if file_system(device):
        return False
    try:
        return _has_zeros_only(device)
    except OSError as error:
        raise VolumeError(f"{device} can't be read: {error.strerror}") from error


def _has_zeros_only(device: Path) -> bool:
    with device.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        for number in range(SAMPLES + 1):
            file.seek(min(number * size // SAMPLES, max(0, size - SAMPLE_BYTES)))
            if any(file.read(SAMPLE_BYTES)):
                return False
    return True


def ensure_file_system(device: Path) -> None:
    """Format the volume if it is blank, and never otherwise."""
    found = file_system(device)
    if found == FILE_SYSTEM:
        return
    if found or not is_blank(device):
        raise VolumeError(
            f"the data volume {device} holds {found or 'data of no known type'} and is left as "
            f"it is: only a blank volume is formatted. Restore a snapshot, or attach another one"
        )
    subprocess.run(["mkfs.xfs", "-q", "-L", LABEL, str(device)], check=True)


def mount(volume: Volume, seconds: float) -> None:
    """Mount the volume and the homes on it."""
    if not os.path.ismount(places.DATA):
        device = wait_for(volume, seconds)
        if (found := file_system(device)) != FILE_SYSTEM:
            raise VolumeError(
                f"the data volume {volume.id} holds {found or 'nothing'} instead of "
                f"{FILE_SYSTEM}: see {places.LOGS}/converge.log"
            )
        places.DATA.mkdir(mode=0o755, exist_ok=True)
        _mount_with_quotas(device)
    places.HOMES.mkdir(mode=0o755, exist_ok=True)
    places.IDENTITY.mkdir(mode=0o711, exist_ok=True)
    own_room.mount()
    if not os.path.ismount("/home"):
        _mount_homes(volume)


def _mount_with_quotas(device: Path) -> None:
    """Mount the volume, with quotas where the kernel has them."""
    WITHOUT_QUOTAS.parent.mkdir(parents=True, exist_ok=True)
    WITHOUT_QUOTAS.unlink(missing_ok=True)
    try:
        _mount("-t", FILE_SYSTEM, "-o", f"{OPTIONS},{QUOTAS}", device, places.DATA)
    except subprocess.CalledProcessError:
        _mount("-t", FILE_SYSTEM, "-o", OPTIONS, device, places.DATA)
        WITHOUT_QUOTAS.touch()
        print("this kernel has no XFS quotas: nobody's share of the volume is limited")


def _mount_homes(volume: Volume) -> None:
    """Put the volume's homes over /home, but for those that live on the server itself.

    The administrator's is one of them: they can sign in when the volume is missing.
    """
    for folder in (SERVER_HOMES, NEXT_HOMES):
        folder.mkdir(parents=True, exist_ok=True)
    if not os.path.ismount(SERVER_HOMES):
        # Private: systemd shares mounts, and what is put over /home next would cover this, too.
        _mount("--bind", "--make-private", "/home", SERVER_HOMES)
    if os.path.ismount(NEXT_HOMES):
        # Of a run that was interrupted.
        _unmount_all(NEXT_HOMES)
    # Put together aside, and shown in one step: a key is refused while its home isn't there.
    _mount("--bind", "--make-private", places.HOMES, NEXT_HOMES)
    for home in SERVER_HOMES.iterdir():
        point = NEXT_HOMES / home.name
        if home.name == volume.administrator or not point.exists():
            point.mkdir(exist_ok=True)
            _mount("--bind", home, point)
    _mount("--rbind", NEXT_HOMES, "/home")
    _unmount_all(NEXT_HOMES)


def unmount() -> None:
    """Take the volume off, for a stop or a detachment."""
    _unmount_all(Path("/home"))
    subprocess.run(["umount", str(SERVER_HOMES)], check=False)
    own_room.unmount()
    own_room.unmount_when_free(places.DATA)


def must_grow(device: Path) -> bool:
    """Say whether the device is bigger than its file system by more than a rounding."""
    status = os.statvfs(places.DATA)
    with device.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
    # statvfs leaves XFS's log out (at most 2 GiB), which is why this isn't an equation.
    return size - status.f_blocks * status.f_frsize > _log_bytes() + (16 << 20)


def _log_bytes() -> int:
    output = subprocess.run(
        ["xfs_info", str(places.DATA)], capture_output=True, text=True, check=True
    ).stdout
    log = next(line for line in output.splitlines() if line.startswith("log"))
    fields = dict(part.split("=") for part in log.replace(",", " ").split() if "=" in part)
    return int(fields["blocks"]) * int(fields["bsize"])


def _mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *(str(argument) for argument in arguments)], check=True)


def _unmount_all(point: Path) -> None:
    """Take off what is mounted there and below."""
    subprocess.run(["umount", "--recursive", str(point)], check=False)


def main() -> None:
    """Do what the command line says: ``format``, ``mount``, ``separate`` or ``unmount``."""
    action = sys.argv[1]
    if action == "format":
        ensure_file_system(wait_for(read_volume(), WAIT_SECONDS))
    elif action == "mount":
        mount(read_volume(), BOOT_WAIT_SECONDS)
        host_keys.announce()
    elif action == "separate":
        own_room.mount()
    elif action == "unmount":
        unmount()


if __name__ == "__main__":
    try:
        main()
    except (VolumeError, own_room.OwnRoomError, OSError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))

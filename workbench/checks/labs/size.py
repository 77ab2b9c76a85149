"""Lab 5: the server's size, its data volume, and what a new server has of the old one."""

from datetime import UTC
from datetime import datetime
from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import Result
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.labs.found import the_instance
from workbench.checks.labs.instance import check_restarted
from workbench.checks.labs.instance import root_volume
from workbench.checks.labs.names import DATA_VOLUME
from workbench.checks.target import Target

# In MiB, as EC2 tells a type's memory: that of t3.small, and of t3.medium.
BIGGER, BIGGEST = 2048, 4096
# The kernel takes some of the memory before it counts it.
COUNTED = 0.85
PLACE = "/data"
NOTE = f"{PLACE}/notes.txt"
DISK = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_"


def check_bigger(target: Target) -> Outcome:
    """Check that the server has more memory than it began with."""
    return _check_memory(target, BIGGER)


def check_biggest(target: Target) -> Outcome:
    """Check that the server has as much memory as the new one should."""
    return _check_memory(target, BIGGEST)


def check_grown(target: Target) -> Outcome:
    """Check that the server grew: it was stopped and started, or took over an older data volume."""
    restarted = check_restarted(target)
    volume, made = find_volume(target), root_volume(target)["CreateTime"]
    if restarted.result is Result.PASS or volume is None or volume["CreateTime"] > made:
        return restarted
    return passed(f"the server is newer than its data volume, created {made:%H:%M:%S} UTC")


def _check_memory(target: Target, wanted: int) -> Outcome:
    kind = the_instance(target)["InstanceType"]
    found = target.aws("ec2").describe_instance_types(InstanceTypes=[kind])["InstanceTypes"]
    promised = int(found[0]["MemoryInfo"]["SizeInMiB"])
    if promised < wanted:
        return failed(f"{kind} has {promised} MiB of memory, not {wanted}")
    words = target.server().run("grep MemTotal /proc/meminfo", limit=30).stdout.split()
    seen = int(words[1]) // 1024 if words else 0
    if seen < wanted * COUNTED:
        return failed(f"the server itself sees only {seen} MiB of memory")
    return passed(f"{kind}, and the server sees {seen} MiB of memory")


def find_volume(target: Target) -> dict[str, Any] | None:
    """Return the volume that is named as the lab's, if there is exactly one."""
    wanted = [{"Name": "tag:Name", "Values": [DATA_VOLUME]}]
    found: list[dict[str, Any]] = target.aws("ec2").describe_volumes(Filters=wanted)["Volumes"]
    return found[0] if len(found) == 1 else None


def check_data_volume(target: Target) -> Outcome:
    """Check that the lab's data volume is there, encrypted, at the lab's server."""
    volume = find_volume(target)
    if volume is None:
        return failed(f"there isn't exactly one volume named {DATA_VOLUME}")
    ident = volume["VolumeId"]
    if not volume["Encrypted"]:
        return failed(f"{ident} isn't encrypted, and can't be encrypted later: create another one")
    servers = [each["InstanceId"] for each in volume["Attachments"] if each["State"] == "attached"]
    if servers != [the_instance(target)["InstanceId"]]:
        where = f"is at {servers[0]}" if servers else "is attached to no server"
        return failed(f"{ident} {where}")
    return passed(f"{ident}, {volume['Size']} GiB, encrypted, at {servers[0]}")


def check_data_mount(target: Target) -> Outcome:
    """Check that the data volume is what is mounted, now and after the next boot."""
    server = target.server()
    volume = str((find_volume(target) or {}).get("VolumeId"))
    source = server.run(f"findmnt -nro SOURCE --mountpoint {PLACE}", limit=30).stdout.strip()
    if not source:
        return failed(f"nothing is mounted at {PLACE}: files written there go to the root disk")
    disk = f"{DISK}{volume.replace('-', '')}"
    real = server.run(f"readlink -f {disk}", limit=30).stdout.strip()
    if real != source:
        return failed(f"{source} is mounted at {PLACE}, and that isn't {volume}")
    # A unit of systemd's, which is enabled; or a line of fstab's, which makes one at each boot.
    state = server.run("systemctl is-enabled data.mount", limit=30).stdout.strip()
    if state not in ("enabled", "generated"):
        return failed(
            f"{PLACE} is mounted, but won't be after the next boot: data.mount isn't enabled"
        )
    return passed(f"{source} is mounted at {PLACE}, also after each boot")


def check_note(target: Target) -> Outcome:
    """Check that there is something on the data volume."""
    return _read_note(target, None)


def check_kept(target: Target) -> Outcome:
    """Check that the note was written at a server before this one."""
    return _read_note(target, root_volume(target)["CreateTime"])


def _read_note(target: Target, before: datetime | None) -> Outcome:
    words = target.server().run(f"stat -c '%Y %s' {NOTE}", limit=30).stdout.split()
    if len(words) != 2 or words[1] == "0":
        return failed(f"{NOTE} is empty")
    written = datetime.fromtimestamp(int(words[0]), UTC)
    if before is not None and written >= before:
        return failed(
            f"{NOTE} was written {written:%H:%M:%S} UTC, at this server, which was made"
            f" {before:%H:%M:%S}: it isn't a file that was kept"
        )
    return passed(f"{NOTE} was written {written:%H:%M:%S} UTC")

"""The data volume: attached in AWS, mounted on the server, and neither disk full."""

from dataclasses import dataclass
from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.checks.target import Target

DATA = "/data"
# The homes' row has what their quota leaves them, and the volume's name.
PLACES = f"/ {DATA} {DATA}/home"
FULL_PERCENT = 90
# A disk with less than this left is as good as full: nothing can be installed or saved.
FULL_MIB = 200
GROW = "workbench data.grow {size} --stack {{stack}}"
CONVERGE = "workbench converge --stack {stack}"
# Of the root disk, in percent.
LEAST_RESERVE = 4
CLEAN = (
    "workbench ssh.connect 'sudo apt-get clean; sudo journalctl --vacuum-size=200M' --stack {stack}"
)
# The biggest folders of one disk; a home or a package can't hide below them.
BIGGEST = "sudo -n timeout 20 du -xm --max-depth=3 {place} 2>/dev/null | sort -rn | head -4"


def read_volume(target: Target) -> dict[str, Any] | None:
    """Return what EC2 says of the data volume; None when it knows none."""
    wanted = [{"Name": "volume-id", "Values": [target.output("data_volume_id")]}]
    found: list[dict[str, Any]] = target.aws("ec2").describe_volumes(Filters=wanted)["Volumes"]
    return found[0] if found else None


def check_attachment(target: Target) -> Outcome:
    """Check that the data volume is attached to this server."""
    if not target.outputs.get("data_volume_id"):
        return skipped("the stack has no data volume")
    ident, instance = target.output("data_volume_id"), target.output("instance_id")
    volume = read_volume(target)
    if volume is None:
        return failed(
            f"the data volume {ident} no longer exists in AWS",
            "workbench data.list --stack {stack}",
        )
    attached = [each for each in volume["Attachments"] if each["State"] != "detached"]
    if not attached:
        return failed(f"the data volume {ident} is detached: it is {volume['State']}")
    other = [each["InstanceId"] for each in attached if each["InstanceId"] != instance]
    if other:
        return failed(f"the data volume {ident} is attached to {other[0]}, not to {instance}")
    state = attached[0]["State"]
    said = f"{ident}, {volume['Size']} GiB, {state} as {attached[0]['Device']}"
    return passed(said) if state in ("attached", "busy") else failed(said)


def check_mount(target: Target) -> Outcome:
    """Check that homes are on the data volume, and that it can be read."""
    if not target.outputs.get("data_volume_id"):
        return skipped("the stack has no data volume")
    server = target.server()
    answer = server.run(f"findmnt -rno SOURCE,FSTYPE {DATA}")
    if not answer.ok:
        return failed(f"nothing is mounted at {DATA}: the home folders are missing")
    source, _, kind = answer.stdout.strip().partition(" ")
    said = f"{target.output('data_volume_id')} is {source} ({kind}) at {DATA}"
    readable = server.run(f"sudo -n ls {DATA} && sudo -n test -b {source}")
    if not readable.ok:
        reason = readable.stderr.strip() or f"{source} is no longer a block device"
        return failed(
            f"{said}, but it can't be read: {reason}", "workbench restart --stack {stack}"
        )
    return passed(said)


def check_disks(target: Target) -> Outcome:
    """Check that no disk is full: neither its space nor its inodes."""
    server = target.server()
    rows = _df(server.run(f"df -Pm {PLACES} 2>/dev/null || df -Pm /").stdout)
    inodes = _df(server.run(f"df -Pi {PLACES} 2>/dev/null || df -Pi /").stdout)
    if not rows:
        return failed("df doesn't report the server's disks")
    said = ", ".join(f"{place} {row.used} % used" for place, row in rows.items())
    for place, row in rows.items():
        if row.used >= 100 or row.free < FULL_MIB:
            return failed(f"{place} is full{_biggest(target, place)}", _mend(target, place))
    for place, row in inodes.items():
        if row.used >= 100:
            told = f"{place} has no inodes left for new files{_biggest(target, place)}"
            return failed(told, _mend(target, place))
    worst = max(rows, key=lambda place: rows[place].used)
    if rows[worst].used >= FULL_PERCENT:
        return warned(said, _mend(target, worst))
    return passed(said)


def check_reserve(target: Target) -> Outcome:
    """Check that people can't take all of the root disk: the system needs some of it."""
    server = target.server()
    source, _, kind = server.run("findmnt -rno SOURCE,FSTYPE /").stdout.strip().partition(" ")
    if kind != "ext4":
        return skipped(
            f"the root disk is {kind}, which has no reserve for the system: people"
            " can fill it by /tmp"
        )
    listing = server.run(f"sudo -n tune2fs -l {source}").stdout
    fields = dict(line.split(":", 1) for line in listing.splitlines() if ":" in line)
    percent = 100 * int(fields["Reserved block count"]) / int(fields["Block count"])
    if percent < LEAST_RESERVE:
        return warned("people can fill all of the root disk through /tmp", CONVERGE)
    return passed(f"{percent:.0f} % of the root disk is reserved for the system")


@dataclass(frozen=True)
class _Row:
    """One disk of df: how full it is (percent), and what is free (MiB, or inodes)."""

    used: int
    free: int


def _df(text: str) -> dict[str, _Row]:
    # Where a place is missing, df is asked once more, and there are two headings.
    lines = [line.split() for line in text.splitlines() if not line.startswith("Filesystem")]
    rows: dict[str, _Row] = {}
    for _, _, _, free, used, place in lines:
        # A file system that counts no inodes has a dash.
        row = _Row(int(used.removesuffix("%").replace("-", "0")), int(free))
        if place not in rows or row.free < rows[place].free:
            rows[place] = row
    return rows


def _biggest(target: Target, place: str) -> str:
    """Return what takes the room on a disk, in words."""
    lines = target.server().run(BIGGEST.format(place=place)).stdout.splitlines()
    folders = [line.split(None, 1) for line in lines]
    paths = [path for _, path in folders]
    # A folder that is big for one in it says nothing more.
    told = [
        f"{path} {size} MiB"
        for size, path in folders
        if not any(other.startswith(f"{path.removesuffix('/')}/") for other in paths)
    ]
    return f"; biggest: {', '.join(told)}" if told else ""


def _mend(target: Target, place: str) -> str:
    """Return the command that makes room: the data volume grows, the root volume is tidied."""
    if place != DATA:
        return CLEAN
    volume = read_volume(target) if target.outputs.get("data_volume_id") else None
    if volume is None:
        return CLEAN
    # Half as much again, and no less than what one notices.
    return GROW.format(size=max(volume["Size"] + 10, volume["Size"] * 3 // 2))

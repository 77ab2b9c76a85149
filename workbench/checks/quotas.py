"""Shares of the data volume: each person's, and the room of the workbench's own state."""

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.checks.target import Target

OWN = "/data/workbench"
IMAGE = "/data/workbench.img"
OPTIONS = "findmnt -rno OPTIONS /data; cat /run/workbench/without-quotas 2>&1"
REPORT = "sudo -n xfs_quota -x -c 'report -u -b -i -N' /data"
OWN_ROOM = f"mountpoint -q {OWN} && df -Pm {OWN} | tail -n 1 && sudo -n stat -c '%b %B %s' {IMAGE}"
NEAR_PERCENT = 90
LEAST_MIB = 8
MIB = 1024
CONVERGE = "workbench converge --stack {stack}"
RESTART = "workbench restart --stack {stack}"


def check_own_room(target: Target) -> Outcome:
    """Check that the workbench's own state has room that people can't take."""
    if not target.outputs.get("data_volume_id"):
        return skipped("the stack has no data volume")
    answer = target.server().run(OWN_ROOM)
    if not answer.ok:
        told = (
            f"{OWN} shares its space with the home folders: with a full volume, nobody could"
            " sign in"
        )
        return warned(f"{told}. It needs 336 MiB free", CONVERGE)
    row, image = (line.split() for line in answer.stdout.splitlines()[:2])
    size, free = int(row[1]), int(row[3])
    if free < LEAST_MIB:
        return failed(f"{OWN}, the workbench's own state, is full ({size} MiB)")
    blocks, block, wanted = map(int, image)
    if blocks * block < wanted:
        return warned(
            f"{IMAGE} has lost some of its reserved space, which others can use", CONVERGE
        )
    return passed(f"{OWN} has {free} of {size} MiB free, which home folders can't use")


def check_quotas(target: Target) -> Outcome:
    """Check that each person's share of the data volume is limited, and who is near the limit."""
    if not target.outputs.get("data_volume_id"):
        return skipped("the stack has no data volume")
    server = target.server()
    options, _, marker = server.run(OPTIONS).stdout.partition("\n")
    if not {"usrquota", "prjquota"}.issubset(options.split(",")):
        if "No such file" not in marker:
            return skipped("this kernel has no XFS quotas: one person can fill the data volume")
        return warned("the data volume is mounted without quotas, which start over", RESTART)
    rows = _rows(server.run(REPORT).stdout)
    near = [told for row in rows if (told := _near(*row))]
    if near:
        return warned(f"near their quota: {', '.join(near)}", "workbench data.grow --help")
    limits = sorted({hard for _, _, hard, _, _ in rows if hard})
    if not limits:
        return passed("quotas are counted, but nobody has a limit (workbench:homeQuota is 0)")
    return passed(f"each person has at most {' or '.join(map(_size, limits))} of the data volume")


def _rows(text: str) -> list[tuple[str, int, int, int, int]]:
    """Return name, KiB, most KiB, files and most files of each person in xfs_quota's report."""
    # "ada  20480  0  20480  00 [--------]  2  0  1000  00 [--------]"
    lines = [line.split() for line in text.splitlines() if line.strip()]
    found = [line for line in lines if line[0] not in ("root", "#0")]
    return [(w[0], int(w[1]), int(w[3]), int(w[6]), int(w[8])) for w in found]


def _near(name: str, used: int, most: int, count: int, most_files: int) -> str:
    if most and used * 100 >= most * NEAR_PERCENT:
        return f"{name} {used * 100 // most} % of {_size(most)}"
    if most_files and count * 100 >= most_files * NEAR_PERCENT:
        return f"{name} {count * 100 // most_files} % of {most_files} files"
    return ""


def _size(kibibytes: int) -> str:
    mebibytes = kibibytes // MIB
    return f"{mebibytes / MIB:.3g} GiB" if mebibytes >= MIB else f"{mebibytes} MiB"

"""What one person may use of this server, worked out from its size at every boot.

Run by systemd as a generator (systemd.generator(7)), at every boot and daemon-reload: a server
that was resized has new limits without a converge. Standard library only.
"""

import grp
import os
import pwd
import re
import sys
from pathlib import Path

from workbench.host import places
from workbench.host.shares.shares import MIB
from workbench.host.shares.shares import Shares
from workbench.host.shares.shares import shares

CGROUPS = Path("/sys/fs/cgroup")
# Of no other name: a file in /etc would hide one of the same, and so would one of a nearer unit.
DROP_IN = "workbench-shares.conf"
PERSON = re.compile(r"user-\d+\.slice")
ADMINISTRATORS_RESERVE = 32 * MIB


def read_shares() -> Shares:
    """Return this server's limits."""
    threads = int(Path("/proc/sys/kernel/threads-max").read_text())
    return shares(memory_bytes(), os.cpu_count() or 1, threads)


def memory_bytes(cgroups: Path = CGROUPS) -> int:
    """Return the server's memory: the least of what the kernel and the root group allow."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in ("memory.max", "memory/memory.limit_in_bytes"):
        limit = cgroups / path
        if limit.exists() and limit.read_text().strip().isdigit():
            sizes.append(int(limit.read_text()))
    return min(sizes)


def drop_ins(limits: Shares, administrators: list[int]) -> dict[str, str]:
    """Return the content of each unit's drop-in."""
    files = {
        "user.slice": [
            "[Slice]",
            f"MemoryMax={limits.people_memory}",
            # Slows down who allocates, so that the guard comes before the kernel.
            f"MemoryHigh={limits.people_memory * 97 // 100}",
            f"TasksMax={limits.people_tasks}",
            # Passed on to the administrators' slices.
            f"MemoryMin={ADMINISTRATORS_RESERVE * len(administrators)}",
        ],
        "user-.slice": [
            "[Slice]",
            "MemoryAccounting=yes",
            "TasksAccounting=yes",
            f"MemoryMax={limits.person_memory}",
            f"TasksMax={limits.person_tasks}",
            f"CPUQuota={limits.person_cpu}%",
            "CPUWeight=100",
        ],
        # Where R sessions begin, before the guard has put each into its person's slice.
        "rstudio-server.service": ["[Service]", f"MemoryMax={limits.person_memory}"],
    }
    for uid in administrators:
        reserve = ["[Slice]", "CPUWeight=400", f"MemoryMin={ADMINISTRATORS_RESERVE}"]
        files[f"user-{uid}.slice"] = reserve
    heading = "# Written at every boot, by the workbench's generator."
    return {unit: "\n".join([heading, *lines, ""]) for unit, lines in files.items()}


def administrators() -> list[int]:
    """Return the uids of those who may use sudo."""
    uids = []
    for name in grp.getgrnam(places.ADMINISTRATORS).gr_mem:
        try:
            uids.append(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    return sorted(uids)


def place(folder: Path, unit: str) -> Path:
    """Return where a unit's drop-in is below a folder; a single person's comes last."""
    return folder / f"{unit}.d" / (f"x-{DROP_IN}" if PERSON.fullmatch(unit) else DROP_IN)


def write(folder: Path) -> None:
    """Write the drop-ins of this server below a folder."""
    for unit, content in drop_ins(read_shares(), administrators()).items():
        path = place(folder, unit)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)


if __name__ == "__main__":
    write(Path(sys.argv[1]))

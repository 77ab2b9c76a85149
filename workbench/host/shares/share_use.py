"""Tell how near people are to their shares, and what was ended, for a person's computer: JSON.

Run as root: ``python3 -m workbench.host.shares.share_use``. Standard library only.
"""

import json
import pwd
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from workbench.host.shares import kill_notes
from workbench.host.shares.cgroups import PEOPLE
from workbench.host.shares.cgroups import UNLIMITED
from workbench.host.shares.cgroups import Cgroups
from workbench.host.shares.cgroups import person
from workbench.host.shares.generator import read_shares
from workbench.host.shares.shares import Shares

DAY = 86400.0
# Of a limit; a limit that the kernel rounds is still the same.
NEAR_PERCENT, ROUNDED_PERCENT = 90, 1
SYSTEM = "system.slice"


def read_use() -> dict[str, Any]:
    """Return limits, what the kernel doesn't hold to, who is near a limit, and what was ended."""
    limits, groups = read_shares(), Cgroups()
    return {
        "memory": limits.memory,
        "person": {
            "memory": limits.person_memory,
            "tasks": limits.person_tasks,
            "cpu": limits.person_cpu,
        },
        "missing": missing_limits(groups, limits),
        "reserve": (groups.memory / SYSTEM / "memory.min").exists(),
        "near": near(groups, limits),
        "ended": ended(kill_notes.RECORD, time.time() - DAY),
        "guard": subprocess.run(
            ["systemctl", "is-active", "workbench-guard.service"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout.strip(),
    }


def missing_limits(groups: Cgroups, limits: Shares) -> list[str]:
    """Return which limits the kernel doesn't have as they are worked out."""
    found = []
    slices = [PEOPLE, *map(person, groups.people())]
    for slice_ in slices:
        all_of_them = slice_ == PEOPLE
        memory = limits.people_memory if all_of_them else limits.person_memory
        tasks = limits.people_tasks if all_of_them else limits.person_tasks
        # The guard lowers a person's.
        if groups.memory_limit(slice_) > memory * (100 + ROUNDED_PERCENT) // 100:
            found.append(f"memory of {slice_}")
        if groups.tasks(slice_)[1] > tasks:
            found.append(f"tasks of {slice_}")
    weight = "cpu.weight" if groups.is_unified else "cpu.shares"
    if not (groups.cpu / SYSTEM / weight).exists():
        found.append(f"CPU of {SYSTEM}")
    return found


def near(groups: Cgroups, limits: Shares) -> list[dict[str, Any]]:
    """Return who has nearly all they may have."""
    found = []
    for uid in groups.people():
        slice_ = person(uid)
        tasks, most = groups.tasks(slice_)
        uses = [("memory", groups.used(slice_), limits.person_memory)]
        uses += [("tasks", tasks, most)] if most < UNLIMITED else []
        found += [
            {"user": _name(uid), "what": what, "used": used, "limit": limit}
            for what, used, limit in uses
            if used * 100 >= limit * NEAR_PERCENT
        ]
    everyone = groups.used(PEOPLE)
    if everyone * 100 >= limits.people_memory * NEAR_PERCENT:
        limit = limits.people_memory
        found.append({"user": None, "what": "memory", "used": everyone, "limit": limit})
    return found


def ended(record: Path, since: float) -> list[dict[str, Any]]:
    """Return what was ended for lack of memory, newest last."""
    lines = record.read_text().splitlines() if record.exists() else []
    return [kill for line in lines if (kill := json.loads(line))["time"] >= since]


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


if __name__ == "__main__":
    json.dump(read_use(), sys.stdout)

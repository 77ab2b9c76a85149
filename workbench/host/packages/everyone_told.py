"""What is told of the packages for everyone: how far they are, and what could not be installed."""

import json
import os
import signal
import time
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from workbench.host import places
from workbench.host.package_lists import PackageLists

# Readable by everyone: names of packages, and why some are missing.
FILE = places.STATE / "packages.json"
INSTALLING, INSTALLED, FAILED = "installing", "installed", "failed"
LONGEST_REASON = 300
_interrupted: list[int] = []


def end_after_this_one() -> None:
    """Let what is being installed now be finished at a SIGTERM, and nothing more be begun."""
    signal.signal(signal.SIGTERM, lambda number, _: _interrupted.append(number))


@dataclass
class Told:
    """The state of one run; each change is written at once."""

    digest: str
    lists: PackageLists
    total: int = 0
    done: int = 0
    now: str = ""
    state: str = INSTALLING
    failed: list[dict[str, str]] = field(default_factory=list)
    seconds: float = 0.0

    def __post_init__(self) -> None:
        # Not by the time, which may be set meanwhile on a new server.
        self._started = time.monotonic()

    def begin(self, what: str) -> None:
        """Say what is being installed now; end here where the server is being stopped."""
        if _interrupted:
            raise KeyboardInterrupt
        self.now = what
        print(f"== {what}", flush=True)
        self.write()

    def end(self, number: int) -> None:
        """Count packages that are done with, installed or not."""
        self.done += number
        self.write()

    def fail(self, kind: str, name: str, why: str) -> None:
        """Note a package that can't be installed."""
        reason = " ".join(why.split())[:LONGEST_REASON]
        print(f"   {kind} {name}: {reason}", flush=True)
        self.failed.append({"kind": kind, "name": name, "why": reason})
        self.write()

    def finish(self) -> bool:
        """Say that the run is over; return whether all is installed."""
        self.state = FAILED if self.failed else INSTALLED
        self.now, self.done = "", self.total
        self.write()
        print(f"== {self.state}", *(f"{f['kind']} {f['name']}" for f in self.failed), flush=True)
        return not self.failed

    def write(self) -> None:
        """Write the file whole: it is read at any time."""
        self.seconds = round(time.monotonic() - self._started, 1)
        FILE.parent.mkdir(parents=True, exist_ok=True)
        temporary = FILE.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(self)) + "\n", encoding="utf-8")
        os.chmod(temporary, 0o644)
        temporary.rename(FILE)


def read() -> dict[str, Any]:
    """Return what was told last; nothing where nothing was."""
    try:
        values = json.loads(FILE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def lists_of(values: dict[str, Any]) -> PackageLists:
    """Return the lists that what was told is about; empty ones where nothing was told."""
    lists = values.get("lists") or {"base": ()}
    return PackageLists(**{kind: tuple(names) for kind, names in lists.items()})

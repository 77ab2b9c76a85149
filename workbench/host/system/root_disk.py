"""The server's own disk: people write to /tmp and /var/tmp, and logs grow with what they do.

The system keeps a part of it that only root may take, so that a converge, a log and a changed
password have room when people took the rest.
"""

import subprocess
from pathlib import Path

from workbench.host.run.operations import unit
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings

JOURNAL = "systemd-journald.service"
DROP_IN = Path("/etc/systemd/journald.conf.d/workbench.conf")
# What mkfs.ext4 takes by itself, and images of clouds often have not.
RESERVE_PERCENT = 5


@step("Root disk")
def root_disk(settings: Settings) -> None:
    """Keep a reserve of the root disk for the system, and bound its journal."""
    reserve(name="Keep a reserve for the system")
    put_template("journald.conf", DROP_IN)
    unit(JOURNAL, files=[DROP_IN], name="Bound the journal")


@operation
def reserve() -> Commands:
    """Reserve blocks of the root file system, where its kind can do that."""
    source, _, kind = _output("findmnt", "-no", "SOURCE,FSTYPE", "/").partition(" ")
    if kind.strip() == "ext4" and reserved_percent(_output("tune2fs", "-l", source)) < 4.9:
        yield f"tune2fs -m {RESERVE_PERCENT} {source}"


def reserved_percent(listing: str) -> float:
    """Return how much of an ext4 file system is root's, by what tune2fs lists."""
    fields = dict(line.split(":", 1) for line in listing.splitlines() if ":" in line)
    return 100 * int(fields["Reserved block count"]) / int(fields["Block count"])


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

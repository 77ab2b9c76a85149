"""What a running rehearsal says of itself: ``rehearsal.json``, read by everything else."""

import json
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from dataclasses import fields
from pathlib import Path

from workbench.places import state_dir
from workbench.rehearsal.credentials import ACCESS_KEY
from workbench.rehearsal.credentials import SECRET_KEY
from workbench.writing import put_file

FILE = "rehearsal.json"


@dataclass(frozen=True)
class Description:
    """Where a rehearsal answers, and the process that it is.

    ``process_start`` is the process's start time in clock ticks since boot, and ``boot_id``
    the boot it counts from: together with ``pid`` they tell the process from a later one of
    the same number. ``addresses`` maps an instance's public address to the ports that answer
    there from this computer, by the port on the instance; ``browser`` the same for 127.0.0.1,
    where a browser finds ``*.localhost``. ``acme_profiles`` says whether the certificate authority
    certifies addresses, too; ``tunnel_url`` is where tunnels to machines are opened.
    """

    name: str
    pid: int
    process_start: int
    boot_id: str
    api_url: str
    region: str
    network_gateway: str
    bridge: str
    acme_directory: str
    acme_root: str
    ca_certificate: str
    dns: str
    packages_url: str
    addresses: dict[str, dict[str, int]] = field(default_factory=dict)
    browser: dict[str, dict[str, int]] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    acme_profiles: bool = False
    tunnel_url: str = ""

    @property
    def alive(self) -> bool:
        """Whether the process that wrote this is still running."""
        return self.boot_id == boot_id() and process_start(self.pid) == self.process_start

    def provider(self, service: str) -> dict[str, str]:
        """Return the configuration of a stack here, for a client of a service."""
        url = self.tunnel_url if service == "ec2-instance-connect" else self.api_url
        return {
            "aws:region": self.region,
            "aws:endpoints": json.dumps([{service.replace("-", ""): url}]),
            "aws:accessKey": ACCESS_KEY,
            "aws:secretKey": SECRET_KEY,
        }


def rehearsals_dir() -> Path:
    """Return the folder that holds one folder a rehearsal."""
    return state_dir() / "rehearsals"


def rehearsal_dir(name: str) -> Path:
    """Return the folder that everything of a rehearsal is kept in."""
    return rehearsals_dir() / name


def read_description(name: str) -> Description | None:
    """Return what the rehearsal last said of itself, or None if it never ran or was reset.

    A file that is damaged or of another version counts as none.
    """
    return read_folder(rehearsal_dir(name))


def read_folder(folder: Path) -> Description | None:
    """Return what the rehearsal of a folder last said of itself, or None."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        known = {each.name for each in fields(Description)}
        return Description(**{key: value for key, value in content.items() if key in known})
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def write_description(description: Description) -> None:
    """Write ``rehearsal.json`` in one step, so that a reader never sees half of it."""
    path = rehearsal_dir(description.name) / FILE
    put_file(path, json.dumps(asdict(description), indent=2) + "\n")


def process_start(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot; None if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    # The program's name, in brackets, may hold anything: count from behind it.
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(rest[18])


def boot_id() -> str:
    """Return what tells this boot of the computer from another; empty where unknown."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""

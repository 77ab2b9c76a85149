"""Tell which process listens on a port of this computer."""

import os
from collections.abc import Iterator
from pathlib import Path

LISTEN = "0A"


def holder(address: str, port: int) -> str | None:
    """Return "name (process N)" of who listens on a TCP port, or None when that can't be told.

    Read from /proc, so only when a port turned out to be taken: it looks at every process's
    descriptors. Another user's processes are seen by root only.
    """
    sockets = set(_listening(address, port))
    if not sockets:
        return None
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and _holds(process, sockets):
            return f"{_name(process)} (process {process.name})"
    return None


def _listening(address: str, port: int) -> Iterator[str]:
    wanted = {_hexadecimal(address), "0" * 8, "0" * 32}
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            lines = Path(table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            local, _, local_port = fields[1].partition(":")
            if fields[3] == LISTEN and int(local_port, 16) == port and local in wanted:
                yield f"socket:[{fields[9]}]"


def _hexadecimal(address: str) -> str:
    # The kernel prints IPv4 addresses in the byte order of the machine: little-endian.
    if ":" in address:
        return address
    return "".join(f"{int(part):02X}" for part in reversed(address.split(".")))


def _holds(process: Path, sockets: set[str]) -> bool:
    try:
        descriptors = list((process / "fd").iterdir())
    except OSError:  # ended meanwhile, or another user's
        return False
    for descriptor in descriptors:
        try:
            if os.readlink(descriptor) in sockets:
                return True
        except OSError:
            continue
    return False


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text(encoding="utf-8").strip()
    except OSError:
        return "a process"

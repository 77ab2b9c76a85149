"""Tell which process listens on a port of this computer."""

import re
import subprocess

# What ss says of those who listen: name and number of the first.
_PROCESS = re.compile(r'users:\(\("([^"]*)",pid=(\d+)')
_EVERYWHERE = ("0.0.0.0", "*", "[::]")  # noqa: S104 - read, not listened on


def holder(address: str, port: int) -> str | None:
    """Return "name (process N)" of who listens on a TCP port, or None when that can't be told.

    Another user's processes are seen by root only.
    """
    command = ["ss", "--no-header", "--listening", "--tcp", "--numeric", "--processes"]
    try:
        done = subprocess.run(
            [*command, f"sport = :{port}"], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    for line in done.stdout.splitlines():
        # An interface that it is bound to stands behind the address, as 127.0.0.1%lo.
        local = line.split()[3].rpartition(":")[0].partition("%")[0]
        found = _PROCESS.search(line)
        if local in (address, *_EVERYWHERE) and found:
            return f"{found[1]} (process {found[2]})"
    return None

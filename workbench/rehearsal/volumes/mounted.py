"""Mounted volumes: where in a machine, and held still while they are copied."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from pathlib import Path
from typing import Any

from docker.models.containers import Container

from workbench.rehearsal.volumes.loop_devices import LoopDevice

# Seconds that a file system may stand still while it is copied.
FREEZE_LIMIT = 300
# Tenths of a second that one held by someone else is waited for; after that it is still enough.
THAW_TRIES = 300
_HOLD = """
read -r _ || exit
ours=
for try in $(seq "$3"); do
    fsfreeze --freeze "$1" 2>/dev/null && ours=yes && break
    sleep 0.1
done
echo frozen
timeout "$2" cat
[ -z "$ours" ] || fsfreeze --unfreeze "$1"
"""


def mount_points(container: Container, loop: LoopDevice) -> list[str]:
    """Return where a loop device is mounted in a running machine."""
    number = f"{loop.major}:{loop.minor}"
    pid = container.attrs["State"]["Pid"]
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/mountinfo").read_text(encoding="utf-8").splitlines()
        return [fields[4] for fields in map(str.split, lines) if fields[2] == number]
    return []


@contextmanager
def frozen(container: Container, mount: str) -> Iterator[None]:
    """Hold a machine's file system still, so that a copy of its blocks is one moment's.

    It thaws when our end of the connection closes, which it does however this process ends. What
    someone in the machine holds is waited for, and never thawed for them.
    """
    api = container.client.api  # type: ignore[union-attr]
    command = ["sh", "-c", _HOLD, "sh", mount, str(FREEZE_LIMIT), str(THAW_TRIES)]
    execution = api.exec_create(container.id, command, stdin=True, user="root")["Id"]
    stream: Any = api.exec_start(execution, socket=True)
    connection: socket.socket = stream._sock
    try:
        # docker-py loses what comes together with the answer's headers (docker/docker-py#2042), so
        # the command says nothing before we are there to read it.
        connection.sendall(b"\n")
        stream.read(1)
        yield
    finally:
        connection.shutdown(socket.SHUT_WR)
        while stream.read(4096):
            pass
        for each in (stream._response, connection):
            each.close()

"""Tell one boot of the server from the next."""

from dataclasses import dataclass

from workbench.checks.target import Server
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.progress import Phase
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import OtherHostError
from workbench.remote.ssh_target import RefusedError
from workbench.remote.ssh_target import RemoteServer
from workbench.remote.ssh_target import UnreachableError
from workbench.waiting import wait_for

# EC2 resets an instance that doesn't reboot in order within four minutes, and then it boots.
LIMIT = 420.0
INTERVAL = 0.5
# How long the boot that is to end is asked for.
ASK_LIMIT = 10.0
# The kernel's own mark, and the first process's start, which only root sees: containers share a
# kernel.
_READ = "cat /proc/sys/kernel/random/boot_id && sudo -n cut -d' ' -f22 /proc/1/stat"


@dataclass(frozen=True)
class Boot:
    """What tells a boot from others; the empty one is unlike any."""

    marks: str = ""


class UnknownBootError(WorkbenchError):
    """The server couldn't be asked for its boot: one that shuts down ends what it still began."""


def read_boot(server: Server) -> Boot:
    """Return which boot the server is in."""
    answer = server.run(_READ, limit=30)
    if not answer.ok:
        raise UnknownBootError(f"The server doesn't say when it booted: {answer.stderr.strip()}")
    return Boot(answer.stdout.strip())


def boot_before(door: Door) -> Boot:
    """Return the boot that is to end; the empty one where the server can't be asked.

    It is asked more than once: unlike the empty one, the boot that is to end would look like the
    next.
    """
    return wait_for(lambda: _boot_now(door), ASK_LIMIT, INTERVAL) or Boot()


def await_next_boot(door: Door, before: Boot, phase: Phase, *, limit: float = LIMIT) -> None:
    """Wait until the server answers SSH in another boot than ``before``."""

    def is_next() -> bool:
        phase.tick("waiting for the next boot")
        return _boot_now(door) not in (None, before)

    if not wait_for(is_next, limit, INTERVAL):
        raise WaitTimeoutError(
            f"The server did not reboot within {limit / 60:.0f} minutes.",
            f"workbench doctor --stack {door.stack}",
        )


def _boot_now(door: Door) -> Boot | None:
    """Return the boot that the server is in, None where it doesn't say just now."""
    server: RemoteServer | None = None
    try:
        server = door.open()
        return read_boot(server)
    except (UnreachableError, WaitTimeoutError, UnknownBootError):
        return None
    except (RefusedError, OtherHostError):
        # On the way down the homes are gone before sshd is, and on the way up the host keys come
        # late to the console; what stays so ends with the limit of whoever asks.
        return None
    finally:
        if server is not None:
            server.close()

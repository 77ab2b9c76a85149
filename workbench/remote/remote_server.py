"""The server's shell over one SSH connection, and the ways in which there is none."""

import io
from typing import TYPE_CHECKING
from typing import Any

import paramiko
from invoke.exceptions import CommandTimedOut
from invoke.exceptions import ThreadException
from paramiko.ssh_exception import NoValidConnectionsError

from workbench.checks.target import Answer
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.remote.ssh_target import PinnedConnection

CONNECT_TIMEOUT = 10
# Paramiko's exit status of a command whose end the server never told.
CUT_OFF = -1
_BREAKS = (OSError, EOFError, paramiko.SSHException)


class UnreachableError(WorkbenchError):
    """Nothing answers at the server's SSH port."""


class RefusedError(WorkbenchError):
    """The server doesn't let the key in."""


class OtherHostError(WorkbenchError):
    """What answers isn't the server: its host key is another."""


class _Whole(io.StringIO):
    """Text that is read at once: Invoke asks for a letter at a time, and waits 10 ms after each."""

    def read(self, size: int | None = -1, /) -> str:
        """Return all that is left, whatever is asked for."""
        return super().read()


class RemoteServer:
    """The server's shell, over one SSH connection; ``stack`` is for the sentences."""

    def __init__(self, connection: Any, stack: str) -> None:
        self._connection, self.stack = connection, stack

    @property
    def connection(self) -> "PinnedConnection":
        """Fabric's connection, for what this has no method for: files, tunnels, terminals."""
        found: PinnedConnection = self._connection
        return found

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        """Run a command; raise WorkbenchError when it takes over ``limit`` seconds.

        One that is interrupted has no answer, and raises UnreachableError.
        """
        try:
            done = self._connection.run(
                command,
                hide=True,
                warn=True,
                pty=False,
                timeout=limit,
                # Never this process's own standard input: a pipe given to a script is its own.
                in_stream=_Whole(stdin) if stdin else False,
            )
        except CommandTimedOut as error:
            raise WaitTimeoutError(
                f"The server did not answer within {limit:.0f} s: {command.split()[0]}.",
                self.doctor,
            ) from error
        except ThreadException as error:
            # Of the threads that carry input and output: only what broke the connection is told so.
            broken = [each.value for each in error.exceptions if isinstance(each.value, _BREAKS)]
            if len(broken) < len(error.exceptions):
                raise
            raise self.broken(broken[0]) from error
        except _BREAKS as error:
            raise self.broken(error) from error
        if done.exited == CUT_OFF:
            # What it printed until then would pass for the whole answer.
            raise self.broken(EOFError("the command was interrupted"))
        return Answer(done.exited, done.stdout, done.stderr)

    def begin(self, command: str) -> paramiko.Channel:
        """Begin a command; return its channel, for bytes in both directions as they come."""
        try:
            channel: paramiko.Channel = self._connection.transport.open_session(
                timeout=CONNECT_TIMEOUT
            )
            channel.exec_command(command)
        except _BREAKS as error:
            raise self.broken(error) from error
        return channel

    @property
    def doctor(self) -> str:
        """What to type when the server doesn't answer."""
        return f"workbench doctor --stack {self.stack}"

    def broken(self, error: BaseException) -> UnreachableError:
        """Return the error for a connection that broke."""
        return UnreachableError(f"The SSH connection broke: {reason_of(error)}.", self.doctor)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def reason_of(error: BaseException) -> str:
    """Return why a connection broke, or was never there, in a few words."""
    if isinstance(error, NoValidConnectionsError):
        return "connection refused"
    if isinstance(error, TimeoutError):
        return "no answer (a closed port looks like this)"
    if isinstance(error, EOFError) and not str(error):
        # As where a ProxyCommand ends.
        return "the other side closed the connection"
    return str(error).strip().rstrip(".") or type(error).__name__

"""Run one command on the server with bytes for its standard input, in as few trips as SSH has."""

from collections.abc import Callable
from collections.abc import Iterator

import paramiko

from workbench.checks.target import Answer
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.remote.remote_server import CUT_OFF
from workbench.remote.remote_server import RemoteServer

CHUNK = 1 << 16


def run_with_bytes(
    server: RemoteServer, command: str, stdin: bytes = b"", *, limit: float = 120.0
) -> Answer:
    """Run a command; return what it printed. ``limit`` is in seconds without any output.

    Fabric's own ``run`` sends standard input byte by byte, a hundred of them a second.
    """
    channel = server.begin(command)
    try:
        channel.settimeout(limit)
        channel.sendall(stdin)
        channel.shutdown_write()
        # Read to the end, the other output is waiting in the channel's own buffer then.
        stdout = _read(channel.recv)
        stderr = _read(channel.recv_stderr)
        return Answer(_exit_code(server, channel), stdout, stderr)
    except TimeoutError as error:
        raise WaitTimeoutError(
            f"The server said nothing for {limit:.0f} s.", server.doctor
        ) from error
    except (OSError, EOFError) as error:
        raise server.broken(error) from error
    finally:
        channel.close()


class CommandFailedError(WorkbenchError):
    """A command on the server failed; its own words are the message."""


def stream_lines(server: RemoteServer, command: str) -> Iterator[str]:
    """Give the lines a command prints, as they come, until it ends.

    Raises CommandFailedError, after the lines, with what a command that failed said of it.
    """
    channel = server.begin(command)
    try:
        rest = b""
        while chunk := channel.recv(CHUNK):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (line.decode(errors="replace") for line in lines)
        if rest:
            yield rest.decode(errors="replace")
        said = _read(channel.recv_stderr).strip()
        if code := _exit_code(server, channel):
            raise CommandFailedError(said or f"it ended with {code}", server.doctor)
    except (OSError, EOFError) as error:
        raise server.broken(error) from error
    finally:
        channel.close()


def _exit_code(server: RemoteServer, channel: paramiko.Channel) -> int:
    code: int = channel.recv_exit_status()
    if code == CUT_OFF:
        raise server.broken(EOFError("the command was interrupted"))
    return code


def _read(receive: Callable[[int], bytes]) -> str:
    return b"".join(iter(lambda: receive(CHUNK), b"")).decode(errors="replace")

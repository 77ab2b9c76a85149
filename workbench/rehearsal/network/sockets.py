"""Open listening sockets where the rehearsal's services answer."""

import resource
import socket

from workbench.errors import WorkbenchError

# Each forwarded connection takes two descriptors; the usual soft limit of 1024 is soon reached.
WANTED_DESCRIPTORS = 65_536


def listen_tcp(
    address: str, port: int, device: str | None = None, backlog: int = 1024
) -> socket.socket:
    """Return a listening TCP socket; ``device`` is the interface it is bound to.

    Several rehearsals answer on the same link-local addresses, each on its own bridge: only
    SO_BINDTODEVICE lets their sockets live side by side.
    """
    bound = _bound(socket.SOCK_STREAM, address, port, device)
    bound.listen(backlog)
    return bound


def bind_udp(address: str, port: int, device: str | None = None) -> socket.socket:
    """Return a bound UDP socket; ``device`` is the interface it is bound to."""
    return _bound(socket.SOCK_DGRAM, address, port, device)


def explain(error: OSError, what: str, address: str, port: int) -> WorkbenchError:
    """Return the error a person sees when a service of the rehearsal can't listen."""
    from workbench.rehearsal.network.listeners import holder

    held = holder(address, port)
    by = f" ({held} listens there)" if held else ""
    return WorkbenchError(
        f"{what} can't listen on {address}:{port}: {error.strerror or error}{by}.",
        "Stop what uses that address, then start the rehearsal again: workbench rehearsal.start",
    )


def raise_descriptor_limit() -> int:
    """Raise this process's limit of open files as far as it goes and return it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED_DESCRIPTORS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return WANTED_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def _bound(kind: socket.SocketKind, address: str, port: int, device: str | None) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, kind)
    try:
        if kind == socket.SOCK_STREAM:
            # A listener that was closed a moment ago leaves its connections in TIME_WAIT.
            # (Not for UDP, where it would let two services share one port unnoticed.)
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if device:
            bound.setsockopt(
                socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode("ascii") + b"\0"
            )
        bound.bind((address, port))
    except BaseException:
        bound.close()
        raise
    return bound

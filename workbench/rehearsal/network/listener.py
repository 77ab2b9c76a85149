"""One port that is open on this computer, with its live connections."""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Callable
from dataclasses import replace

from workbench.rehearsal.network.rules import Listening
from workbench.rehearsal.network.rules import Rule

log = logging.getLogger(__name__)

BACKLOG = 1024
CONNECT_LIMIT = 10.0
CHUNK = 64 * 1024
# On, with no time to linger: closing sends a reset, as an address where nothing answers does.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Capacity:
    """How many connections may be open at once, over all listeners."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0


class Listener:
    """One open port with its live connections. Everything here runs on the loop's thread."""

    def __init__(
        self, listening: Listening, opened: socket.socket | None, capacity: Capacity
    ) -> None:
        self.listening = listening
        self._socket = opened
        self._capacity = capacity
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], str] = {}

    @property
    def rule(self) -> Rule:
        """The rule that is in force."""
        return self.listening.rule

    async def start(self) -> None:
        """Begin to accept; nothing to do when no port was free."""
        if self._socket is None:
            return
        self._server = await asyncio.start_server(
            self._connected, sock=self._socket, backlog=BACKLOG
        )

    def change(self, rule: Rule) -> None:
        """Take a rule for the same port: drop only what the new one doesn't point to or allow."""
        before = self.rule
        self.listening = replace(self.listening, rule=rule)
        moved = (before.target_ip, before.target_port) != (rule.target_ip, rule.target_port)
        for connection, peer in list(self._connections.items()):
            if moved or not rule.allows(peer):
                connection.cancel()

    async def close(self) -> None:
        """Stop listening, and break the live connections off."""
        if self._server is not None:
            self._server.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        if not peer or not self.rule.allows(peer[0]):
            reset(writer)
            return
        if self._capacity.used >= self._capacity.limit:
            log.warning("refused a connection: %d are open", self._capacity.used)
            reset(writer)
            return
        target = (self.rule.target_ip, self.rule.target_port)
        head = _introduction(writer) if self.rule.is_told else b""
        work = relay((reader, writer), target, head, self.rule.idle)
        connection = asyncio.get_running_loop().create_task(work)
        self._connections[connection] = peer[0]
        self._capacity.used += 1
        connection.add_done_callback(self._disconnected)

    def _disconnected(self, connection: asyncio.Task[None]) -> None:
        self._connections.pop(connection, None)
        self._capacity.used -= 1
        if not connection.cancelled() and (error := connection.exception()):
            log.error("a forwarded connection failed", exc_info=error)


async def relay(
    client: Stream, target: tuple[str, int], head: bytes = b"", idle: float | None = None
) -> None:
    """Connect to ``target``, send ``head``, and pass bytes both ways until both have finished.

    A side that closes its half is told on as just that: the other may keep sending (an
    upload's answer comes after its end). A side that breaks breaks the other. Ends at once,
    with both sides reset, when cancelled, and when nothing was sent for ``idle`` seconds.
    """
    writers = [client[1]]
    clean = False
    try:
        async with asyncio.timeout(CONNECT_LIMIT):
            server = await asyncio.open_connection(*target, limit=CHUNK)
        writers.append(server[1])
        for writer in writers:
            _keep_alive(writer)
        server[1].write(head)
        async with asyncio.timeout(idle) as silence, asyncio.TaskGroup() as directions:

            def note() -> None:
                if idle is not None:
                    silence.reschedule(asyncio.get_running_loop().time() + idle)

            directions.create_task(_pass_on(client[0], server[1], note))
            directions.create_task(_pass_on(server[0], client[1], note))
        clean = True
    except* (OSError, TimeoutError):
        pass  # refused, unreachable or broken: the reset below says it
    finally:
        for writer in writers:
            if clean:
                writer.close()
            else:
                reset(writer)


def _introduction(client: asyncio.StreamWriter) -> bytes:
    """Return the line by which a target is told whose connection it gets.

    haproxy.org/download/1.8/doc/proxy-protocol.txt
    """
    peer, own = client.get_extra_info("peername"), client.get_extra_info("sockname")
    kind = "TCP6" if ":" in peer[0] else "TCP4"
    return f"PROXY {kind} {peer[0]} {own[0]} {peer[1]} {own[1]}\r\n".encode()


def reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection off at once, so that the other end sees a reset."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()


async def _pass_on(
    source: asyncio.StreamReader, sink: asyncio.StreamWriter, note: Callable[[], None]
) -> None:
    while chunk := await source.read(CHUNK):
        note()
        sink.write(chunk)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

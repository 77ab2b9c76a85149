"""One port that is open on this computer, with its live connections."""

import asyncio
import logging
import socket
from dataclasses import replace

from workbench.rehearsal.network.datagrams import DatagramListener
from workbench.rehearsal.network.relay import relay
from workbench.rehearsal.network.relay import reset
from workbench.rehearsal.network.rules import Listening
from workbench.rehearsal.network.rules import Rule

log = logging.getLogger(__name__)

BACKLOG = 1024


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
        self._datagrams: DatagramListener | None = None
        self._connections: dict[asyncio.Task[None], str] = {}

    @property
    def rule(self) -> Rule:
        """The rule that is in force."""
        return self.listening.rule

    async def start(self) -> None:
        """Begin to accept; nothing to do when no port was free."""
        if self._socket is None:
            return
        if self.rule.protocol == "udp":
            self._datagrams = await DatagramListener.open(self._socket, self._datagram_target)
        else:
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
        if self._datagrams is not None and before != rule:
            self._datagrams.forget_peers()

    async def close(self) -> None:
        """Stop listening, and break the live connections off."""
        if self._server is not None:
            self._server.close()
        if self._datagrams is not None:
            self._datagrams.close()
        for connection in list(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _datagram_target(self, peer: str) -> tuple[str, int] | None:
        if not self.rule.allows(peer):
            return None
        return (self.rule.target_ip, self.rule.target_port)

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
        connection = asyncio.get_running_loop().create_task(relay((reader, writer), target))
        self._connections[connection] = peer[0]
        self._capacity.used += 1
        connection.add_done_callback(self._disconnected)

    def _disconnected(self, connection: asyncio.Task[None]) -> None:
        self._connections.pop(connection, None)
        self._capacity.used -= 1
        if not connection.cancelled() and (error := connection.exception()):
            log.error("a forwarded connection failed", exc_info=error)

"""Pass UDP datagrams on to a target, with the answers back to whoever asked."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any
from typing import cast

# A peer that is silent for this long is forgotten, as NAT gateways do (seconds).
IDLE = 120.0
PEERS = 1024

Address = tuple[Any, ...]


class DatagramListener(asyncio.DatagramProtocol):
    """One bound UDP socket; each peer gets a socket of its own towards the target.

    ``target`` returns where a peer's datagrams go, or None to drop them.
    """

    def __init__(self, target: Callable[[str], tuple[str, int] | None]) -> None:
        self._target = target
        self._transport: asyncio.DatagramTransport | None = None
        self._peers: dict[Address, _Peer] = {}

    @classmethod
    async def open(
        cls, bound: socket.socket, target: Callable[[str], tuple[str, int] | None]
    ) -> "DatagramListener":
        """Start passing on what arrives at ``bound``."""
        loop = asyncio.get_running_loop()
        _, listener = await loop.create_datagram_endpoint(lambda: cls(target), sock=bound)
        return listener

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, to answer through."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Pass a datagram on, through the peer's own socket."""
        target = self._target(addr[0])
        if target is None:
            return
        peer = self._peers.get(addr)
        if peer is None:
            if len(self._peers) >= PEERS:
                return
            self._peers[addr] = peer = _Peer(self, addr, target)
        peer.send(data)

    def answer(self, data: bytes, addr: Address) -> None:
        """Send a target's answer to the peer it is for."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(data, addr)

    def forget(self, addr: Address) -> None:
        """Close a peer's socket."""
        peer = self._peers.pop(addr, None)
        if peer is not None:
            peer.close()

    def forget_peers(self) -> None:
        """Close every peer's socket, so that the next datagram follows the present target."""
        for addr in list(self._peers):
            self.forget(addr)

    def close(self) -> None:
        """Stop listening."""
        self.forget_peers()
        if self._transport is not None:
            self._transport.close()


class _Peer(asyncio.DatagramProtocol):
    def __init__(self, listener: DatagramListener, addr: Address, target: tuple[str, int]) -> None:
        self._listener = listener
        self._addr = addr
        self._waiting: list[bytes] | None = []
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._idle = self._loop.call_later(IDLE, listener.forget, addr)
        self._opening = self._loop.create_task(self._open(target))

    async def _open(self, target: tuple[str, int]) -> None:
        try:
            await self._loop.create_datagram_endpoint(lambda: self, remote_addr=target)
        except OSError:
            self._listener.forget(self._addr)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._closed:
            transport.close()
            return
        self._transport = cast(asyncio.DatagramTransport, transport)
        waiting, self._waiting = self._waiting or [], None
        for data in waiting:
            self._transport.sendto(data)

    def send(self, data: bytes) -> None:
        self._idle.cancel()
        self._idle = self._loop.call_later(IDLE, self._listener.forget, self._addr)
        if self._transport is not None:
            self._transport.sendto(data)
        elif self._waiting is not None and len(self._waiting) < 64:
            self._waiting.append(data)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._listener.answer(data, self._addr)

    def close(self) -> None:
        self._closed = True
        self._idle.cancel()
        if self._transport is not None:
            self._transport.close()

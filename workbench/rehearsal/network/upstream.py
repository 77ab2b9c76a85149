"""Ask the host's own resolver what the rehearsal doesn't know."""

import asyncio
import contextlib
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import cast

from dnslib import DNSError
from dnslib import DNSRecord

RESOLV_CONF = Path("/etc/resolv.conf")
PORT = 53
# As the C library's resolver does by default, but faster to try the next server (seconds).
LIMIT = 3.0
ROUNDS = 2
# Queries under way at once; those beyond it wait for their turn.
AT_ONCE = 256

Server = tuple[str, int]


class Upstream:
    """The host's resolvers: ``servers``, or those of /etc/resolv.conf as it is now.

    ``never`` are addresses that are not asked: the rehearsal's own.
    """

    def __init__(self, servers: Collection[Server] | None, never: Collection[Server]) -> None:
        self._servers = servers
        self._never = never
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def ask(self, query: DNSRecord) -> DNSRecord | None:
        """Return the answer with the query's own id, or None when nobody answers in time."""
        async with self._turn:
            for _ in range(ROUNDS):
                for server in self._usable():
                    answer = await _ask(server, query)
                    if answer is not None:
                        return answer
        return None

    def _usable(self) -> list[Server]:
        servers = read_resolvers() if self._servers is None else self._servers
        return [server for server in servers if server not in self._never]


def read_resolvers(path: Path = RESOLV_CONF) -> list[Server]:
    """Return the name servers of a resolv.conf (none when it can't be read)."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    fields = [line.split() for line in lines]
    return [(each[1], PORT) for each in fields if len(each) > 1 and each[0] == "nameserver"]


async def _ask(server: Server, query: DNSRecord) -> DNSRecord | None:
    # An id of our own: the client's might be guessed, and two clients may use the same.
    own = DNSRecord.parse(query.pack())
    own.header.id = secrets.randbelow(65_536)
    try:
        async with asyncio.timeout(LIMIT):
            answer = await _over_udp(server, own)
            if answer.header.tc:
                answer = await _over_tcp(server, own)
    except (OSError, EOFError, DNSError):
        return None
    answer.header.id = query.header.id
    return answer


def _answers(query: DNSRecord, data: bytes) -> DNSRecord | None:
    try:
        answer = DNSRecord.parse(data)
    except DNSError:
        return None
    same = [(each.qname, each.qtype) for each in answer.questions] == [
        (each.qname, each.qtype) for each in query.questions
    ]
    return answer if same and answer.header.id == query.header.id and answer.header.qr else None


class _Exchange(asyncio.DatagramProtocol):
    def __init__(self, query: DNSRecord) -> None:
        self._query = query
        self.answer: asyncio.Future[DNSRecord] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.DatagramTransport, transport).sendto(self._query.pack())

    def datagram_received(self, data: bytes, addr: object) -> None:
        answer = _answers(self._query, data)
        if answer is not None and not self.answer.done():
            self.answer.set_result(answer)

    def error_received(self, exc: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(exc)


async def _over_udp(server: Server, query: DNSRecord) -> DNSRecord:
    loop = asyncio.get_running_loop()
    transport, exchange = await loop.create_datagram_endpoint(
        lambda: _Exchange(query), remote_addr=server
    )
    try:
        return await exchange.answer
    finally:
        transport.close()


async def _over_tcp(server: Server, query: DNSRecord) -> DNSRecord:
    reader, writer = await asyncio.open_connection(*server)
    try:
        packet = query.pack()
        writer.write(len(packet).to_bytes(2, "big") + packet)
        length = int.from_bytes(await reader.readexactly(2), "big")
        answer = _answers(query, await reader.readexactly(length))
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
    if answer is None:
        raise EOFError
    return answer

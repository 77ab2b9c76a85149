"""The DNS server of the rehearsal: Route 53's zones, AWS's names, and the rest from outside."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import cast

from dnslib import CLASS
from dnslib import EDNS0
from dnslib import OPCODE
from dnslib import QTYPE
from dnslib import RCODE
from dnslib import DNSError
from dnslib import DNSHeader
from dnslib import DNSQuestion
from dnslib import DNSRecord

from workbench.rehearsal.network.loop import LoopThread
from workbench.rehearsal.network.resolution import Answer
from workbench.rehearsal.network.resolution import Resolver
from workbench.rehearsal.network.sockets import bind_udp
from workbench.rehearsal.network.sockets import explain
from workbench.rehearsal.network.sockets import listen_tcp
from workbench.rehearsal.network.upstream import Server
from workbench.rehearsal.network.upstream import Upstream
from workbench.rehearsal.network.zones import Zone

log = logging.getLogger(__name__)

RESOLVER_ADDRESS = "169.254.169.253"
AWS_ENDPOINT_ADDRESS = "169.254.169.252"
# A TCP connection that asks nothing for this long is closed (seconds).
IDLE = 10.0
PORT_TRIES = 20

# What a UDP answer may have when a client doesn't say (RFC 1035), and what it may have here
# at most: larger ones are fragmented and get lost (the DNS flag day's figure).
PLAIN_SIZE = 512
LARGEST = 1232


@dataclass(frozen=True)
class Listen:
    """Where to answer: ``port`` 0 takes a free one; ``device`` is the interface to bind to."""

    address: str
    port: int = 53
    device: str | None = None


class DnsServer:
    """Answer over UDP and TCP from hosted zones, fixed names and the host's own resolver.

    ``zones`` returns the hosted zones as they are now; ``static`` maps names to addresses;
    ``aws`` is what every AWS host name resolves to; ``upstream`` are the resolvers for all
    else, by default those of /etc/resolv.conf.
    """

    def __init__(
        self,
        zones: Callable[[], Iterable[Zone]],
        static: Mapping[str, str] | None = None,
        upstream: Collection[Server] | None = None,
        *,
        aws: str | None = AWS_ENDPOINT_ADDRESS,
    ) -> None:
        self._resolver = Resolver(zones, static or {}, aws)
        self._servers = upstream
        self._addresses: list[Server] = []
        self._thread: LoopThread | None = None
        self._running: list[asyncio.BaseTransport | asyncio.Server] = []
        self._upstream: Upstream | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def addresses(self) -> list[Server]:
        """Where it answers, in the order of ``start``'s arguments."""
        return list(self._addresses)

    def start(self, *listens: Listen) -> None:
        """Listen; raise a WorkbenchError that names who holds an address that is taken."""
        opened = []
        try:
            for listen in listens:
                opened.append(_open(listen))
        except BaseException:
            for pair in opened:
                for each in pair:
                    each.close()
            raise
        self._addresses = [udp.getsockname()[:2] for udp, _ in opened]
        self._thread = LoopThread("dns")
        self._thread.run(self._serve(opened))

    def stop(self) -> None:
        """Stop listening. Twice is fine."""
        if self._thread is not None and not self._thread.loop.is_closed():
            self._thread.run(self._close())
            self._thread.stop()

    async def _serve(self, opened: list[tuple[socket.socket, socket.socket]]) -> None:
        loop = asyncio.get_running_loop()
        self._upstream = Upstream(self._servers, self._addresses)
        for udp, tcp in opened:
            transport, _ = await loop.create_datagram_endpoint(lambda: _Udp(self), sock=udp)
            self._running.append(transport)
            self._running.append(await asyncio.start_server(self._serve_tcp, sock=tcp))

    async def _close(self) -> None:
        for each in self._running:
            each.close()
        if self._upstream is not None:
            self._upstream.close()

    async def answer(self, data: bytes) -> DNSRecord | None:
        """Return the answer to a query as it came; None where none is due."""
        try:
            query = DNSRecord.parse(data)
        except DNSError:
            return _malformed(data)
        if query.header.qr:
            return None  # an answer, not a query: never answer those
        try:
            return await self._answer(query)
        except Exception:
            log.exception("no answer to %s", query.q)
            return _reply(query, Answer(RCODE.SERVFAIL))

    async def _answer(self, query: DNSRecord) -> DNSRecord:
        if query.header.opcode != OPCODE.QUERY:
            return _reply(query, Answer(RCODE.NOTIMP))
        if len(query.questions) != 1:
            return _reply(query, Answer(RCODE.FORMERR))
        if query.q.qclass != CLASS.IN or query.q.qtype in (QTYPE.AXFR, QTYPE.IXFR):
            return _reply(query, Answer(RCODE.REFUSED))
        found = self._resolver.resolve(str(query.q.qname), query.q.qtype)
        if found is None:
            answer = await self._ask_upstream(query)
            return answer or _reply(query, Answer(RCODE.SERVFAIL))
        if found.continue_at is not None:
            await self._continue(found, query.q.qtype)
        return _reply(query, found)

    async def _continue(self, found: Answer, kind: int) -> None:
        outside = await self._ask_upstream(DNSRecord.question(found.continue_at, QTYPE[kind]))
        found.authoritative = False
        if outside is None:
            found.rcode = RCODE.SERVFAIL
        else:
            found.rcode, found.authority = outside.header.rcode, outside.auth
            found.answers += outside.rr

    async def _ask_upstream(self, query: DNSRecord) -> DNSRecord | None:
        if self._upstream is None:
            raise RuntimeError("the DNS server has not been started")
        return await self._upstream.ask(query)

    def answer_datagram(
        self, data: bytes, peer: tuple[Any, ...], transport: asyncio.DatagramTransport
    ) -> None:
        """Answer one datagram, without holding up the next."""
        task = asyncio.get_running_loop().create_task(self._answer_datagram(data, peer, transport))
        self._tasks.add(task)
        task.add_done_callback(self._answered)

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("a DNS answer failed", exc_info=error)

    async def _answer_datagram(
        self, data: bytes, peer: tuple[Any, ...], transport: asyncio.DatagramTransport
    ) -> None:
        answer = await self.answer(data)
        if answer is not None and not transport.is_closing():
            transport.sendto(_fitting(answer, _size_of(data)), peer)

    async def _serve_tcp(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                async with asyncio.timeout(IDLE):
                    length = int.from_bytes(await reader.readexactly(2), "big")
                    data = await reader.readexactly(length)
                answer = await self.answer(data)
                if answer is None:
                    return
                packet = answer.pack()
                writer.write(len(packet).to_bytes(2, "big") + packet)
                await writer.drain()
        except (OSError, EOFError):
            return  # gone, or silent for too long
        finally:
            writer.close()


class _Udp(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport, to answer through."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        """Answer a query."""
        if self._transport is not None:
            self._server.answer_datagram(data, addr, self._transport)


def _open(listen: Listen) -> tuple[socket.socket, socket.socket]:
    """Return a UDP and a TCP socket on one port."""
    for attempt in range(PORT_TRIES):
        tcp = None
        try:
            tcp = listen_tcp(listen.address, listen.port, listen.device)
            udp = bind_udp(listen.address, tcp.getsockname()[1], listen.device)
        except OSError as error:
            if tcp is not None:
                tcp.close()
            # A free port was asked for, and UDP has it taken: another one, then.
            if listen.port == 0 and tcp is not None and attempt < PORT_TRIES - 1:
                continue
            raise explain(error, "the DNS server", listen.address, listen.port) from error
        for each in (udp, tcp):
            each.setblocking(False)
        return udp, tcp
    raise AssertionError("unreachable")


def _reply(query: DNSRecord, found: Answer) -> DNSRecord:
    """Return the answer to a query as a packet."""
    answer = DNSRecord(
        DNSHeader(
            id=query.header.id,
            opcode=query.header.opcode,
            qr=1,
            aa=int(found.authoritative and found.rcode in (RCODE.NOERROR, RCODE.NXDOMAIN)),
            rd=query.header.rd,
            ra=1,
            rcode=found.rcode,
        )
    )
    for question in query.questions:
        answer.add_question(DNSQuestion(question.qname, question.qtype, question.qclass))
    answer.add_answer(*found.answers)
    answer.add_auth(*found.authority)
    if any(each.rtype == QTYPE.OPT for each in query.ar):
        answer.add_ar(EDNS0(udp_len=LARGEST))
    return answer


def _malformed(data: bytes) -> DNSRecord | None:
    """Return the answer to what is no query; None to what could be an answer."""
    if len(data) < 12 or data[2] & 0x80:
        return None
    return DNSRecord(DNSHeader(id=int.from_bytes(data[:2], "big"), qr=1, ra=1, rcode=RCODE.FORMERR))


def _size_of(query: bytes) -> int:
    """Return how many bytes the answer to a query over UDP may have."""
    with contextlib.suppress(DNSError):
        for record in DNSRecord.parse(query).ar:
            if record.rtype == QTYPE.OPT:
                # The OPT record keeps the size where others have their class.
                return min(max(int(record.rclass), PLAIN_SIZE), LARGEST)
    return PLAIN_SIZE


def _fitting(answer: DNSRecord, size: int) -> bytes:
    """Return the packet; one over ``size`` bytes says only that TCP has the answer."""
    packet = bytes(answer.pack())
    if len(packet) <= size:
        return packet
    header = DNSHeader(id=answer.header.id, bitmap=answer.header.bitmap, tc=1)
    options = [each for each in answer.ar if each.rtype == QTYPE.OPT]
    return bytes(DNSRecord(header, questions=answer.questions, ar=options).pack())

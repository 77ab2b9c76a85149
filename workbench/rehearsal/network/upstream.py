"""Ask the host's own resolver what the rehearsal doesn't know."""

import asyncio
import secrets
import socket
import struct
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dnslib import DNSError
from dnslib import DNSRecord

RESOLV_CONF = Path("/etc/resolv.conf")
PORT = 53
# As the C library's resolver does by default, but faster to try the next server (seconds).
LIMIT = 3.0
ROUNDS = 2
# Queries in progress at once; those beyond it wait for their turn.
AT_ONCE = 64

Server = tuple[str, int]


class Upstream:
    """The host's resolvers: ``servers``, or those of /etc/resolv.conf as it is now.

    ``never`` are addresses that are not asked: the rehearsal's own.
    """

    def __init__(self, servers: Collection[Server] | None, never: Collection[Server]) -> None:
        self._servers = servers
        self._never = never
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="dns-upstream")

    def close(self) -> None:
        """Begin to ask nothing more; what is in progress ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def ask(self, query: DNSRecord) -> DNSRecord | None:
        """Return the answer with the query's own id, or None when nobody answers in time."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._ask, query)

    def _ask(self, query: DNSRecord) -> DNSRecord | None:
        for _ in range(ROUNDS):
            for server in self._usable():
                answer = _ask(server, query)
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


def _ask(server: Server, query: DNSRecord) -> DNSRecord | None:
    # An id of our own: the client's might be guessed, and two clients may use the same.
    own = DNSRecord.parse(query.pack())
    own.header.id = secrets.randbelow(65_536)
    try:
        answer = _over_udp(server, own)
        if answer.header.tc:
            found = _answers(own, own.send(*server, tcp=True, timeout=LIMIT, ipv6=":" in server[0]))
            if found is None:
                return None
            answer = found
    except (OSError, DNSError, struct.error):
        return None
    answer.header.id = query.header.id
    return answer


def _over_udp(server: Server, query: DNSRecord) -> DNSRecord:
    end = time.monotonic() + LIMIT
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as asked:
        # Connected: the kernel lets nothing through that comes from elsewhere.
        asked.connect(server)
        asked.send(query.pack())
        while (left := end - time.monotonic()) > 0:
            asked.settimeout(left)
            answer = _answers(query, asked.recv(65_535))
            if answer is not None:
                return answer
    raise TimeoutError


def _answers(query: DNSRecord, data: bytes) -> DNSRecord | None:
    try:
        answer = DNSRecord.parse(data)
    except DNSError:
        return None
    same = [(each.qname, each.qtype) for each in answer.questions] == [
        (each.qname, each.qtype) for each in query.questions
    ]
    return answer if same and answer.header.id == query.header.id and answer.header.qr else None

"""Answers as DNS packets: their flags, and what fits into a datagram."""

import contextlib

from dnslib import EDNS0
from dnslib import QTYPE
from dnslib import RCODE
from dnslib import DNSError
from dnslib import DNSHeader
from dnslib import DNSQuestion
from dnslib import DNSRecord

from workbench.rehearsal.network.resolution import Answer

# What a UDP answer may have when a client doesn't say (RFC 1035), and what it may have here
# at most: larger ones are fragmented and get lost (the DNS flag day's figure).
PLAIN_SIZE = 512
LARGEST = 1232


def reply(query: DNSRecord, found: Answer) -> DNSRecord:
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


def malformed(data: bytes) -> DNSRecord | None:
    """Return the answer to what is no query; None to what could be an answer."""
    if len(data) < 12 or data[2] & 0x80:
        return None
    return DNSRecord(DNSHeader(id=int.from_bytes(data[:2], "big"), qr=1, ra=1, rcode=RCODE.FORMERR))


def size_of(query: bytes) -> int:
    """Return how many bytes the answer to a query over UDP may have."""
    with contextlib.suppress(DNSError):
        for record in DNSRecord.parse(query).ar:
            if record.rtype == QTYPE.OPT:
                # The OPT record keeps the size where others have their class.
                return min(max(int(record.rclass), PLAIN_SIZE), LARGEST)
    return PLAIN_SIZE


def fitting(answer: DNSRecord, size: int) -> bytes:
    """Return the packet; one over ``size`` bytes says only that TCP has the answer."""
    packet = bytes(answer.pack())
    if len(packet) <= size:
        return packet
    header = DNSHeader(id=answer.header.id, bitmap=answer.header.bitmap, tc=1)
    options = [each for each in answer.ar if each.rtype == QTYPE.OPT]
    return bytes(DNSRecord(header, questions=answer.questions, ar=options).pack())

"""Find the answer to a DNS query in the rehearsal's own zones, as Route 53 gives it."""

import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import lru_cache

from dnslib import AAAA
from dnslib import CLASS
from dnslib import QTYPE
from dnslib import RCODE
from dnslib import RD
from dnslib import RR
from dnslib import A

from workbench.rehearsal.network.zones import Record
from workbench.rehearsal.network.zones import Zone
from workbench.rehearsal.network.zones import canonical

AWS_SUFFIXES = ("amazonaws.com", "api.aws")
# Names that mean something on this computer or in this rehearsal only (RFC 6761, and what
# private use is made of): never asked upstream. Reverse zones: RFC 6303.
PRIVATE_SUFFIXES = (
    "internal",
    "localhost",
    "10.in-addr.arpa",
    "127.in-addr.arpa",
    "168.192.in-addr.arpa",
    "254.169.in-addr.arpa",
    *(f"{second}.172.in-addr.arpa" for second in range(16, 32)),
)
# EC2's own names for instances hold the address: ip-10-0-0-7.ec2.internal.
EC2_NAME = re.compile(
    r"(?:ip|ec2)-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})"
    r"\.(?:ec2\.internal|[a-z0-9-]+\.compute\.internal|[a-z0-9.-]*compute[0-9-]*\.amazonaws\.com)"
)
LONGEST_CHAIN = 16
STATIC_TTL = 60
NEGATIVE_TTL = 900
SOA = "ns-0.awsdns-00.com. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"


@dataclass
class Answer:
    """What is known of a query; ``continue_at`` is a name outside that a CNAME points to."""

    rcode: int = RCODE.NOERROR
    answers: list[RR] = field(default_factory=list)
    authority: list[RR] = field(default_factory=list)
    authoritative: bool = True
    continue_at: str | None = None


class Resolver:
    """Answer from hosted zones, fixed names and AWS's host names.

    ``zones`` returns the zones as they are now. ``static`` maps names to IPv4 addresses;
    ``aws`` is the address of every AWS host name, None where those aren't served.
    """

    def __init__(
        self,
        zones: Callable[[], Iterable[Zone]],
        static: Mapping[str, str],
        aws: str | None,
        *,
        followed: int = 0,
    ) -> None:
        self._zones = zones
        self._static = {canonical(name): address for name, address in static.items()}
        self._aws = aws
        self._followed = followed  # alias records on the way here

    def resolve(self, name: str, kind: int) -> Answer | None:
        """Return the answer, or None when only a resolver outside can know it."""
        zones = list(self._zones())
        found = Answer()
        owner, current = name, canonical(name)
        for _ in range(LONGEST_CHAIN):
            zone = _zone_of(zones, current)
            step = self._step(zones, zone, owner, current, kind)
            if step is None and not found.answers:
                return None
            if step is None:
                found.continue_at = current
                return found
            _extend(found, step)
            if step.continue_at is None:
                return found
            owner, current = step.continue_at, canonical(step.continue_at)
        return Answer(RCODE.SERVFAIL)  # CNAMEs in a circle

    def _step(
        self, zones: list[Zone], zone: Zone | None, owner: str, name: str, kind: int
    ) -> Answer | None:
        address = self._fixed(name) if zone is None else self._static.get(name)
        if address is not None:
            return _address(owner, address, kind)
        if zone is not None:
            return self._in_zone(zones, zone, owner, name, kind)
        if name == "localhost" or name.endswith(".localhost"):
            return _loopback(owner, kind)
        if any(name == suffix or name.endswith("." + suffix) for suffix in PRIVATE_SUFFIXES):
            return Answer(RCODE.NXDOMAIN)
        return None

    def _fixed(self, name: str) -> str | None:
        if name in self._static:
            return self._static[name]
        match = EC2_NAME.fullmatch(name)
        if match and all(int(part) < 256 for part in match.groups()):
            return ".".join(str(int(part)) for part in match.groups())
        if any(name == suffix or name.endswith("." + suffix) for suffix in AWS_SUFFIXES):
            return self._aws
        return None

    def _in_zone(self, zones: list[Zone], zone: Zone, owner: str, name: str, kind: int) -> Answer:
        if delegation := _delegation(zone, name):
            return Answer(authority=delegation, authoritative=False)
        records = _records(zone, name)
        if records is None:
            return Answer(RCODE.NXDOMAIN, authority=[_soa(zone)])
        aliases = [each for each in records if each.type == "CNAME"]
        if aliases and kind not in (QTYPE.CNAME, QTYPE.ANY):
            target = aliases[0].alias or aliases[0].values[0]
            return Answer(
                answers=[_parse(owner, aliases[0].ttl, "CNAME", target)], continue_at=target
            )
        found = Answer()
        for record in records:
            if kind in (QTYPE.ANY, QTYPE.reverse.get(record.type)):
                found.answers += self._values(zones, owner, record)
        if not found.answers:
            found.authority = [_soa(zone)]
        return found

    def _values(self, zones: list[Zone], owner: str, record: Record) -> list[RR]:
        if record.alias is None:
            return [_parse(owner, record.ttl, record.type, value) for value in record.values]
        # An alias answers with what its target has, under its own name: no CNAME is seen.
        kind = QTYPE.reverse[record.type]
        if self._followed >= LONGEST_CHAIN:
            return []
        resolver = Resolver(lambda: zones, self._static, self._aws, followed=self._followed + 1)
        target = resolver.resolve(record.alias, kind)
        found = [each for each in target.answers if each.rtype == kind] if target else []
        return [RR(owner, each.rtype, each.rclass, each.ttl, each.rdata) for each in found]


def _extend(found: Answer, step: Answer) -> None:
    found.rcode = step.rcode
    found.answers += step.answers
    found.authority = step.authority
    found.authoritative = found.authoritative and step.authoritative


def _zone_of(zones: list[Zone], name: str) -> Zone | None:
    # The longest name is nearest; of two zones with one name the later one counts.
    holding = [zone for zone in reversed(zones) if zone.holds(name)]
    return max(holding, key=lambda zone: len(zone.apex), default=None)


def _delegation(zone: Zone, name: str) -> list[RR]:
    for ancestor in _ancestors(zone, name):
        servers = [each for each in zone.by_name.get(ancestor, []) if each.type == "NS"]
        if servers:
            return [
                _parse(ancestor, each.ttl, "NS", value) for each in servers for value in each.values
            ]
    return []


def _ancestors(zone: Zone, name: str) -> Iterator[str]:
    """Yield the name and those above it, without the apex, the topmost first."""
    labels = name[: -len(zone.apex) - 1].split(".") if name != zone.apex else []
    for start in range(len(labels) - 1, -1, -1):
        yield ".".join([*labels[start:], zone.apex])


def _records(zone: Zone, name: str) -> list[Record] | None:
    """Return the records of a name, those of the wildcard that covers it, or None."""
    if name in zone.existing:
        return zone.by_name.get(name, [])
    while name != zone.apex:
        name = name.partition(".")[2]
        if name in zone.existing:
            # RFC 4592: only the wildcard right below the closest name that exists.
            return zone.by_name.get("*." + name)
    return None


def _address(owner: str, address: str, kind: int) -> Answer:
    if kind not in (QTYPE.A, QTYPE.ANY):
        return Answer()
    return Answer(answers=[RR(owner, QTYPE.A, CLASS.IN, STATIC_TTL, A(address))])


def _loopback(owner: str, kind: int) -> Answer:
    found = _address(owner, "127.0.0.1", kind)
    if kind in (QTYPE.AAAA, QTYPE.ANY):
        found.answers.append(RR(owner, QTYPE.AAAA, CLASS.IN, STATIC_TTL, AAAA("::1")))
    return found


def _soa(zone: Zone) -> RR:
    own = [each for each in zone.by_name.get(zone.apex, []) if each.type == "SOA" and each.values]
    value, ttl = (own[0].values[0], own[0].ttl) if own else (SOA, NEGATIVE_TTL)
    soa = _parse(zone.apex, ttl, "SOA", value)
    # RFC 2308: how long "no" may be remembered is the lesser of the two.
    soa.ttl = min(ttl, soa.rdata.times[4])
    return soa


def _parse(owner: str, ttl: int, kind: str, value: str) -> RR:
    return RR(owner, QTYPE.reverse[kind], CLASS.IN, ttl, _data(kind, value))


@lru_cache(maxsize=4096)
def _data(kind: str, value: str) -> RD:
    return RR.fromZone(f". 0 IN {kind} {value}")[0].rdata

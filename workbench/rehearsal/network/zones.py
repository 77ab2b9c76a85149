"""Route 53's hosted zones as plain data."""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from typing import Protocol


@dataclass(frozen=True)
class Record:
    """One resource record set. ``alias`` is the name an alias record stands for."""

    name: str
    type: str
    ttl: int = 300
    values: tuple[str, ...] = ()
    alias: str | None = None


@dataclass(frozen=True)
class Zone:
    """One hosted zone; names are written in any case, with or without the last dot."""

    name: str
    records: tuple[Record, ...]

    @cached_property
    def apex(self) -> str:
        """The zone's name as ``canonical`` writes it."""
        return canonical(self.name)

    @cached_property
    def by_name(self) -> dict[str, list[Record]]:
        """The record sets by their name as ``canonical`` writes it."""
        found: dict[str, list[Record]] = {}
        for record in self.records:
            found.setdefault(canonical(record.name), []).append(record)
        return found

    @cached_property
    def existing(self) -> frozenset[str]:
        """Every name that exists: those with records, and those above them up to the apex."""
        names = {self.apex}
        for name in self.by_name:
            while name != self.apex and name.endswith("." + self.apex):
                names.add(name)
                name = name.partition(".")[2]
        return frozenset(names)

    def holds(self, name: str) -> bool:
        """Whether a name lies in the zone."""
        return name == self.apex or name.endswith("." + self.apex)


class HostedZone(Protocol):
    """A hosted zone of moto's, as far as it is read here."""

    name: str
    rrsets: Iterable[Any]


def canonical(name: str) -> str:
    r"""Return a name in lower case, with no last dot and Route 53's escapes (``\052``) undone."""
    plain = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), name)
    return plain.rstrip(".").lower()


def read_zones(hosted_zones: Iterable[HostedZone]) -> list[Zone]:
    """Return moto's hosted zones (``route53_backend.zones.values()``) as plain data."""
    return [
        Zone(zone.name, tuple(_read_record(record_set) for record_set in list(zone.rrsets)))
        for zone in list(hosted_zones)
    ]


def _read_record(record_set: Any) -> Record:
    alias: Mapping[str, Any] = record_set.alias_target or {}
    return Record(
        name=record_set.name,
        type=record_set.type,
        ttl=int(record_set.ttl or 60),
        # Moto keeps the records of a zone's own SOA as dicts, all others as texts.
        values=tuple(
            each["Value"] if isinstance(each, dict) else each for each in record_set.records or ()
        ),
        alias=alias.get("DNSName"),
    )

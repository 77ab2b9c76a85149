"""How many wrong passwords are looked at: by address, by name, and by a name from an address.

Whoever has signed in from a place before isn't in the way of strangers' mistakes: neither what
others get wrong at the same address nor what strangers try on their name keeps them out. What a
person gets wrong counts on their own name there, so that a lab behind one address isn't locked out
by one of its people. A right password takes nothing off a count: whoever has an account could
clear their address's between two guesses.

Only in memory, of a fixed size; a restart of the hub forgets it. Standard library only.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from collections.abc import Hashable
from dataclasses import dataclass

Clock = Callable[[], float]
# All of it, at about 300 bytes each, is a few MiB. To push a count out, a guesser has to get as
# many others wrong, from hundreds of addresses: more than the guesses it gives back.
KEPT = 20_000
# An IPv6 subscriber has at least a /64.
IPV6_PREFIX = 64
# Everyone on the server can send from any of these.
LOOPBACK = "127.0.0.0/8"


@dataclass(frozen=True)
class Attempt:
    """A password given for a name; ``browser`` is set where this one signed that name in before."""

    name: str
    address: str
    browser: str | None = None


class Counts:
    """How often something went wrong since its first time within ``seconds``."""

    def __init__(self, limit: int, seconds: float, clock: Clock, kept: int = KEPT) -> None:
        self._limit, self._seconds, self._clock, self._kept = limit, seconds, clock, kept
        # In the order of their first time: those to forget are in front.
        self._counts: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, key: Hashable) -> None:
        """Count one."""
        self._forget()
        begun, count = self._counts.get(key, (self._clock(), 0))
        self._counts[key] = begun, count + 1
        if len(self._counts) > self._kept:
            self._counts.popitem(last=False)

    def wait(self, key: Hashable) -> float:
        """Return in how many seconds the key may be tried again; 0 for now."""
        self._forget()
        begun, count = self._counts.get(key, (0.0, 0))
        return begun + self._seconds - self._clock() if count >= self._limit else 0.0

    def _forget(self) -> None:
        limit = self._clock() - self._seconds
        while self._counts and next(iter(self._counts.values()))[0] <= limit:
            self._counts.popitem(last=False)


class Throttle:
    """Which attempts are looked at, and which are to wait."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._here = Counts(10, 300, clock)
        self._addresses = Counts(50, 300, clock)
        self._names = Counts(100, 3600, clock)
        self._browsers = Counts(10, 300, clock)
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def lane(self, attempt: Attempt) -> tuple[Hashable, bool]:
        """Return with whom an attempt has to queue, and whether these are strangers."""
        if self._counts_by_browser(attempt):
            return attempt.browser, False
        if self._signed_in_here(attempt):
            return (attempt.name, attempt.address), False
        return attempt.address, True

    def wait(self, attempt: Attempt) -> float:
        """Return in how many seconds the password would be looked at; 0 for now."""
        if self._counts_by_browser(attempt):
            return 0.0
        waits = [self._here.wait((attempt.name, attempt.address))]
        if not self._signed_in_here(attempt):
            waits += [self._addresses.wait(attempt.address), self._names.wait(attempt.name)]
        return max(waits)

    def was_wrong(self, attempt: Attempt) -> None:
        """Count a wrong password."""
        if self._counts_by_browser(attempt):
            self._browsers.add(attempt.browser)
            return
        self._here.add((attempt.name, attempt.address))
        if not self._signed_in_here(attempt):
            self._addresses.add(attempt.address)
            self._names.add(attempt.name)

    def was_right(self, attempt: Attempt) -> None:
        """Remember where a person signs in."""
        place = attempt.name, attempt.address
        self._known[place] = None
        self._known.move_to_end(place)
        if len(self._known) > KEPT:
            self._known.popitem(last=False)

    def _counts_by_browser(self, attempt: Attempt) -> bool:
        return attempt.browser is not None and not self._browsers.wait(attempt.browser)

    def _signed_in_here(self, attempt: Attempt) -> bool:
        return (attempt.name, attempt.address) in self._known


def subscriber(address: str) -> str:
    """Return what stands for one visitor: an IPv4 address, an IPv6 network, or this server."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    known = getattr(known, "ipv4_mapped", None) or known
    if known.is_loopback:
        return LOOPBACK
    if known.version == 4:
        return str(known)
    return str(ipaddress.ip_network((known, IPV6_PREFIX), strict=False))

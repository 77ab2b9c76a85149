"""Whose password is looked at next: one at a time in each lane, a few of strangers' in all.

Checking a password takes a processor's time on purpose. Strangers who send many wait for each
other, and never take the threads that people who were here before are checked in. Standard
library only.
"""

import asyncio
from collections.abc import AsyncIterator
from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager
from contextlib import asynccontextmanager
from contextlib import nullcontext
from dataclasses import dataclass
from dataclasses import field

# Half of the hub's four threads.
STRANGERS_AT_ONCE = 2
WAITING_IN_A_LANE = 30
STRANGERS_WAITING = 200


class FullError(Exception):
    """Too many wait already."""


@dataclass
class _Lane:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


class Turns:
    """The lanes of those whose passwords are to be looked at."""

    def __init__(self) -> None:
        self._lanes: dict[Hashable, _Lane] = {}
        self._checks = asyncio.Semaphore(STRANGERS_AT_ONCE)
        self._strangers = 0

    def __len__(self) -> int:
        return len(self._lanes)

    @asynccontextmanager
    async def turn(self, key: Hashable, *, is_stranger: bool) -> AsyncIterator[None]:
        """Wait until nobody else in the lane has a turn; raise FullError behind too many."""
        if is_stranger and self._strangers >= STRANGERS_WAITING:
            raise FullError
        lane = self._lanes.setdefault(key, _Lane())
        if lane.waiting >= WAITING_IN_A_LANE:
            raise FullError
        lane.waiting += 1
        self._strangers += is_stranger
        try:
            async with lane.lock:
                yield
        finally:
            lane.waiting -= 1
            self._strangers -= is_stranger
            if not lane.waiting:
                del self._lanes[key]

    def check(self, *, is_stranger: bool) -> AbstractAsyncContextManager[None]:
        """Return what to hold while a password is looked at; strangers wait for it."""
        return self._checks if is_stranger else nullcontext()

"""Strangers wait for each other, and nobody who was here before waits for them."""

import asyncio

import pytest

from workbench.host.hub.turns import STRANGERS_AT_ONCE
from workbench.host.hub.turns import STRANGERS_WAITING
from workbench.host.hub.turns import WAITING_IN_A_LANE
from workbench.host.hub.turns import FullError
from workbench.host.hub.turns import Turns


class Door:
    """Passwords being looked at, for as long as the door is closed."""

    def __init__(self) -> None:
        self.turns, self.open = Turns(), asyncio.Event()
        self.inside, self.most = 0, 0

    async def enter(self, key: object, *, is_stranger: bool = True) -> str:
        try:
            async with (
                self.turns.turn(key, is_stranger=is_stranger),
                self.turns.check(is_stranger=is_stranger),
            ):
                self.inside += 1
                self.most = max(self.most, self.inside)
                await self.open.wait()
                self.inside -= 1
            return "looked at"
        except FullError:
            return "refused"

    async def line_up(self, *comers: tuple[object, bool]) -> list["asyncio.Task[str]"]:
        tasks = [
            asyncio.create_task(self.enter(key, is_stranger=stranger)) for key, stranger in comers
        ]
        for _ in range(5):
            await asyncio.sleep(0)
        return tasks


def test_one_address_has_one_turn_at_a_time() -> None:
    async def scene() -> None:
        door = Door()
        tasks = await door.line_up(*[("here", True)] * 5)
        assert door.inside == 1
        door.open.set()
        assert await asyncio.gather(*tasks) == ["looked at"] * 5
        assert door.most == 1
        assert len(door.turns) == 0

    asyncio.run(scene())


def test_a_full_lane_refuses_and_leaves_others_alone() -> None:
    async def scene() -> None:
        door = Door()
        tasks = await door.line_up(*[("here", True)] * (WAITING_IN_A_LANE + 3), ("there", True))
        door.open.set()
        said = await asyncio.gather(*tasks)
        assert said.count("refused") == 3
        assert said[-1] == "looked at"

    asyncio.run(scene())


@pytest.mark.parametrize("many", [50, STRANGERS_WAITING + 50])
def test_strangers_from_many_addresses_leave_threads_to_people_from_before(many: int) -> None:
    async def scene() -> None:
        door = Door()
        tasks = await door.line_up(*((number, True) for number in range(many)))
        assert door.inside == STRANGERS_AT_ONCE
        tasks += await door.line_up(("ada", False))
        assert door.inside == STRANGERS_AT_ONCE + 1
        door.open.set()
        said = await asyncio.gather(*tasks)
        assert said.count("refused") == max(0, many - STRANGERS_WAITING)
        assert said[-1] == "looked at"
        assert len(door.turns) == 0

    asyncio.run(scene())


def test_a_visitor_who_goes_away_gives_the_turn_back() -> None:
    async def scene() -> None:
        door = Door()
        first, second = await door.line_up(("here", True), ("here", True))
        first.cancel()
        second.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        assert len(door.turns) == 0
        door.open.set()
        assert await door.enter("here") == "looked at"

    asyncio.run(scene())

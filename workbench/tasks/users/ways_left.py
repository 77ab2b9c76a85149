"""What is left to a person who loses rights: told before, and looked for again after."""

import textwrap
from collections.abc import Sequence

from workbench.checks.rights import EVERYBODY
from workbench.checks.rights import RightsUnknownError
from workbench.checks.rights import Way
from workbench.checks.rights import read_ways
from workbench.checks.rights import read_ways_of_key
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.terminal import escape_name

GONE, MEMBER = "gone", "member"
WIDTH = 77


def find_ways(
    state: StackState, progress: Progress, name: str, rank: str, *, administrator: bool
) -> list[Way]:
    """Return the ways that a person has, or would have, with this rank.

    An administrator may have opened ways that have nobody's name.
    """
    with progress.phase(f"Ways back in for {name}"):
        ways, _ = read_ways(state.server, state.stack, {name: rank}, by_hand=administrator)
    return [way for way in ways if administrator or way.person in (name, EVERYBODY)]


def plan_of_ways(
    state: StackState, progress: Progress, name: str, rank: str, *, administrator: bool
) -> list[str]:
    """Return what a plan says of the ways that would be left."""
    try:
        ways = find_ways(state, progress, name, rank, administrator=administrator)
    except RightsUnknownError as error:
        return textwrap.wrap(f"What would be left to {name} isn't known yet: {error.message}", 79)
    if not ways:
        return []
    return [
        f"This stays, and isn't taken away by the recipe ({_number(ways)}):",
        *_lines(ways, state.stack),
    ]


def require_none_left(
    state: StackState, progress: Progress, name: str, rank: str, *, administrator: bool
) -> None:
    """Look again, when it is done; raise with what is left, and what takes it away."""
    ways = find_ways(state, progress, name, rank, administrator=administrator)
    sure = [way for way in ways if way.sure]
    unsure = [way for way in ways if not way.sure]
    if unsure:
        print(f"\nTo review: only you can say whether it is intended ({_number(unsure)}):")
        print("\n".join(_lines(unsure, state.stack)))
    if sure:
        raise WorkbenchError(
            f"{name} still has a way in, or a way to more rights:"
            + "".join(f"\n{line}" for line in _lines(sure, state.stack)),
            f"workbench check --stack {state.stack}   looks again",
        )


def plan_of_key(
    state: StackState, progress: Progress, name: str, taken: Sequence[str]
) -> list[str]:
    """Return what a plan says of where keys stay that are taken from a person."""
    ways = _ways_of_keys(state, progress, name, taken)
    if not ways:
        return []
    return ["It stays here, where the recipe doesn't look:", *_lines(ways, state.stack)]


def require_key_gone(
    state: StackState, progress: Progress, name: str, taken: Sequence[str]
) -> None:
    """Look again, when it is done; raise with what the keys still open."""
    ways = _ways_of_keys(state, progress, name, taken)
    if ways:
        told = "".join(f"\n{line}" for line in _lines(ways, state.stack))
        raise WorkbenchError(
            f"The key is out of the configuration of {name}, but isn't off the server:{told}",
            f"workbench users.keys.list {name} --stack {state.stack}",
        )


def _ways_of_keys(
    state: StackState, progress: Progress, name: str, taken: Sequence[str]
) -> list[Way]:
    if not taken:
        return []
    with progress.phase(f"Where else {name}'s key is"):
        try:
            found = [read_ways_of_key(state.server, state.stack, mark) for mark in taken]
        except RightsUnknownError:
            return []  # a recipe of before; the one that is to come answers
    return [way for ways in found for way in ways]


def _lines(ways: Sequence[Way], stack: str) -> list[str]:
    return [line for way in ways for line in _paragraph(way, stack)]


def _paragraph(way: Way, stack: str) -> list[str]:
    what = escape_name(way.what, 300)
    said = textwrap.wrap(what, WIDTH, break_long_words=False, break_on_hyphens=False)
    command = escape_name(way.command(stack), 1000)
    return [*(f"  {line}" for line in said), f"      {command}"]


def _number(ways: Sequence[Way]) -> str:
    return "1 way" if len(ways) == 1 else f"{len(ways)} ways"

"""Two places for a server: one serves, the other is empty but while the server is replaced.

The places keep Pulumi's names of both apart, and which of them serves is configuration. So a
replacement changes what a name points to, never a name, and is undone the same way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workbench.components.errors import ArgumentError

FIRST, SECOND = "first", "second"


@dataclass(frozen=True)
class Slots:
    """Which server serves, and the type of the other one; None where there is only one."""

    current: str
    other_type: str | None

    @property
    def other(self) -> str:
        """The slot that doesn't serve."""
        return FIRST if self.current == SECOND else SECOND


def read_slots(args: Mapping[str, Any]) -> Slots:
    """Return what a workbench's arguments say of its servers."""
    following, previous = args.get("next_instance_type"), args.get("previous_instance_type")
    if following is not None and previous is not None:
        raise ArgumentError(
            "next_instance_type and previous_instance_type can't both be there: a workbench has"
            " two servers at most.",
            "workbench resize TYPE --replace   continues the replacement",
        )
    return Slots(args.get("current_server") or FIRST, following or previous)


def check_slot(value: object, what: str) -> str:
    """Return the name of a slot."""
    if value not in (FIRST, SECOND):
        raise ArgumentError(f"{what} is {value!r}, but must be {FIRST} or {SECOND}.")
    return str(value)


def server_name(workbench: str, slot: str) -> str:
    """Return the name of the server in a slot."""
    return f"{workbench}-server" if slot == FIRST else f"{workbench}-server-2"

"""How far the replacement of a server has come: what the stack's configuration says of it.

Nothing else is remembered. A command that was killed, on this computer or on another one, is
gone on with from there; and what is done, is done by a change of these keys.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from workbench.configured import CURRENT_SERVER
from workbench.configured import INSTANCE_TYPE
from workbench.configured import NEXT_TYPE
from workbench.configured import PREVIOUS_TYPE
from workbench.configured import Configured
from workbench.errors import ConfigError

if TYPE_CHECKING:
    from workbench.engine.stack_config import Value

FIRST, SECOND = "first", "second"

Values = dict[str, "Value"]


class Stage(StrEnum):
    """One part of a replacement; each can be done again."""

    BUILD = "build"
    SWITCH = "switch"
    CHECK = "check"
    SWITCH_BACK = "switch back"
    END = "end"


@dataclass(frozen=True)
class Replacement:
    """Which of two servers serves, its type, and the type of the one it gives way to or replaced.

    ``previous_type`` is there only after the switch, ``next_type`` only before it.
    """

    current: str
    instance_type: str
    next_type: str | None = None
    previous_type: str | None = None

    @property
    def other_type(self) -> str | None:
        """The type of the server that doesn't serve; None where there is only one."""
        return self.next_type or self.previous_type

    def stages(self, target: str, stack: str) -> tuple[Stage, ...]:
        """Return what is left to do until ``target`` serves, alone; raise where that can't be."""
        if self.other_type is None:
            whole = (Stage.BUILD, Stage.SWITCH, Stage.CHECK, Stage.END)
            return () if target == self.instance_type else whole
        if target == self.next_type:
            return Stage.BUILD, Stage.SWITCH, Stage.CHECK, Stage.END
        if target == self.previous_type:
            return Stage.SWITCH_BACK, Stage.CHECK, Stage.END
        if target != self.instance_type:
            command = f"workbench resize {{}} --replace --stack {stack}"
            raise ConfigError(
                f"A replacement is in progress: {self.instance_type} is in use, and"
                f" {self.other_type}"
                " is alongside it.",
                f"{command.format(self.next_type or self.instance_type)}   continues\n"
                f"  {command.format(self.previous_type or self.instance_type)}   goes back",
            )
        if self.previous_type:
            return Stage.SWITCH, Stage.CHECK, Stage.END
        return (Stage.END,)

    def building(self, target: str) -> Values:
        """Return the configuration with a next server alongside this one."""
        return {
            CURRENT_SERVER: self.current,
            INSTANCE_TYPE: self.instance_type,
            NEXT_TYPE: target,
            PREVIOUS_TYPE: None,
        }

    def switched(self) -> Values:
        """Return the configuration in which the two have changed places; again, it changes back."""
        forward = self.next_type is not None
        return {
            # All that says which one serves is set in one write; what goes, goes after it.
            CURRENT_SERVER: FIRST if self.current == SECOND else SECOND,
            INSTANCE_TYPE: self.other_type,
            (PREVIOUS_TYPE if forward else NEXT_TYPE): self.instance_type,
            (NEXT_TYPE if forward else PREVIOUS_TYPE): None,
        }

    def ended(self) -> Values:
        """Return the configuration with only the one that serves."""
        current = None if self.current == FIRST else self.current
        return {CURRENT_SERVER: current, NEXT_TYPE: None, PREVIOUS_TYPE: None}


def read_replacement(configured: Configured, default_type: str) -> Replacement:
    """Return what a stack's configuration says; ``default_type`` is the server's, if it doesn't.

    A write that was interrupted leaves both types alongside the server's own, which tells the way.
    """
    current, instance_type = configured.current_server, default_type
    if configured.has("instance_type"):
        instance_type = configured.instance_type
    following, previous = configured.next_instance_type, configured.previous_instance_type
    if following and previous:
        if instance_type == previous:
            previous = None
        else:
            following = None
    return Replacement(current, instance_type, following, previous)

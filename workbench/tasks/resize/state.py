"""What instance type a server has: by the configuration, by Pulumi's state, and in AWS."""

from dataclasses import dataclass
from typing import Any

from workbench.checks.instance import read_instance
from workbench.configured import Configured
from workbench.remote.selection import find_project
from workbench.remote.stack_state import StackState
from workbench.remote.unreachable import ENDED
from workbench.remote.unreachable import gone_error
from workbench.tasks.resize.note import NOTE
from workbench.tasks.resize.note import Note


@dataclass(frozen=True)
class Situation:
    """The three words on a server's type, and how far a resize has come.

    ``configured`` is None where the program's default applies; ``pending`` is an operation of
    Pulumi's that was interrupted.
    """

    configured: str | None
    known: str
    instance: dict[str, Any]
    pending: bool
    note: Note | None

    @property
    def actual(self) -> str:
        """The type the instance has in AWS."""
        return str(self.instance["InstanceType"])

    @property
    def power(self) -> str:
        """EC2's word for the instance's state."""
        return str(self.instance["State"]["Name"])

    @property
    def agrees(self) -> bool:
        """Whether configuration, Pulumi's state and AWS say the same."""
        return not self.pending and self.known == self.actual == (self.configured or self.known)

    @property
    def before(self) -> str:
        """The type it had before the resize that is in progress, or has now."""
        if self.note is None or (self.agrees and self.power == "running"):
            return self.actual
        return self.note.before

    @property
    def configured_before(self) -> str | None:
        """What the configuration said when the server had that type."""
        if self.note is not None and self.before == self.note.before:
            return self.note.configured
        return self.before if self.configured not in (None, self.before) else self.configured


def read_situation(state: StackState) -> Situation:
    """Ask all three; raise where there is no instance any more."""
    from workbench.engine.stacks import open_stack
    from workbench.progress import Progress

    instance = read_instance(state.target())
    if instance is None or instance["State"]["Name"] in ENDED:
        raise gone_error(state)
    opened = open_stack(state.stack, find_project(), Progress(quiet=True))
    configured = Configured(opened.get_config())
    return Situation(
        configured=configured.instance_type if configured.has("instance_type") else None,
        known=str(opened.outputs().get("instance_type") or ""),
        instance=instance,
        pending=bool(opened.state().pending),
        note=NOTE.read(state),
    )

"""Turn the engine's events into what a person wants to see: now, so far, and what went wrong."""

import re
import threading
from dataclasses import dataclass
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.engine.state import ROOT
from workbench.engine.state import Resource
from workbench.engine.state import urn_resource
from workbench.progress import Phase
from workbench.progress import Progress

if TYPE_CHECKING:
    from pulumi.automation.events import DiagnosticEvent
    from pulumi.automation.events import EngineEvent
    from pulumi.automation.events import StepEventMetadata

# The engine marks colours as <{%red%}>.
_COLOUR = re.compile(r"<\{%.*?%\}>")

VERBS = {
    "create": "creating",
    "update": "updating",
    "delete": "deleting",
    "replace": "replacing",
    "create-replacement": "creating again",
    "delete-replaced": "deleting the old",
    "read": "reading",
    "refresh": "checking",
    "import": "importing",
    "import-replacement": "importing in place of the old",
}
_UNCHANGING = ("read", "refresh")


@dataclass(frozen=True)
class Diagnostic:
    """One error the engine reported: of a resource, or of the whole run (None)."""

    message: str
    resource: Resource | None


class Reporter:
    """Follow one operation's events; called from the Automation API's own threads."""

    def __init__(self, progress: Progress, phase: Phase) -> None:
        self.errors: list[Diagnostic] = []
        self.changes: list[tuple[str, Resource]] = []
        # How many resources of each of Pulumi's operations, the unchanged ones ("same") included.
        self.counts: dict[str, int] = {}
        self._progress = progress
        self._phase = phase
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}
        self._done = 0

    def on_event(self, event: "EngineEvent") -> None:
        """Take the next event."""
        with self._lock:
            if event.diagnostic_event is not None:
                self._note(event.diagnostic_event)
            elif event.resource_pre_event is not None:
                self._begin(event.resource_pre_event.metadata)
            elif event.res_outputs_event is not None:
                self._end(event.res_outputs_event.metadata)
            elif event.res_op_failed_event is not None:
                self._running.pop(event.res_op_failed_event.metadata.urn, None)
            elif event.summary_event is not None:
                told = event.summary_event.resource_changes
                # Said to be an Enum, and read as text.
                self.counts = {str(getattr(op, "value", op)): n for op, n in told.items()}

    def on_interrupt(self, count: int) -> None:
        """Say what Ctrl-C does now."""
        running = ", ".join(self._running.values()) or "nothing"
        self._progress.say(
            f"Stopping, once this is finished: {running}. (Ctrl-C again stops at once and may"
            " leave something behind that Pulumi doesn't know.)"
            if count == 1
            else "Stopping at once."
        )

    def _note(self, event: "DiagnosticEvent") -> None:
        message = plain_text(event.message)
        if not message or event.severity == "debug":
            return
        if event.severity == "error":
            self.errors.append(Diagnostic(message, _resource(event.urn)))

    def _begin(self, step: "StepEventMetadata") -> None:
        verb = VERBS.get(step.op.value)
        if verb is None or _is_internal(step.type):
            return
        if step.op.value not in _UNCHANGING:
            known = urn_resource(step.urn, step.old.id if step.old else "")
            inputs = (step.new.inputs if step.new else None) or {}
            before = (step.old.inputs if step.old else None) or {}
            changed = tuple(step.diffs or ())
            resource = replace(known, changed=changed, inputs=inputs, before=before)
            self.changes.append((step.op.value, resource))
        self._running[step.urn] = f"{verb} {urn_resource(step.urn)}"
        self._show()

    def _end(self, step: "StepEventMetadata") -> None:
        doing = self._running.pop(step.urn, None)
        if doing is not None:
            self._done += 1
            self._show()

    def _show(self) -> None:
        so_far = f"{self._done} done" if self._done else ""
        now = next(reversed(self._running.values()), "")
        more = len(self._running) - 1
        others = f" and {more} more" if more > 0 else ""
        self._phase.tick("; ".join(each for each in (so_far, now + others) if each))


def plain_text(message: str) -> str:
    """Return a message without the engine's colour marks."""
    return _COLOUR.sub("", message).strip()


def _resource(urn: str | None) -> Resource | None:
    if not urn:
        return None
    resource = urn_resource(urn)
    return None if resource.type == ROOT else resource


def _is_internal(kind: str) -> bool:
    """Whether it is the stack itself or a provider: nothing that a person asked for."""
    return kind.startswith("pulumi:")

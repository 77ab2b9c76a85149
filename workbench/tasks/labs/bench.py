"""Where a reader does the labs: which cloud, which folder, which labs there are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.labs.lab_file import Lab
from workbench.labs.lab_file import Step
from workbench.labs.lab_file import read_labs
from workbench.labs.records import Record
from workbench.labs.records import read_record
from workbench.progress import Progress
from workbench.rehearsal.description import Description
from workbench.rehearsal.names import rehearsal_of
from workbench.rehearsal.names import stack_name
from workbench.remote.selection import VARIABLE
from workbench.remote.selection import running_rehearsal
from workbench.remote.stack_state import StackState

# Labs have a rehearsal of their own, unless a stack is named.
REHEARSAL = "labs"
STACK = stack_name(REHEARSAL)
# A checkout's, or what a wheel has of them.
_CHECKOUT = Path(__file__).parents[3] / "labs"
_INSTALLED = Path(__file__).parents[2] / "labs" / "walkthroughs"
LABS = _INSTALLED if _INSTALLED.is_dir() else _CHECKOUT
# Of the project in the reader's folder, and so of that folder.
PROJECT = "do4ds-lab"


@dataclass
class LabBench:
    """A reader's labs on one stack."""

    stack: str
    record: Record
    labs: list[Lab]

    @property
    def folder(self) -> Path:
        """The reader's folder: keys, the lab's program, ``lab.env``."""
        return Path(self.record.folder) if self.record.folder else Path.home() / PROJECT

    @property
    def rehearsal(self) -> Description | None:
        """The rehearsal, if the stack is in one and it runs."""
        return running_rehearsal(self.stack)

    @cached_property
    def region(self) -> str:
        """The AWS region."""
        if self.rehearsal is not None:
            return self.rehearsal.region
        from workbench.engine.aws import read_region

        region = read_region({})
        if not region:
            raise ConfigError(
                "No AWS region is chosen for the labs.", "export AWS_REGION=us-east-1"
            )
        return region

    def aws(self, service: str) -> Any:
        """Return an AWS client of the labs' account and region."""
        return self._account.aws(service)

    @cached_property
    def _account(self) -> StackState:
        return self.state()

    def state(self, **outputs: Any) -> StackState:
        """Return these outputs as a stack's, for what reads a stack."""
        named = {} if rehearsal_of(self.stack) else {"region": self.region}
        return StackState(self.stack, {**named, **outputs}, {}, self.rehearsal)

    def lab(self, word: str) -> Lab:
        """Return the lab that a word names, the current one where it is empty."""
        wanted = word.strip() or str(self.record.current or "")
        if not wanted:
            raise WorkbenchError("No lab has been started yet.", "workbench labs.start 1")
        for lab in self.labs:
            if wanted in (str(lab.number), lab.folder.name):
                return lab
        numbers = ", ".join(str(lab.number) for lab in self.labs)
        raise ConfigError(f"There is no lab {wanted!r}; there are: {numbers}.", "workbench labs")

    def step(self, word: str) -> tuple[Lab, Step]:
        """Return the step that a word names; the current lab's first undone one for none."""
        if not word.strip():
            lab = self.lab("")
            left = [step for step in lab.steps if not self.record.step(step.name).done]
            return lab, (left or list(lab.steps))[0]
        for lab in self.labs:
            for step in lab.steps:
                if step.name == word:
                    return lab, step
        names = ", ".join(step.name for step in self.lab("").steps)
        raise ConfigError(
            f"There is no step {word!r}; this lab's are: {names}.", "workbench labs.check"
        )

    def typed(self, command: str) -> str:
        """Return a command of the labs as it has to be typed for this stack."""
        return command if self.stack == select_labs(None) else f"{command} --stack {self.stack}"


def select_labs(flag: str | None) -> str:
    """Return the labs' stack: the option, else the environment's, else the labs' own rehearsal."""
    import os

    return flag or os.environ.get(VARIABLE) or STACK


def open_bench(flag: str | None, *, read: Callable[[str], Record] = read_record) -> LabBench:
    """Return the labs on a stack. Raises where the labs aren't here, or it isn't the labs'."""
    if not (LABS / "README.md").is_file():
        raise WorkbenchError(
            "The labs' walkthroughs aren't installed with the package.",
            "cd to a checkout of the repository, and: make setup",
        )
    stack = select_labs(flag)
    refuse_others(stack)
    return LabBench(stack, read(stack), read_labs(LABS))


def refuse_others(stack: str) -> None:
    """Raise where a stack has a workbench: labs make and remove things, but never a person's."""
    if _has_workbench(stack):
        raise WorkbenchError(
            f"The stack {stack} has a workbench of its own, which labs don't touch.",
            f"Leave that one alone: workbench labs --stack {STACK}",
        )


def _has_workbench(stack: str) -> bool:
    rehearsal = rehearsal_of(stack)
    if rehearsal is None:
        return _has_workbench_in_aws(stack)
    from workbench.engine.state import projects_of

    return any(project != PROJECT for project in projects_of(stack))


def _has_workbench_in_aws(stack: str) -> bool:
    from workbench.engine.project import project_name
    from workbench.remote.selection import find_project
    from workbench.remote.stack_state import read_each

    if project_name(find_project()) == PROJECT:
        return False
    found = read_each(stack, Progress(quiet=True))
    return any(state.outputs.get("instance_id") for state in found)

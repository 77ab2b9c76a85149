"""Game days: something is broken on purpose, and the reader finds and repairs it."""

import secrets
from datetime import UTC
from datetime import datetime

from workbench.checks.check import Result
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.labs.lab_file import Fault
from workbench.labs.lab_file import Lab
from workbench.labs.lab_file import Step
from workbench.progress import Progress
from workbench.tasks.labs import scripts
from workbench.tasks.labs.bench import LabBench
from workbench.tasks.labs.checked import StepReport
from workbench.tasks.labs.checked import check_lab
from workbench.tasks.labs.checked import check_steps
from workbench.tasks.labs.checked import note


def inject(bench: LabBench, word: str, progress: Progress) -> None:
    """Break something of the current lab: what ``word`` names, or what chance chooses.

    Only of a step that is done: what was broken before can't be found.
    """
    if bench.record.fault:
        raise WorkbenchError(
            "Something is already broken; find that first.",
            bench.typed("workbench labs.fault"),
        )
    lab = bench.lab("")
    named = _named(lab, word) if word.strip() else []
    steps = [
        step for step in lab.steps if any(not named or fault in named for fault in step.faults)
    ]
    found = check_steps(bench, steps, progress)
    note(bench, found)
    possible = [
        fault
        for each in found
        for fault in each.step.faults
        if each.result is Result.PASS and (not named or fault in named)
    ]
    if not possible:
        raise WorkbenchError(
            "Nothing can be broken yet: the step it belongs to isn't done.",
            bench.typed("workbench labs.check"),
        )
    fault = secrets.choice(possible)
    scripts.run(bench, fault.inject, "that break something", quiet=True)
    bench.record.fault = fault.name
    bench.record.fault_since = datetime.now(UTC).isoformat(timespec="seconds")
    bench.record.save()


def _named(lab: Lab, word: str) -> list[Fault]:
    faults = [fault for step in lab.steps for fault in step.faults]
    found = [fault for fault in faults if fault.name == word]
    if not found:
        names = ", ".join(fault.name for fault in faults)
        raise ConfigError(
            f"There is no fault {word!r}; this lab's are: {names}.",
            "workbench labs.break   chooses one, without telling you which",
        )
    return found


def current(bench: LabBench) -> tuple[Lab, Step, Fault]:
    """Return the fault to be found, and the step it belongs to."""
    for lab in bench.labs:
        for step in lab.steps:
            for fault in step.faults:
                if fault.name == bench.record.fault:
                    return lab, step, fault
    raise WorkbenchError("Nothing is broken on purpose.", bench.typed("workbench labs.break"))


def standing(bench: LabBench, progress: Progress) -> tuple[list[StepReport], float]:
    """Return the current lab's steps that aren't done now, and how old the fault is (seconds)."""
    lab, _, _ = current(bench)
    found = check_lab(bench, lab, progress)
    since = datetime.fromisoformat(bench.record.fault_since)
    seconds = (datetime.now(UTC) - since).total_seconds()
    # Steps that nobody has done yet have nothing to do with it.
    known = [each for each in found if bench.record.step(each.step.name).done]
    return [each for each in known if each.result is not Result.PASS], seconds


def forget(bench: LabBench) -> None:
    """Have nothing to be found any more."""
    bench.record.fault = bench.record.fault_since = ""
    bench.record.save()

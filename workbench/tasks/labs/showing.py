"""Show how far the reader is."""

import time
from collections.abc import Callable
from typing import Any

from workbench.checks.check import Result
from workbench.labs.lab_file import Lab
from workbench.progress import Progress
from workbench.tasks.command_name import as_typed
from workbench.tasks.labs.bench import LabBench
from workbench.tasks.labs.checked import StepReport
from workbench.tasks.labs.checked import check_lab
from workbench.tasks.output import make_console
from workbench.tasks.output import print_reports
from workbench.tasks.output import print_rows

# Seconds between two looks.
INTERVAL = 3.0


def list_rows(bench: LabBench) -> list[dict[str, Any]]:
    """Return what the list of labs has, a lab each."""
    rows = []
    for lab in bench.labs:
        records = [bench.record.steps.get(step.name) for step in lab.steps]
        rows.append(
            {
                "lab": lab.number,
                "title": lab.title,
                "minutes": lab.minutes,
                "steps": len(lab.steps),
                "done": sum(bool(each and each.done) for each in records),
                "helped": sum(bool(each and each.helped) for each in records),
                "current": bench.record.current == lab.number,
                "walkthrough": str(lab.folder / "README.md"),
            }
        )
    return rows


def print_list(bench: LabBench) -> None:
    """Print the labs, and what to type next."""
    rows = [
        (
            f"{row['lab']}{' *' if row['current'] else ''}",
            row["title"],
            f"{row['minutes']} min",
            f"{row['done']} of {row['steps']}"
            + (f", {row['helped']} with help" if row["helped"] else ""),
        )
        for row in list_rows(bench)
    ]
    print_rows(("LAB", "WHAT", "TIME", "STEPS DONE"), rows, make_console())
    current = bench.record.current
    print()
    if current:
        print(f"The walkthrough of lab {current}: {bench.lab('').folder / 'README.md'}")
        print(as_typed(bench.typed("  workbench labs.check")))
    else:
        print(as_typed(bench.typed("  workbench labs.start 1")))


def print_steps(bench: LabBench, lab: Lab, found: list[StepReport]) -> None:
    """Print a lab's steps, and at the end what is next."""
    print(f"Lab {lab.number}: {lab.title}")
    print_table(bench, found)
    left = [each for each in found if each.result is not Result.PASS]
    if left:
        print(f"\n{len(found) - len(left)} of {len(found)} steps are done.")
        return
    print(f"\nAll {len(found)} steps are done.")
    later = [each for each in bench.labs if each.number > lab.number]
    if later:
        print(as_typed(bench.typed(f"  workbench labs.start {later[0].number}")))


def print_table(bench: LabBench, found: list[StepReport]) -> None:
    """Print steps, each with what shows how it stands."""
    hints = (bench.typed(f"workbench labs.hint {each.step.name}") for each in found)
    reports = [each.as_report(hint) for each, hint in zip(found, hints, strict=True)]
    print_reports(reports, make_console())


def watch(
    bench: LabBench, lab: Lab, progress: Progress, tell: Callable[[StepReport], None]
) -> list[StepReport]:
    """Look again and again, and report each step as soon as it is done, until all are."""
    done: set[str] = set()
    while True:
        found = check_lab(bench, lab, progress)
        for each in found:
            if each.result is Result.PASS and each.step.name not in done:
                done.add(each.step.name)
                tell(each)
        if all(each.result is Result.PASS for each in found):
            return found
        time.sleep(INTERVAL)

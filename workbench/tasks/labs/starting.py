"""Begin a lab: its start state, whatever was before."""

from pathlib import Path

from workbench.checks.check import Result
from workbench.errors import WorkbenchError
from workbench.labs.lab_file import Lab
from workbench.labs.lab_file import Step
from workbench.labs.records import StepRecord
from workbench.progress import Progress
from workbench.rehearsal.names import rehearsal_of
from workbench.tasks.changes.apply import confirm
from workbench.tasks.changes.apply import ensure_rehearsal
from workbench.tasks.labs import folder
from workbench.tasks.labs.bench import LabBench
from workbench.tasks.labs.checked import check_steps
from workbench.tasks.labs.removal import find_remains
from workbench.tasks.labs.removal import remove
from workbench.tasks.labs.scripts import ENVIRONMENT
from workbench.tasks.labs.scripts import run
from workbench.tasks.labs.scripts import solve


def start_lab(
    bench: LabBench,
    lab: Lab,
    progress: Progress,
    *,
    typed: str = "",
    forget: bool = False,
    empty: bool = False,
    yes: bool,
    dry_run: bool,
) -> bool:
    """Make a lab's start state; return whether it was done, False after a dry run.

    ``typed`` is the command, if not the plain one. With ``forget``, what is known of the lab's
    steps is forgotten; with ``empty``, there is nothing of it but the reader's folder.
    """
    command = bench.typed(typed or f"workbench labs.start {lab.number}")
    if not _make_room(bench, lab, command, progress, yes=yes, dry_run=dry_run):
        return False
    record = bench.record
    record.fault = record.fault_since = ""
    record.current, record.folder = lab.number, str(bench.folder)
    if forget:
        record.steps.update({step.name: StepRecord() for step in lab.steps})
    folder.clear(bench)
    folder.prepare(bench, lab, progress)
    record.save()
    steps = [] if empty else [bench.step(name)[1] for name in lab.needs]
    for step in steps:
        solve(bench, step)
    _require_done(bench, steps, progress)
    if lab.start and not empty:
        with progress.phase("Install what the lab starts with") as phase:
            phase.tick("a few minutes")
            # Silent, unless something fails.
            run(bench, lab.start, "that the lab starts with")
    return True


def _require_done(bench: LabBench, steps: list[Step], progress: Progress) -> None:
    """Raise where what the lab starts from isn't there; this waits for a server that boots."""
    if not steps:
        return
    for each in check_steps(bench, steps, progress):
        if each.result is not Result.PASS:
            raise WorkbenchError(
                f"The lab's start isn't complete: {each.step.heading}: {each.evidence}.",
                bench.typed("workbench labs.reset") + "   starts the lab over",
            )


def _make_room(
    bench: LabBench, lab: Lab, command: str, progress: Progress, *, yes: bool, dry_run: bool
) -> bool:
    """Remove what is there of labs, after asking; return whether to continue."""
    if dry_run and rehearsal_of(bench.stack) is not None and bench.rehearsal is None:
        print("This starts the rehearsal, and removes what the labs created in it.")
        return False
    ensure_rehearsal(bench.stack, progress)
    remains = find_remains(bench, progress)
    if remains.lines or dry_run:
        plan = [f"Lab {lab.number} starts; this is removed:", *(f"  {x}" for x in remains.lines)]
        if not confirm(plan, command, yes=yes, dry_run=dry_run):
            return False
    remove(bench, remains, progress)
    return True


def choose_folder(bench: LabBench, named: str | None) -> None:
    """Take another folder for the reader's files."""
    if named is None:
        return
    chosen = Path(named).expanduser().absolute()
    if chosen.exists() and not chosen.is_dir():
        raise WorkbenchError(
            f"{chosen} is no folder.", "workbench labs.start 1 --folder ~/do4ds-lab"
        )
    bench.record.folder = str(chosen)


def take_down(bench: LabBench, progress: Progress, *, yes: bool, dry_run: bool) -> bool:
    """Remove all that labs made and what is known of them; the reader's folder stays."""
    name = rehearsal_of(bench.stack)
    plan = [f"This removes everything the labs created on {bench.stack}, and your progress."]
    if name is not None:
        plan.append(f"The rehearsal {name!r} is removed, with everything in it.")
    elif lines := find_remains(bench, progress).lines:
        plan += [f"  {line}" for line in lines]
    if not confirm(plan, bench.typed("workbench labs.reset --all"), yes=yes, dry_run=dry_run):
        return False
    if name is not None:
        from workbench.rehearsal import control

        control.reset(name)
    else:
        remove(bench, find_remains(bench, progress), progress)
    folder.clear(bench)
    for leftover in (ENVIRONMENT, f"Pulumi.{bench.stack}.yaml"):
        (bench.folder / leftover).unlink(missing_ok=True)
    bench.record.path.unlink(missing_ok=True)
    return True

"""``workbench labs``: the book's labs, on a cloud on this computer or on AWS."""

import sys
from typing import TYPE_CHECKING

from invoke.collection import Collection
from invoke.context import Context
from invoke.exceptions import Exit

from workbench.remote.selection import DRY_RUN_HELP
from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import YES_HELP
from workbench.tasks.task import task

if TYPE_CHECKING:
    from workbench.labs.records import Record

STACK_HELP = "Stack to do the labs on (default: $WORKBENCH_STACK, else 'rehearsal-labs')."


@task(name="list", help={"stack": STACK_HELP, "json": JSON_HELP})
def list_labs(context: Context, stack: str | None = None, json: bool = False) -> None:
    """Show the labs, and your progress."""
    from workbench.tasks.labs.bench import open_bench
    from workbench.tasks.labs.showing import list_rows
    from workbench.tasks.labs.showing import print_list
    from workbench.tasks.output import print_json

    bench = open_bench(stack)
    if json:
        print_json(list_rows(bench))
    else:
        print_list(bench)


@task(
    positional=["lab"],
    help={
        "lab": "The lab's number.",
        "folder": "Your folder for keys and program (default: ~/do4ds-lab).",
        "empty": "Don't create a server: you start from the lab's program.",
        "yes": YES_HELP,
        "dry-run": DRY_RUN_HELP,
        "stack": STACK_HELP,
    },
)
def start(
    context: Context,
    lab: str,
    folder: str | None = None,
    empty: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    stack: str | None = None,
) -> None:
    """Start a lab, with everything it builds on.

    First removes what earlier labs created. You can do labs in any order.
    """
    from workbench.tasks.changes.apply import stack_progress
    from workbench.tasks.command_name import as_typed
    from workbench.tasks.labs.bench import open_bench
    from workbench.tasks.labs.starting import choose_folder
    from workbench.tasks.labs.starting import start_lab

    bench = open_bench(stack)
    chosen = bench.lab(lab)
    choose_folder(bench, folder)
    progress = stack_progress(bench.stack, "labs")
    typed = f"workbench labs.start {chosen.number}{' --empty' if empty else ''}"
    if start_lab(bench, chosen, progress, typed=typed, empty=empty, yes=yes, dry_run=dry_run):
        print(f"Lab {chosen.number} starts: {chosen.title}, about {chosen.minutes} minutes.")
        print(f"The walkthrough: {chosen.folder / 'README.md'}")
        print(as_typed(f"  cd {bench.folder} && source lab.env"))


@task(
    positional=["lab"],
    help={
        "lab": "The lab's number (default: the current one).",
        "watch": "Check every few seconds, until all steps are done.",
        "json": JSON_HELP,
        "stack": STACK_HELP,
    },
)
def check(
    context: Context,
    lab: str,
    watch: bool = False,
    json: bool = False,
    stack: str | None = None,
) -> None:
    """Check which steps of a lab are done.

    Looks at the result, not at what you typed. Exits with 1 as long as a step
    isn't done.
    """
    from workbench.tasks.changes.apply import interruptible
    from workbench.tasks.labs import showing
    from workbench.tasks.labs.bench import open_bench
    from workbench.tasks.labs.checked import check_lab
    from workbench.tasks.output import make_progress
    from workbench.tasks.output import print_json

    bench = open_bench(stack)
    chosen = bench.lab(lab)
    if watch:
        # What is for scripts is alone on standard output.
        told = sys.stderr if json else sys.stdout
        print(
            f"Looking every {showing.INTERVAL:.0f} seconds; Ctrl-C ends it.", file=told, flush=True
        )
        with interruptible("the labs are as they were", bench.typed("workbench labs.check")):
            found = showing.watch(
                bench,
                chosen,
                make_progress(quiet=True),
                lambda each: print(
                    f"PASS  {each.step.name}: {each.evidence}", file=told, flush=True
                ),
            )
    else:
        # Elsewhere than at a terminal, what is found is all that is to be seen.
        progress = make_progress(quiet=json or not sys.stderr.isatty())
        found = check_lab(bench, chosen, progress)
    if json:
        print_json([each.as_json() for each in found])
    else:
        showing.print_steps(bench, chosen, found)
    if any(each.result != "PASS" for each in found):
        raise Exit(None, 1)


@task(
    positional=["step"],
    help={"step": "The step (default: the first that isn't done).", "stack": STACK_HELP},
)
def hint(context: Context, step: str, stack: str | None = None) -> None:
    """Get a hint for a step.

    Each time you get one more: where to look, which command, the command itself.
    """
    from workbench.folding import fold_to_terminal
    from workbench.tasks.command_name import as_typed
    from workbench.tasks.labs.bench import open_bench

    bench = open_bench(stack)
    _, chosen = bench.step(step)
    record = bench.record.step(chosen.name)
    record.hints = min(record.hints + 1, len(chosen.hints))
    bench.record.save()
    print(f"{chosen.name}: {chosen.heading}")
    for number, text in enumerate(chosen.hints[: record.hints], 1):
        # The last one is a command, which stays whole to be copied.
        is_folded = sys.stdout.isatty() and number < len(chosen.hints)
        print(fold_to_terminal(f"{number}. {text}") if is_folded else f"{number}. {text}")
    more = "labs.hint" if record.hints < len(chosen.hints) else "labs.solve"
    print(as_typed(f"  {bench.typed(f'workbench {more} {chosen.name}')}"))


@task(
    positional=["step"],
    help={"step": "The step (default: the first that isn't done).", "stack": STACK_HELP},
)
def solve(context: Context, step: str, stack: str | None = None) -> None:
    """Have a step done for you, and see its commands.

    It counts as done with help.
    """
    from workbench.tasks.labs import scripts
    from workbench.tasks.labs import showing
    from workbench.tasks.labs.bench import open_bench
    from workbench.tasks.labs.checked import check_steps
    from workbench.tasks.labs.checked import note
    from workbench.tasks.output import make_progress

    bench = open_bench(stack)
    _, chosen = bench.step(step)
    progress = make_progress(quiet=not sys.stderr.isatty())
    [before] = check_steps(bench, [chosen], progress)
    if before.result == "PASS":
        print(f"{chosen.name} is done already: {before.evidence}")
        note(bench, [before])
        return
    scripts.solve(bench, chosen)
    bench.record.step(chosen.name).helped = True
    found = check_steps(bench, [chosen], progress)
    note(bench, found)
    showing.print_table(bench, found)
    if found[0].result != "PASS":
        raise Exit(None, 1)


@task(
    name="break",
    positional=["fault"],
    help={"fault": "What to break (default: chosen at random).", "stack": STACK_HELP},
)
def break_something(context: Context, fault: str, stack: str | None = None) -> None:
    """Break something in the lab, for you to find and fix."""
    from workbench.tasks.command_name import as_typed
    from workbench.tasks.labs import faults
    from workbench.tasks.labs.bench import open_bench
    from workbench.tasks.output import make_progress

    bench = open_bench(stack)
    faults.inject(bench, fault, make_progress(quiet=not sys.stderr.isatty()))
    print("Something is broken now. Find it and fix it.")
    print(as_typed(f"  {bench.typed('workbench labs.fault')}   says whether it is fixed"))


@task(
    help={
        "solve": "Have it fixed, and see how.",
        "stack": STACK_HELP,
    }
)
def fault(context: Context, solve: bool = False, stack: str | None = None) -> None:
    """Say whether what was broken is fixed.

    If it is, says what it was, and how long it took; otherwise exits with 1.
    """
    from workbench.tasks.command_name import as_typed
    from workbench.tasks.labs import faults
    from workbench.tasks.labs import scripts
    from workbench.tasks.labs import showing
    from workbench.tasks.labs.bench import open_bench
    from workbench.tasks.output import make_progress

    bench = open_bench(stack)
    _, _, broken = faults.current(bench)
    if solve:
        scripts.show("The repair", broken.repair)
        scripts.run(bench, broken.repair, "of the repair")
    left, seconds = faults.standing(bench, make_progress(quiet=not sys.stderr.isatty()))
    if left:
        showing.print_table(bench, left)
        print(f"\nIt isn't fixed yet, after {seconds / 60:.0f} min.")
        print(as_typed(f"  {bench.typed('workbench labs.fault --solve')}   fixes it"))
        raise Exit(None, 1)
    faults.forget(bench)
    print(f"It is fixed, after {seconds / 60:.0f} min. It was: {broken.cause}")


@task(
    positional=["lab"],
    help={
        "lab": "The lab's number (default: the current one).",
        "all": "Remove everything the labs created, and your progress.",
        "yes": YES_HELP,
        "dry-run": DRY_RUN_HELP,
        "stack": STACK_HELP,
    },
)
def reset(
    context: Context,
    lab: str,
    all: bool = False,
    yes: bool = False,
    dry_run: bool = False,
    stack: str | None = None,
) -> None:
    """Start a lab over, with none of its steps done.

    With --all, removes everything the labs created, and starts nothing.
    """
    from workbench.tasks.changes.apply import stack_progress
    from workbench.tasks.labs.bench import open_bench
    from workbench.tasks.labs.starting import start_lab
    from workbench.tasks.labs.starting import take_down

    if all:
        bench = open_bench(stack, read=_read_or_forget)
        if take_down(bench, stack_progress(bench.stack, "labs"), yes=yes, dry_run=dry_run):
            print(f"Nothing is left of the labs except your own files in {bench.folder}.")
        return
    bench = open_bench(stack)
    chosen = bench.lab(lab)
    progress = stack_progress(bench.stack, "labs")
    typed = f"workbench labs.reset {chosen.number}"
    if start_lab(bench, chosen, progress, typed=typed, forget=True, yes=yes, dry_run=dry_run):
        print(f"Lab {chosen.number} starts over: {chosen.title}.")


def _read_or_forget(stack: str) -> "Record":
    """Return the record, an empty one where it is damaged: it is to go anyway."""
    from workbench.errors import WorkbenchError
    from workbench.labs.records import Record
    from workbench.labs.records import read_record
    from workbench.labs.records import record_path

    try:
        return read_record(stack)
    except WorkbenchError as error:
        print(error.message, file=sys.stderr)
        return Record(record_path(stack))


collection = Collection("labs", start, check, hint, solve, break_something, fault, reset)
collection.add_task(list_labs, default=True)

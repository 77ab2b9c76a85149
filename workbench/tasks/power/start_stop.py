"""Start, stop and restart the server, and say what is so afterwards.

Through EC2 itself: whether an instance runs is no part of a stack's configuration.
"""

from workbench.checks.table import CHECKS
from workbench.errors import WorkbenchError
from workbench.prices import in_dollars
from workbench.progress import Progress
from workbench.remote.boots import await_next_boot
from workbench.remote.boots import boot_before
from workbench.remote.power import PowerWatch
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.remote.unreachable import ENDED
from workbench.remote.unreachable import gone_error
from workbench.tasks.changes.apply import confirm
from workbench.tasks.changes.apply import interruptible
from workbench.tasks.changes.usable import AWAITED
from workbench.tasks.changes.usable import wait_usable
from workbench.tasks.changes.verify import failing
from workbench.tasks.changes.verify import require_passed
from workbench.tasks.changes.working_people import see_people
from workbench.tasks.command_name import as_typed

# What stands in front of the checks that are waited for.
_BEFORE = ("stack", "instance", "security-group")


def watch_of(state: StackState) -> tuple[PowerWatch, str]:
    """Return the instance's power, and its state as it is now.

    Raises where there is no instance any more.
    """
    instance = str(state.outputs["instance_id"])
    watch = PowerWatch(state.aws("ec2"), instance, state.stack)
    now = watch.state
    if now in ENDED:
        raise gone_error(state)
    return watch, now


def start_server(state: StackState, progress: Progress, *, yes: bool, dry_run: bool) -> None:
    """Start the server, if it is stopped, and wait until it answers."""
    (watch, now), instance = watch_of(state), state.outputs["instance_id"]
    if now != "running":
        plan = [f"Start {instance}, a {watch.instance_type}.", _hourly(state, watch)]
        # In a rehearsal it costs nothing, so there is nothing to agree to.
        agreed = yes or state.rehearsal is not None
        command = f"workbench start --stack {state.stack}"
        if not confirm(plan, command, yes=agreed, dry_run=dry_run):
            return
    elif dry_run:
        print(f"{instance} is already running: nothing would be done.")
        return
    with interruptible(
        f"{instance} may be starting, and continues on its own",
        f"workbench status --stack {state.stack}",
    ):
        with progress.phase("Start") as phase:
            watch.ensure_running(phase)
        # Where a rehearsal's server answers is known while it runs.
        await_services(read_stack(state.stack, progress), progress)
    _say_where(state, progress, "The server runs")


def stop_server(
    state: StackState, progress: Progress, *, force: bool, yes: bool, dry_run: bool
) -> None:
    """Stop the server, unless someone is working on it."""
    (watch, now), instance = watch_of(state), state.outputs["instance_id"]
    command = f"workbench stop --stack {state.stack}"
    if now == "stopped":
        print(f"{instance} is already stopped.")
        print(as_typed(f"  workbench start --stack {state.stack}"))
        return
    if now == "stopping":
        # What would be asked about happens already.
        if dry_run:
            print(f"{instance} is already stopping: nothing would be done.")
            return
    else:
        people = see_people(state, progress)
        plan = [
            f"Stop {instance}, a {watch.instance_type}.",
            *people.lines,
            _hourly(state, watch),
            "Home folders, accounts and the address stay; volumes and address keep costing.",
        ]
        if not dry_run:
            people.refuse_stop(f"{command} --force", force=force)
        if not confirm(plan, _typed(command, force), yes=yes, dry_run=dry_run):
            return
        state.close()
    with (
        interruptible(
            f"{instance} may be stopping, and continues on its own",
            f"workbench status --stack {state.stack}",
        ),
        progress.phase("Stop") as phase,
    ):
        watch.ensure_stopped(phase)
    print(f"{instance} is stopped. Everything on its volumes is kept.")
    print(as_typed(f"  workbench start --stack {state.stack}"))


def restart_server(
    state: StackState, progress: Progress, *, force: bool, yes: bool, dry_run: bool
) -> None:
    """Reboot the server, unless someone works on it, and wait until it answers."""
    (watch, now), instance = watch_of(state), state.outputs["instance_id"]
    command = f"workbench restart --stack {state.stack}"
    if now != "running":
        raise WorkbenchError(
            f"{instance} is {now}: there is nothing to restart.",
            f"workbench start --stack {state.stack}",
        )
    people = see_people(state, progress)
    plan = [f"Restart {instance}; the services are unavailable for about a minute.", *people.lines]
    if not dry_run:
        people.refuse_stop(f"{command} --force", force=force)
    if not confirm(plan, _typed(command, force), yes=yes, dry_run=dry_run):
        return
    before = boot_before(state.door())
    state.close()
    with interruptible(
        f"{instance} was asked to reboot, and continues on its own",
        f"workbench status --stack {state.stack}",
    ):
        with progress.phase("Restart") as phase:
            watch.reboot()
            await_next_boot(state.door(), before, phase)
        await_services(state, progress)
    _say_where(state, progress, "The server was restarted")


def _say_where(state: StackState, progress: Progress, what: str) -> None:
    # Where a rehearsal's server answers may be another port after a start.
    print(f"{what}: {read_stack(state.stack, progress).url('url')}")
    print(as_typed(f"  workbench status --stack {state.stack}"))


def _typed(command: str, force: bool) -> str:
    return f"{command} --force" if force else command


def _hourly(state: StackState, watch: PowerWatch) -> str:
    prices = state.prices(watch.instance_type, others=False)
    price = prices.hourly(watch.instance_type)
    if price is None:
        return "Its running cost isn't known."
    free = "; free here" if state.rehearsal is not None else ""
    return f"Running costs {in_dollars(price, 4)} an hour\n  ({prices.source}{free})."


def await_services(state: StackState, progress: Progress) -> None:
    """Wait until certificate, pages and hub answer; raise with what doesn't."""
    target = state.target()
    wait_usable(target, progress)
    wanted = [check for check in CHECKS if check.name in (*_BEFORE, *AWAITED)]
    failed = failing(target, progress, checks=wanted)
    require_passed(state.stack, failed, "The server runs")

"""After a server has become another type: it runs, lets in, converges, and passes its checks."""

import textwrap

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.converging import converge_server
from workbench.remote.power import PowerWatch
from workbench.remote.ssh_target import UnreachableError
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.changes.usable import wait_usable
from workbench.tasks.changes.verify import failing
from workbench.tasks.changes.verify import require_passed
from workbench.tasks.command_name import as_typed
from workbench.tasks.resize.note import NOTE
from workbench.tasks.resize.state import Situation
from workbench.tasks.resize.state import read_situation


def get_in(state: StackState, progress: Progress, *, by_ssh: bool) -> None:
    """See that the instance runs, and with ``by_ssh`` that its system lets the administrator in."""
    with progress.phase("Boot") as phase:
        watch = PowerWatch(state.aws("ec2"), str(state.outputs["instance_id"]), state.stack)
        watch.ensure_running(phase)
        if not by_ssh:
            return

        fresh = read_stack(state.stack, progress)
        fresh.see_ports()
        door = fresh.door()

        def waiting() -> None:
            watch.check()
            phase.tick(f"waiting for {door.awaited}")

        door.wait_open(waiting=waiting).close()


def finish(
    state: StackState, before: Situation, wanted: str, known: list[str], progress: Progress
) -> None:
    """Check every service and that all agree on the type; then forget the note, and say so.

    ``known`` are the checks that failed before.
    """
    check_server(state, wanted, known, progress)
    now = read_situation(state)
    if parts(now) != parts(before):
        raise WorkbenchError(
            f"The server is a {wanted} now, but not with the same parts: {parts(now)}, where it"
            f" had {parts(before)}.",
            f"workbench doctor --stack {state.stack}",
        )
    NOTE.remove(state)
    but = f" but for what failed before ({', '.join(known)})" if known else ""
    print(f"The server is a {wanted} now. All its checks pass{but}, and these are as before:")
    print(textwrap.indent(parts(now), "  "))
    print(as_typed(f"  workbench status --stack {state.stack}"))


def parts(now: Situation) -> str:
    """Return what has to be the same before and after, in words."""
    attached = sorted(each["Ebs"]["VolumeId"] for each in now.instance["BlockDeviceMappings"])
    address = now.instance.get("PublicIpAddress") or now.instance.get("PrivateIpAddress", "none")
    return (
        f"instance {now.instance['InstanceId']}, address {address},\nvolumes {', '.join(attached)}"
    )


def check_server(state: StackState, wanted: str, known: list[str], progress: Progress) -> None:
    """Converge and check the server; raise where a check fails or its type isn't agreed on."""
    fresh = read_stack(state.stack, progress)
    try:
        try:
            converge_server(fresh, progress)
        except UnreachableError as error:
            # Also where SSH is closed to this computer; the checks say what else is wrong.
            progress.say(error.message)
        wait_usable(fresh.target(), progress)
        failed = failing(fresh.target(), progress, known=known)
    finally:
        fresh.close()
    require_passed(state.stack, failed, f"The server is a {wanted} now")
    now = read_situation(fresh)
    if not now.agrees or now.actual != wanted:
        raise WorkbenchError(
            f"The instance is a {now.actual}, Pulumi's state says {now.known}, and the"
            f" configuration {now.configured or 'nothing'}: they should all be {wanted}.",
            f"workbench resize {wanted} --stack {state.stack}",
        )

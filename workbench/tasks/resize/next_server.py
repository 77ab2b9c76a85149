"""The server that is built alongside the one that serves: reached, and brought to be ready."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.progress import Phase
from workbench.progress import Progress
from workbench.remote.converging import is_current
from workbench.remote.host_keys import KnownHosts
from workbench.remote.power import PowerWatch
from workbench.remote.recipe_run import converge
from workbench.remote.selection import running_rehearsal
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import OtherHostError
from workbench.remote.ssh_target import RefusedError
from workbench.remote.ssh_target import RemoteServer
from workbench.remote.stack_state import SSH_PORT
from workbench.remote.stack_state import StackState
from workbench.waiting import wait_for

T = TypeVar("T")

OUTPUT = "other_instance_id"
# Its own file: the pins of the server that serves may not be had again from an old console.
KNOWN_HOSTS = "known_hosts.next"
# A new instance gets its public address within seconds; one that gave back the Elastic IP, within
# minutes. docs.aws.amazon.com/vpc/latest/userguide/vpc-eips.html
ADDRESS_LIMIT = 300.0
# The key pair may have an older key than the stack's; the recipe brings the present one.
KEY_LIMIT = 600.0
INTERVAL = 2.0


def next_instance(state: StackState) -> str:
    """Return the instance alongside the one that serves."""
    found = state.outputs.get(OUTPUT)
    if not found:
        raise WorkbenchError(
            f"The stack {state.stack} doesn't say which the other server is.",
            f"Export {OUTPUT} in its program, as Workbench.stack_outputs() has it",
        )
    return str(found)


def make_ready(state: StackState, progress: Progress) -> None:
    """Wait until the next server has all that it can have without the data volume."""
    with progress.phase("New server") as phase:
        instance = next_instance(state)
        watch = PowerWatch(state.aws("ec2"), instance, state.stack)
        watch.ensure_running(phase)
        door = _find_door(state, instance, phase)
        server = _enter(door, watch, phase)
        _, server = converge(door, server, phase, wanted=lambda run: is_current(run, state))
        server.close()


def _find_door(state: StackState, instance: str, phase: Phase) -> Door:
    """Return the way in by the address that the instance has of its own."""
    ip = _wait_for(lambda: _own_ip(state, instance), "an address of its own", state.stack, phase)

    def seen() -> StackState | None:
        rehearsal = running_rehearsal(state.stack)
        closed = rehearsal is not None and str(SSH_PORT) not in rehearsal.addresses.get(ip, {})
        if closed and not state.tunnel_endpoint:
            return None
        outputs = {**state.outputs, "address": ip, "instance_id": instance}
        return replace(state, outputs=outputs, rehearsal=rehearsal)

    found = _wait_for(seen, f"port {SSH_PORT} of {ip}", state.stack, phase)
    known_hosts = KnownHosts(state.folder / "ssh" / KNOWN_HOSTS)
    return replace(found.door(), known_hosts=known_hosts)


def _own_ip(state: StackState, instance: str) -> str | None:
    described = state.aws("ec2").describe_instances(InstanceIds=[instance])
    found = described["Reservations"][0]["Instances"][0]
    kind = "PublicIpAddress" if state.is_public else "PrivateIpAddress"
    return found.get(kind) or None


def _wait_for(ask: Callable[[], T | None], what: str, stack: str, phase: Phase) -> T:
    found = wait_for(
        ask, ADDRESS_LIMIT, INTERVAL, waiting=lambda: phase.tick(f"waiting for {what}")
    )
    if found is None:
        raise WaitTimeoutError(
            f"The new server has not got {what} within {ADDRESS_LIMIT:.0f} s.",
            f"workbench doctor --stack {stack}",
        )
    return found


def _enter(door: Door, watch: PowerWatch, phase: Phase) -> RemoteServer:
    def waiting() -> None:
        watch.check()
        phase.tick(f"waiting for {door.awaited}")

    return wait_for(
        lambda: door.wait_open(waiting=waiting),
        KEY_LIMIT,
        INTERVAL,
        again=(OtherHostError, RefusedError),
        waiting=lambda: phase.tick("waiting for the administrator's key to be authorized"),
    )

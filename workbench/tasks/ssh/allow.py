"""Which addresses may reach the server's SSH: listed, added and taken out, through the stack."""

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.checks.ports import Port
from workbench.checks.ports import probe
from workbench.configured import SSH_FROM
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.ssh_target import UnreachableError
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.remote.unreachable import SSH_PORT
from workbench.remote.unreachable import address_towards
from workbench.remote.unreachable import allows
from workbench.remote.unreachable import open_networks
from workbench.tasks.changes.apply import confirm
from workbench.tasks.changes.apply import interruptible
from workbench.tasks.changes.list_changes import change_lists
from workbench.tasks.command_name import as_typed
from workbench.tasks.ssh.allowed import own_address
from workbench.waiting import wait_for

if TYPE_CHECKING:
    from workbench.engine.stack_config import Value

# AWS applies a rule of a security group within seconds.
APPLIED_LIMIT = 60.0
# It may show a rule for a moment after it was deleted.
CLOSED_LIMIT = 10.0
CLOSED_INTERVAL = 2.0


def read_network(given: str | None, state: StackState) -> str:
    """Return what was given as a range of addresses; this computer's own where nothing was."""
    if given is None:
        return f"{address_towards(str(state.outputs['address']))}/32"
    try:
        network = ipaddress.ip_network(given, strict=False)
    except ValueError as error:
        raise ConfigError(
            f"{given!r} is neither an address nor a range of addresses.", "--address 203.0.113.7/32"
        ) from error
    if "/" in given and str(network.network_address) != given.split("/")[0]:
        raise ConfigError(
            f"{given} isn't where its range begins: that would let in all of {network}.",
            f"--address {network}   or, for that one alone: --address {given.split('/')[0]}",
        )
    return str(network)


def allow(state: StackState, progress: Progress, network: str, *, yes: bool, dry_run: bool) -> None:
    """Let a range of addresses reach port 22."""
    is_open_inside = not state.is_public and not state.outputs.get("instance_connect_endpoint")
    if is_open_inside and not state.configured.has("ssh_from"):
        raise WorkbenchError(
            f"As long as {SSH_FROM} names nobody, whoever is in the server's VPC may use SSH; to"
            " name one would lock out the others.",
            f"pulumi config set {SSH_FROM} RANGE,RANGE --stack {state.stack}   names all",
        )
    had = list(state.configured.ssh_from)
    if network not in had and allows(had, network):
        inside = next(each for each in had if allows([each], network))
        print(f"{network} may already use SSH, as part of {inside}. Nothing was changed.")
        return
    plan = [f"{network} may use SSH (port 22) on {state.outputs['address']}."]
    if ipaddress.ip_network(network).prefixlen == 0:
        plan.append("That is EVERYONE; SSH with keys stays safe, but its log gets long.")
    command = f"workbench ssh.allow --address {network} --stack {state.stack}"
    values = {SSH_FROM: [*had, *([network] if network not in had else [])]}
    if not confirm(plan, command, yes=yes, dry_run=dry_run):
        return
    _change(state, values, command, progress, opening=1)
    # Done is done: where nobody says this computer's address, it isn't tried.
    own = own_address(state)
    answers = own is not None and allows([network], own) and _answers(state, progress)
    print(f"\n{network} may use SSH{', and it answers here' if answers else ''}.")
    print(as_typed(f"\nNext:\n  workbench ssh.connect --stack {state.stack}"))
    print(as_typed(f"  {command} --remove   removes it again"))


def disallow(
    state: StackState, progress: Progress, network: str, *, yes: bool, dry_run: bool
) -> None:
    """Close port 22 to a range of addresses."""
    had = list(state.configured.ssh_from)
    if network not in had:
        _refuse_part(had, network, state.stack)
        if not _is_open(state, network):
            print(f"{network} can't use SSH anyway. Nothing was changed.")
            return
    left = [each for each in had if each != network]
    plan = [f"{network} can no longer use SSH (port 22) on {state.outputs['address']}."]
    if network not in had:
        plan.append("The configuration already says that; the security group is updated to match.")
    if not left:
        plan.append(_nobody(state))
    command = f"workbench ssh.allow --address {network} --remove --stack {state.stack}"
    if not confirm(plan, command, yes=yes, dry_run=dry_run):
        return
    if network in had:
        _change(state, {SSH_FROM: left}, command, progress, closing=1)
    else:
        _close_again(state, network, command, progress)
    print(f"\n{network} can no longer use SSH.")
    print(as_typed(f"\nNext:\n  workbench ssh.allow --list --stack {state.stack}"))


def _nobody(state: StackState) -> str:
    """Return what it means that no address is let in."""
    way = state.tunnel_endpoint
    if way:
        return (
            f"Then no address can. SSH stays open through {way}, unless that came in by this range."
        )
    return "Then nobody can: SSH is closed, and tasks that need it won't work."


def _refuse_part(had: list[str], network: str, stack: str) -> None:
    around = [each for each in had if allows([each], network)]
    if around:
        raise WorkbenchError(
            f"{network} may use SSH as part of {around[0]}, which can only be removed as a whole.",
            f"workbench ssh.allow --address {around[0]} --remove --stack {stack}",
        )


def _is_open(state: StackState, network: str) -> bool:
    """Whether the security group itself opens port 22 to just this range."""
    group = state.outputs.get("security_group_id")
    return bool(group) and network in open_networks(state.aws("ec2"), [str(group)])


def _stays_open(state: StackState, network: str) -> bool:
    """Whether the range still reaches port 22, once AWS has had its moment."""
    return not wait_for(lambda: not _is_open(state, network), CLOSED_LIMIT, CLOSED_INTERVAL)


def _close_again(state: StackState, network: str, command: str, progress: Progress) -> None:
    """Continue a removal that got as far as the configuration, and no further."""
    _change(state, {}, command, progress, closing=1)
    if _stays_open(state, network):
        raise WorkbenchError(
            f"{network} may use SSH by a rule that isn't the stack's: someone added it manually.",
            "aws ec2 describe-security-group-rules --filters"
            f" Name=group-id,Values={state.outputs['security_group_id']}   shows it",
        )


def _change(
    state: StackState,
    values: "Mapping[str, Value]",
    command: str,
    progress: Progress,
    **rules: int,
) -> None:
    with interruptible(
        "the configuration may have changed, but not the security group yet", command
    ):
        change_lists(state, values, command, progress, **rules)


def _answers(state: StackState, progress: Progress) -> bool:
    """Wait until SSH answers here: the rule is there, and this address is really ours."""

    def enter() -> bool:
        # Where a rehearsal's open ports answer is known when they are open.
        door = read_stack(state.stack, progress).door()
        door.wait_open(limit=2, waiting=lambda: phase.tick("waiting for SSH")).close()
        return True

    def answer() -> bool:
        where = read_stack(state.stack, progress).address
        return where is not None and probe(where.ip, where.port(SSH_PORT)) is Port.OPEN

    with progress.phase("Try it") as phase:
        if not state.is_proxied:
            return wait_for(enter, APPLIED_LIMIT, interval=0.0, again=UnreachableError)
        # Commands go another way, and would get in whatever this address may. It needn't answer:
        # to a private one there may be no way from here.
        limit = APPLIED_LIMIT if state.is_public else 0.0
        return wait_for(answer, limit, waiting=lambda: phase.tick("waiting for SSH"))

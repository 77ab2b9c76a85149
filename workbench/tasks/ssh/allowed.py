"""Who may reach the server's SSH: by the configuration, with this computer's own address."""

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.selection import select_stack
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_existing
from workbench.remote.unreachable import address_towards
from workbench.remote.unreachable import allows
from workbench.tasks.command_name import as_typed
from workbench.tasks.output import make_progress
from workbench.tasks.output import print_json


def check_options(is_list: bool, *, changing: bool) -> None:
    """Refuse options of which one would be passed over: what was asked for isn't clear then."""
    if not is_list:
        raise ConfigError("--json works only with --list.", "--list --json")
    if changing:
        raise ConfigError(
            "--list changes nothing, so --address, --remove and --yes don't go with it.",
            "workbench ssh.allow --help",
        )


def print_allowed(stack: str | None, *, as_json: bool) -> None:
    """Print who may reach SSH, and whether this computer may."""
    state = read_existing(select_stack(stack), make_progress(quiet=as_json))
    networks, own = list(state.configured.ssh_from), own_address(state)
    inside = None if own is None else allows(networks, own)
    if as_json:
        print_json(
            {
                "ssh_from": networks,
                "instance_connect_endpoint": state.tunnel_endpoint or None,
                "own_address": own,
                "allowed": inside,
            }
        )
        return
    way = state.tunnel_endpoint
    print("\n".join(networks) or f"{'No address' if way else 'Nobody'} may use SSH.")
    if way:
        print(f"Commands and ssh go through the Instance Connect endpoint {way}.")
    if own is not None:
        print(f"\nThis computer's address, {own}, is {'one' if inside else 'none'} of these.")
    if not inside and not way:
        print(as_typed(f"  workbench ssh.allow --stack {state.stack}"))


def own_address(state: StackState) -> str | None:
    """Return this computer's address as the server sees it; None where nobody says it."""
    address = str(state.outputs.get("address") or "")
    try:
        return address_towards(address) if address else None
    except WorkbenchError:
        return None

"""Collect a workbench's status for scripts, and print it for people."""

from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError
from rich.console import Console

from workbench.checks.certificate import tell_certificate
from workbench.checks.instance import read_instance
from workbench.checks.server import read_r_versions
from workbench.checks.server import read_services
from workbench.checks.shared_packages import read_installation
from workbench.checks.shares import read_use
from workbench.checks.web_ports import find_out_of_reach
from workbench.engine.damage import recover
from workbench.engine.state import Resource
from workbench.errors import WorkbenchError
from workbench.host.service_table import every_service
from workbench.progress import Progress
from workbench.rehearsal.names import rehearsal_of
from workbench.remote import passwords
from workbench.remote.recipe_run import last_run
from workbench.remote.running_cost import RunningCost
from workbench.remote.running_cost import read_cost
from workbench.remote.sessions import Activity
from workbench.remote.sessions import describe
from workbench.remote.sessions import read_activities
from workbench.remote.stack_state import StackState
from workbench.remote.unknown import look_for_unknown
from workbench.tasks.command_name import as_typed
from workbench.tasks.data.restore_note import NOTE as RESTORE
from workbench.tasks.errors import explain_aws
from workbench.tasks.output import print_facts
from workbench.tasks.output import print_rows
from workbench.tasks.resize.note import NOTE as RESIZE
from workbench.tasks.unfinished.existing import read_existing
from workbench.tasks.unfinished.existing import unfinished

PORTS = (22, 80, 443)
# Besides EC2's own words for an instance's state:
ABSENT = "absent"
ASLEEP = "rehearsal-stopped"
UNFINISHED = "unfinished"
RUNNING = "running"
REHEARSAL_START = "workbench rehearsal.start --name {rehearsal}"


def read_status(state: StackState) -> dict[str, Any]:
    """Return a workbench's status; what can't be found out is null, and ``problem`` says why."""
    found: dict[str, Any] = {
        "stack": state.stack,
        "workbench": state.workbench or None,
        "state": ABSENT,
        "url": state.url("url"),
        **{each.url: state.url(each.url) for each in state.services},
        "address": _address(state),
        "ca_certificate": str(state.ca_certificate) if state.ca_certificate else None,
        "instance_id": state.outputs.get("instance_id"),
        "instance_type": state.outputs.get("instance_type"),
        "cost": None,
        "users": _users(state),
        "password_files": _password_files(state),
        "services": [],
        "r": [],
        "certificate": None,
        "people": None,
        "converged": None,
        "limits": None,
        "packages": None,
        "problem": None,
    }
    if not found["instance_id"]:
        there = () if state.outputs or not state.exists else _existing(state)
        if there:
            return found | {"state": UNFINISHED, "problem": unfinished(state.stack, there)}
        return found | {"problem": _unknown(state)}
    rehearsal = rehearsal_of(state.stack)
    if rehearsal and state.rehearsal is None:
        hint = REHEARSAL_START.format(rehearsal=rehearsal)
        return found | {"state": ASLEEP, "problem": f"The rehearsal is not running: {hint}"}
    try:
        found |= _instance(state) | {"problem": _unfinished(state)}
        if found["state"] == RUNNING and state.address is not None:
            target = state.target()
            away = find_out_of_reach(target)
            found["certificate"] = away.told(state.stack) if away else tell_certificate(target)
    except (BotoCoreError, ClientError) as error:
        return found | {"state": None, "problem": explain_aws(error, state.stack)}
    return found | (_inside(state, found) if found["state"] == RUNNING else {})


def _existing(state: StackState) -> tuple[Resource, ...]:
    """Return what a first up made that hasn't ended: only then a stack has no outputs."""
    return read_existing(state.stack, Progress(quiet=True))


def _unknown(state: StackState) -> str | None:
    """Return what AWS has of a stack whose state names no server."""
    unknown = look_for_unknown(state.stack, Progress(quiet=True))
    if unknown:
        return f"{unknown.told(state.stack)}\n{recover(state.stack)}"
    if unknown.problem:
        return f"Can't tell whether AWS has a workbench for it: {unknown.problem}"
    return None


def _address(state: StackState) -> dict[str, Any] | None:
    address = state.address
    if address is None:
        return None
    return {"ip": address.ip, "ports": {str(port): address.port(port) for port in PORTS}}


def _users(state: StackState) -> list[str]:
    return state.target().users


def _password_files(state: StackState) -> dict[str, str]:
    paths = {user: passwords.password_path(state.password_folder, user) for user in _users(state)}
    return {user: str(path) for user, path in paths.items() if path.exists()}


def _instance(state: StackState) -> dict[str, Any]:
    instance = read_instance(state.target())
    if instance is None:
        return {"state": "terminated"}
    return {
        "state": instance["State"]["Name"],
        "instance_type": instance["InstanceType"],
        "cost": read_cost(state, instance).as_json(),
    }


def _unfinished(state: StackState) -> str | None:
    """Return what was begun and hasn't ended: it continues, or was interrupted."""
    resize, restore = RESIZE.read(state), RESTORE.read(state)
    if resize is not None:
        what, command = f"resize to {resize.wanted}", f"resize {resize.wanted}"
    elif restore is not None:
        what, command = f"restore of {restore.snapshot}", f"data.restore {restore.snapshot}"
    else:
        return None
    again = f"workbench {command} --stack {state.stack}"
    return f"A {what} hasn't finished. If it was interrupted, this continues it:\n{again}"


def _inside(state: StackState, found: dict[str, Any]) -> dict[str, Any]:
    """Return what only the server itself can tell."""
    try:
        services = [
            {
                key: service.get(key)
                for key in ("name", "version", "state", "unit", "port", "sockets")
            }
            for service in read_services(state.target())
        ]
        r = read_r_versions(state.target())
        run = last_run(state.server)
        people = [each.as_json() for each in read_activities(state.server)]
    except WorkbenchError as error:
        return {"problem": found["problem"] or error.message}
    except (BotoCoreError, ClientError) as error:
        # The console is read at the first sign-in, for the host keys.
        return {"problem": found["problem"] or explain_aws(error, state.stack)}
    converged = {"result": run.result, "failed_step": run.failed_step or None} if run else None
    return {
        "services": services,
        "r": r,
        "people": people,
        "converged": converged,
        "limits": _limits(state),
        "packages": _packages(state),
    }


def _packages(state: StackState) -> dict[str, Any] | None:
    """Return how far the packages for everyone are; an older recipe has none."""
    try:
        found = read_installation(state.server)
    except (WorkbenchError, ValueError):
        return None
    if found.state == "none":
        return None
    return {"state": found.state, "told": found.told(), "failed": list(found.failed)}


def _limits(state: StackState) -> list[str] | None:
    """Return who is near a limit and what was ended for it; a new server's can't be asked yet."""
    try:
        return read_use(state.target()).told()
    except WorkbenchError:
        return None


def print_status(found: dict[str, Any], console: Console) -> None:
    """Print a status as tables that fit 80 columns."""
    if found["state"] in (ABSENT, UNFINISHED) and found["problem"]:
        said, *commands = found["problem"].splitlines()
        console.print(said)
        for command in commands:
            console.print(as_typed(f"  {command}"), soft_wrap=True)
        return
    if found["state"] == ABSENT:
        console.print(f"There is no workbench in the stack {found['stack']} yet.")
        console.print(as_typed(f"  workbench up --stack {found['stack']}"), soft_wrap=True)
        return
    address = found["address"] or {}
    print_facts(
        [
            ("State", found["state"] or "unknown"),
            ("Stack", found["stack"]),
            ("Workbench", found["workbench"]),
            ("URL", found["url"]),
            *((each.title, found.get(each.url)) for each in every_service() if each.path),
            ("Address", _address_text(address)),
            ("Certificate", found.get("certificate")),
            ("Instance", f"{found['instance_id']} ({found['instance_type']})"),
            ("Cost", _cost_text(found.get("cost"))),
            ("CA certificate", found["ca_certificate"]),
            *((f"Password of {u}", f"cat {p}") for u, p in found["password_files"].items()),
            ("R", ", ".join(each["title"] for each in found["r"]) or None),
            ("Recipe", _recipe_text(found["converged"] or {})),
            ("Signed in", _people_text(found["people"])),
            ("Limits", "\n".join(found["limits"] or []) or None),
            ("Packages", _packages_text(found)),
            ("Problem", found["problem"]),
        ],
        console,
    )
    if found["services"]:
        console.print()
        print_rows(
            ("  Service", "Version", "State"),
            ((f"  {s['name']}", str(s["version"]), s["state"]) for s in found["services"]),
            console,
        )


def _address_text(address: dict[str, Any]) -> str | None:
    if not address:
        return None
    moved = [f"{port} at {at}" for port, at in address["ports"].items() if int(port) != at]
    return f"{address['ip']} (port {', port '.join(moved)})" if moved else str(address["ip"])


def _cost_text(cost: dict[str, Any] | None) -> str | None:
    return RunningCost(**cost).told() if cost else None


def _people_text(people: list[dict[str, Any]] | None) -> str | None:
    if people is None:
        return None
    return "\n".join(describe(Activity.of_json(each) for each in people)) or "nobody"


def _packages_text(found: dict[str, Any]) -> str | None:
    packages = found["packages"]
    if packages is None:
        return None
    again = f"\nworkbench converge --stack {found['stack']}"
    wants_it = packages["state"] in ("failed", "interrupted")
    return f"for everyone: {packages['told']}" + (as_typed(again) if wants_it else "")


def _recipe_text(converged: dict[str, Any]) -> str | None:
    step = converged.get("failed_step")
    return f"failed at: {step}" if step else converged.get("result")

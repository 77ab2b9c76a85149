"""The server as its administrator sees it: converged, its services and R, what listens."""

from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import warned
from workbench.checks.target import Target
from workbench.terminal import read_json

CONVERGED = "/var/lib/workbench/converged.json"
SERVICES = "/var/lib/workbench/services.json"
R = "/var/lib/workbench/r.json"
UNIT = "workbench-converge"
INNER_ADDRESSES = ("127.", "[::1]", "[::ffff:127.")
OUTER_PORTS = {"22", "80", "443"}


def check_converged(target: Target) -> Outcome:
    """Check that the server's last run of the recipe succeeded, with what the stack now has."""
    server = target.server()
    if server.run(f"systemctl show -p ActiveState --value {UNIT}").stdout.strip() == "activating":
        return warned("a converge is running", "workbench logs converge --stack {stack}")
    answer = server.run(f"cat {CONVERGED}")
    if not answer.ok:
        return failed("the recipe hasn't finished yet")
    last = read_json(answer.stdout)
    if last.get("result") != "ok":
        return failed(f"the last run failed at: {last.get('failed_step', 'an unknown step')}")
    for what, output in (("recipe", "recipe_sha256"), ("settings", "settings_sha256")):
        wanted = target.outputs.get(output)
        if wanted and last.get(what) != wanted:
            return failed(f"the server has not applied the stack's current {what}")
    return passed(
        f"recipe {str(last.get('recipe', ''))[:12]}, {last.get('changed', 0)} changed,"
        f" {last.get('unchanged', 0)} unchanged"
    )


def read_services(target: Target) -> list[dict[str, Any]]:
    """Return the server's services: name, version, unit, port, and systemd's state of each."""
    answer = target.server().run(
        f"cat {SERVICES} 2>/dev/null || echo '[]'; echo; "
        "systemctl list-units --all --type=service --plain --no-legend --no-pager"
    )
    listed, _, units = answer.stdout.partition("\n\n")
    states = {unit: state for unit, _, state, *_ in map(str.split, units.splitlines())}
    return [
        service | {"state": states.get(unit_file(service["unit"]), "absent")}
        for service in read_json(listed)
    ]


def unit_file(unit: str) -> str:
    """Return a service's unit as systemd writes it."""
    return unit if unit.endswith(".service") else f"{unit}.service"


def read_r_versions(target: Target) -> list[dict[str, Any]]:
    """Return the versions, the default one first: ``version``, ``title`` and ``standin``.

    A server that has not converged since there are several has none.
    """
    answer = target.server().run(f"cat {R} 2>/dev/null || echo '[]'")
    return list(read_json(answer.stdout)) if answer.ok else []


def check_listeners(target: Target) -> Outcome:
    """Check that services listen on the loopback only; what is in front of them, everywhere."""
    answer = target.server().run("ss -Hltn")
    addresses = [line.split()[3] for line in answer.stdout.splitlines() if line.strip()]
    outer = {a.rpartition(":")[2] for a in addresses if not a.startswith(INNER_ADDRESSES)}
    unexpected = sorted(outer - OUTER_PORTS, key=int)
    if unexpected:
        return warned(f"listening on every address: {', '.join(unexpected)}")
    return passed(f"listening on every address: {', '.join(sorted(outer, key=int))} only")

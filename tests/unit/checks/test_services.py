"""Services are told apart by what systemd says: stopped, crash-looping, given up, masked."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workbench.checks import services
from workbench.checks.target import Answer
from workbench.checks.target import Target

Shell = Callable[..., Any]
LISTED = [
    {"name": "JupyterHub", "version": "6.1.1", "unit": "jupyterhub.service", "port": 8000},
    {"name": "Caddy", "version": "2.6.2", "unit": "caddy.service", "port": 443},
]
NOW = 1_800_000_000
RUNS = {
    "ActiveState": "active",
    "SubState": "running",
    "LoadState": "loaded",
    "Result": "success",
    "NRestarts": "0",
    "ExecMainStatus": "0",
    "ActiveEnterTimestampMonotonic": f"{NOW - 3600}000000",
}


def shown(hub: dict[str, str], caddy: dict[str, str]) -> str:
    blocks = [RUNS | hub | {"Id": "jupyterhub.service"}, caddy | {"Id": "caddy.service"}]
    return f"{NOW}.25\n" + "\n\n".join(
        "\n".join(f"{key}={value}" for key, value in block.items()) for block in blocks
    )


def check(
    shell: Shell,
    hub: dict[str, str],
    log: str = "",
    socket: int = 3,
    caddy: dict[str, str] = RUNS,
) -> tuple[str, str]:
    asked = f"{services.CLOCK}; systemctl show -p {services.PROPERTIES} "
    server = shell(
        **{f"{asked}jupyterhub.service caddy.service": shown(hub, caddy)},
        cat=f"{json.dumps(LISTED)}\n\n",
        sudo_=log,
        systemctl=Answer(socket, ""),
    )
    found = services.check_services(Target("tests", server=lambda: server))
    return found.result, found.evidence


def test_services_that_run_are_named_with_their_versions(shell: Shell) -> None:
    assert check(shell, {}) == ("PASS", "JupyterHub 6.1.1, Caddy 2.6.2")


LOG = "Starting\n[E] OSError: address already in use\nbye\n"


@pytest.mark.parametrize(
    ("hub", "evidence"),
    [
        ({"ActiveState": "inactive", "SubState": "dead"}, "jupyterhub is stopped"),
        (
            {"ActiveState": "inactive", "LoadState": "masked"},
            "jupyterhub is masked: systemd won't start it",
        ),
        (
            {"ActiveState": "inactive", "LoadState": "not-found"},
            "jupyterhub is not installed: systemd doesn't know it",
        ),
        (
            {
                "ActiveState": "activating",
                "SubState": "auto-restart",
                "Result": "exit-code",
                "NRestarts": "7",
                "ExecMainStatus": "1",
            },
            "jupyterhub crash-loops: restarted 7 times (exit-code, exit code 1):"
            " [E] OSError: address already in use",
        ),
        (
            {
                "ActiveEnterTimestampMonotonic": f"{NOW - 2}000000",
                "NRestarts": "4",
                "Result": "success",
            },
            "jupyterhub crash-loops: restarted 4 times: [E] OSError: address already in use",
        ),
        (
            {
                "ActiveState": "failed",
                "SubState": "failed",
                "Result": "start-limit-hit",
                "NRestarts": "5",
                "ExecMainStatus": "2",
            },
            "jupyterhub has failed (start-limit-hit, exit code 2, systemd gave up):"
            " [E] OSError: address already in use",
        ),
        (
            {"ActiveState": "deactivating", "SubState": "stop-sigterm"},
            "jupyterhub is deactivating (stop-sigterm): [E] OSError: address already in use",
        ),
    ],
)
def test_what_is_the_matter_is_named(shell: Shell, hub: dict[str, str], evidence: str) -> None:
    assert check(shell, hub, LOG) == ("FAIL", evidence)


def test_a_service_that_has_run_for_long_after_a_crash_is_well(shell: Shell) -> None:
    assert check(shell, {"NRestarts": "9"})[0] == "PASS"


def test_a_service_that_a_socket_starts_is_well(shell: Shell) -> None:
    assert check(shell, {"ActiveState": "inactive", "SubState": "dead"}, socket=0)[0] == "PASS"


@pytest.mark.parametrize(
    ("hub", "told"),
    [
        ({"ActiveState": "inactive", "LoadState": "masked"}, "is masked"),
        ({"ActiveState": "failed", "SubState": "failed"}, "has failed"),
    ],
)
def test_a_socket_is_no_help_to_what_can_not_start(
    shell: Shell, hub: dict[str, str], told: str
) -> None:
    result, evidence = check(shell, hub, socket=0)
    assert (result, told in evidence) == ("FAIL", True)


def test_each_service_that_is_down_is_named(shell: Shell) -> None:
    # One that never ran has no time since when; without a log, there is nothing to show.
    stopped = RUNS | {"ActiveState": "inactive", "ActiveEnterTimestampMonotonic": "0"}
    evidence = "jupyterhub has failed; caddy is stopped"
    assert check(shell, {"ActiveState": "failed"}, caddy=stopped) == ("FAIL", evidence)


def test_a_log_without_errors_shows_its_last_line(shell: Shell) -> None:
    _, evidence = check(shell, {"ActiveState": "failed"}, "one\ntwo\n")
    assert evidence.endswith(": two")


def test_a_server_that_lists_no_services(shell: Shell) -> None:
    found = services.check_services(Target("tests", server=lambda: shell(cat="[]\n\n")))
    assert (found.result, found.evidence) == (
        "FAIL",
        "the server lists no services (/var/lib/workbench/services.json)",
    )

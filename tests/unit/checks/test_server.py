"""What the administrator sees on the server."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workbench.checks import server
from workbench.checks.target import Target

RECIPE, SETTINGS = "aa" * 32, "bb" * 32
OUTPUTS = {"recipe_sha256": RECIPE, "settings_sha256": SETTINGS, "data_volume_id": "vol-1"}
DONE = {"result": "ok", "recipe": RECIPE, "settings": SETTINGS, "changed": 0, "unchanged": 30}
Shell = Callable[..., Any]


def target(shell: Any) -> Target:
    return Target("tests", OUTPUTS, server=lambda: shell)


@pytest.mark.parametrize(
    ("last", "result", "evidence"),
    [
        (DONE, "PASS", f"recipe {RECIPE[:12]}, 0 changed, 30 unchanged"),
        (DONE | {"recipe": "cc"}, "FAIL", "the server has not applied the stack's current recipe"),
        (
            DONE | {"settings": "cc"},
            "FAIL",
            "the server has not applied the stack's current settings",
        ),
        (
            DONE | {"result": "failed", "failed_step": "Install R"},
            "FAIL",
            "the last run failed at: Install R",
        ),
        (DONE | {"result": "failed"}, "FAIL", "the last run failed at: an unknown step"),
        (
            DONE | {"changed": 2, "unchanged": 28},
            "PASS",
            f"recipe {RECIPE[:12]}, 2 changed, 28 unchanged",
        ),
    ],
)
def test_converged(shell: Shell, last: dict[str, Any], result: str, evidence: str) -> None:
    found = server.check_converged(target(shell(cat=json.dumps(last))))
    assert (found.result, found.evidence) == (result, evidence)


def test_a_server_that_has_not_converged_yet(shell: Shell) -> None:
    found = server.check_converged(target(shell()))
    assert (found.result, found.evidence) == ("FAIL", "the recipe hasn't finished yet")


def test_a_converge_under_way_is_no_failure(shell: Shell) -> None:
    found = server.check_converged(target(shell(systemctl="activating\n", cat="{}")))
    assert (found.result, found.evidence) == ("WARN", "a converge is running")
    assert found.fix == "workbench logs converge --stack {stack}"


def test_of_a_run_that_noted_little_only_that_is_told(shell: Shell) -> None:
    known = Target("tests", {}, server=lambda: shell(cat='{"result": "ok"}'))
    assert server.check_converged(known).evidence == "recipe , 0 changed, 0 unchanged"


SERVICES = [
    {"name": "JupyterHub", "version": "6.1.1", "unit": "jupyterhub", "port": 8000},
    {"name": "Caddy", "version": "2.6.2", "unit": "caddy.service", "port": 443},
]
UNITS = "jupyterhub.service loaded {} running Hub\ncaddy.service loaded active running Web\n"


def test_a_service_whose_unit_is_gone_is_absent(shell: Shell) -> None:
    said = f"{json.dumps(SERVICES)}\n\ncaddy.service loaded active running Web\n"
    states = {s["name"]: s["state"] for s in server.read_services(target(shell(cat=said)))}
    assert states == {"JupyterHub": "absent", "Caddy": "active"}


def test_a_service_has_the_state_of_its_unit(shell: Shell) -> None:
    said = f"{json.dumps(SERVICES)}\n\n{UNITS.format('failed')}"
    states = [each["state"] for each in server.read_services(target(shell(cat=said)))]
    assert states == ["failed", "active"]


@pytest.mark.parametrize(
    ("sockets", "result", "told"),
    [
        (
            "LISTEN 0 9 0.0.0.0:443 0.0.0.0:*\nLISTEN 0 9 0.0.0.0:22 0.0.0.0:*\n"
            "LISTEN 0 9 127.0.0.1:8000 0.0.0.0:*",
            "PASS",
            "22, 443 only",
        ),
        (
            "LISTEN 0 9 *:443 *:*\nLISTEN 0 9 [::1]:2019 [::]:*\nLISTEN 0 9 [::]:80 [::]:*",
            "PASS",
            "80, 443 only",
        ),
        ("LISTEN 0 9 [::ffff:127.0.0.1]:8787 *:*\n\n", "PASS", " only"),
        (
            "LISTEN 0 9 0.0.0.0:10000 0.0.0.0:*\nLISTEN 0 9 0.0.0.0:8787 0.0.0.0:*",
            "WARN",
            "8787, 10000",
        ),
    ],
)
def test_listeners(shell: Shell, sockets: str, result: str, told: str) -> None:
    found = server.check_listeners(target(shell(ss=sockets)))
    assert (found.result, found.evidence) == (result, f"listening on every address: {told}")


def test_the_versions_of_r_are_those_noted_or_none(shell: Shell) -> None:
    noted = [{"version": "4.6.1", "title": "", "standin": False}]
    assert server.read_r_versions(target(shell(cat=json.dumps(noted)))) == noted
    assert server.read_r_versions(target(shell())) == []

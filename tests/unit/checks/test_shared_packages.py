"""What people are told of the packages for everyone."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workbench.checks import shared_packages
from workbench.checks.shared_packages import Installation
from workbench.checks.shared_packages import check_shared_packages
from workbench.checks.target import Target

Shell = Callable[..., Any]
TOLD = {
    "digest": "0",
    "lists": {},
    "total": 40,
    "done": 12,
    "now": "R praise",
    "state": "installing",
    "failed": [],
    "started": 1.0,
    "seconds": 2.0,
}
OTHERWISE = f"{shared_packages.AGAIN}   tries again; or take it out of workbench:packages"
FAILED = [{"kind": "R", "name": f"p{number}", "why": "it has no binary"} for number in range(5)]


@pytest.mark.parametrize(
    ("told", "unit", "result", "evidence", "fix"),
    [
        (TOLD, "start", "SKIP", "installing 12 of 40 (R praise)", shared_packages.LOGS),
        (TOLD, "dead", "WARN", "interrupted after 12 of 40", shared_packages.AGAIN),
        (TOLD, "auto-restart", "WARN", "interrupted after 12 of 40", shared_packages.AGAIN),
        (
            TOLD | {"total": 0},
            "stop-sigterm",
            "SKIP",
            "installing (R praise)",
            shared_packages.LOGS,
        ),
        (TOLD | {"state": "installed", "done": 40}, "dead", "PASS", "installed (40)", ""),
        (
            TOLD | {"state": "failed", "failed": FAILED[:1]},
            "auto-restart",
            "WARN",
            "39 of 40 installed; failed: R p0: it has no binary",
            OTHERWISE,
        ),
        (
            TOLD | {"state": "failed", "failed": FAILED},
            "dead",
            "WARN",
            "35 of 40 installed; failed: R p0: it has no binary; R p1: it has no binary;"
            " R p2: it has no binary (and 2 more)",
            OTHERWISE,
        ),
        (
            TOLD | {"state": "failed", "failed": FAILED[:4]},
            "dead",
            "WARN",
            "36 of 40 installed; failed: R p0: it has no binary; R p1: it has no binary;"
            " R p2: it has no binary (and 1 more)",
            OTHERWISE,
        ),
        (
            TOLD | {"state": "failed", "failed": FAILED[:3]},
            "dead",
            "WARN",
            "37 of 40 installed; failed: R p0: it has no binary; R p1: it has no binary;"
            " R p2: it has no binary",
            OTHERWISE,
        ),
        (None, "start", "SKIP", "installing (about to begin)", shared_packages.LOGS),
        (None, "dead", "PASS", "none are wanted", ""),
    ],
)
def test_it_is_told(
    shell: Shell, told: dict[str, Any] | None, unit: str, result: str, evidence: str, fix: str
) -> None:
    said = f"{json.dumps(told)}\n\n{unit}\n" if told else f"\n{unit}\n"
    outcome = check_shared_packages(Target("tests", server=lambda: shell(cat=said)))

    assert (outcome.result, outcome.evidence, outcome.fix) == (result, evidence, fix)


def test_what_the_server_notes_is_read(shell: Shell) -> None:
    said = f"{json.dumps(TOLD | {'failed': FAILED[:1]})}\n\nstart\n"
    assert shared_packages.read_installation(shell(cat=said)) == Installation(
        "installing", 40, 12, "R praise", ("R p0: it has no binary",), 2.0
    )


def test_a_server_that_has_none_says_so(shell: Shell) -> None:
    assert shared_packages.read_installation(shell(cat="\ndead\n")) == Installation("none")

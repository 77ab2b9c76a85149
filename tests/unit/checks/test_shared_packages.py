"""What people are told of the packages for everyone."""

import json
from collections.abc import Callable
from typing import Any

import pytest

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
FAILED = [{"kind": "R", "name": f"p{number}", "why": "it has no binary"} for number in range(5)]


@pytest.mark.parametrize(
    ("told", "unit", "result", "evidence", "fix"),
    [
        (TOLD, "start", "SKIP", "installing 12 of 40 (R praise)", "logs packages"),
        (TOLD, "dead", "WARN", "interrupted after 12 of 40", "workbench converge"),
        (TOLD, "auto-restart", "WARN", "interrupted after 12 of 40", "workbench converge"),
        (TOLD | {"state": "installed", "done": 40}, "dead", "PASS", "installed (40)", ""),
        (
            TOLD | {"state": "failed", "failed": FAILED[:1]},
            "auto-restart",
            "WARN",
            "39 of 40 installed; failed: R p0: it has no binary",
            "take it out of workbench:packages",
        ),
        (TOLD | {"state": "failed", "failed": FAILED}, "dead", "WARN", "(and 2 more)", "converge"),
        (None, "start", "SKIP", "installing (about to begin)", ""),
        (None, "dead", "PASS", "none are wanted", ""),
    ],
)
def test_it_is_told(
    shell: Shell, told: dict[str, Any] | None, unit: str, result: str, evidence: str, fix: str
) -> None:
    said = f"{json.dumps(told)}\n\n{unit}\n" if told else f"\n{unit}\n"
    outcome = check_shared_packages(Target("tests", server=lambda: shell(cat=said)))

    assert outcome.result == result
    assert evidence in outcome.evidence
    assert fix in outcome.fix

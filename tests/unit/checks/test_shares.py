"""People's shares: that they hold, who is near, and what was ended."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workbench.checks.shares import check_shares
from workbench.checks.target import Target
from workbench.errors import WorkbenchError

Shell = Callable[..., Any]
GIB = 1 << 30
RESIZE = "workbench resize t3.large --stack {stack}"
WELL = {
    "memory": 4 * GIB,
    "person": {"memory": 2715 << 20, "tasks": 2048, "cpu": 175},
    "missing": [],
    "reserve": True,
    "near": [],
    "ended": [],
    "guard": "active",
}
FULL = {"user": "ada", "what": "memory", "used": 5 * GIB // 2, "limit": 2715 << 20}
SMALL = {"user": "cy", "what": "memory", "used": GIB - 1, "limit": GIB}
ALL_FULL = {"user": None, "what": "memory", "used": 3 * GIB, "limit": 17 * GIB // 5}
MANY = {"user": "bob", "what": "tasks", "used": 2001, "limit": 2048}


def ended(**values: Any) -> dict[str, Any]:
    known = {"time": 0, "user": "bob", "name": "python3", "memory": 2 * GIB, "cause": "person"}
    return known | values


@pytest.mark.parametrize(
    ("found", "result", "evidence", "fix"),
    [
        (
            {},
            "PASS",
            "one person may use 2.7 GiB, 2048 tasks and 1.75 cores; nobody is close to that",
            "",
        ),
        (
            {"missing": ["memory of user.slice", "tasks of user.slice"]},
            "FAIL",
            "the kernel has no limits for: memory of user.slice, tasks of user.slice",
            "",
        ),
        (
            {"guard": "failed"},
            "FAIL",
            "workbench-guard is failed: nothing enforces people's shares",
            "",
        ),
        (
            {"near": [FULL, MANY, ALL_FULL]},
            "WARN",
            "ada uses 2.5 GiB of 2.7 GiB memory; bob has 2001 of 2048 tasks;"
            " everyone together uses 3.0 GiB of 3.4 GiB memory",
            RESIZE,
        ),
        ({"near": [SMALL]}, "WARN", "cy uses 1023 MiB of 1.0 GiB memory", RESIZE),
        (
            {"ended": [ended(), ended(time=3600, name="", memory=0)]},
            "WARN",
            "a program of bob was ended for lack of memory at 1970-01-01 01:00 UTC,"
            " 2 times in a day",
            RESIZE,
        ),
        (
            {"ended": [ended()], "reserve": False},
            "WARN",
            "python3 of bob (2.0 GiB) was ended for lack of memory at 1970-01-01 00:00 UTC;"
            " this kernel can't reserve memory for the system (cgroups v1)",
            RESIZE,
        ),
    ],
)
def test_shares(shell: Shell, found: dict[str, Any], result: str, evidence: str, fix: str) -> None:
    server = shell(sudo=json.dumps(WELL | found))
    outcome = check_shares(Target("t", {"instance_type": "t3.medium"}, server=lambda: server))
    assert (outcome.result, outcome.evidence, outcome.fix) == (result, evidence, fix)


def test_a_recipe_without_shares_is_told(shell: Shell) -> None:
    with pytest.raises(
        WorkbenchError, match=r"^The server's recipe doesn't have shares yet"
    ) as error:
        check_shares(Target("tests", server=lambda: shell()))
    assert error.value.hint == "workbench converge --stack tests"

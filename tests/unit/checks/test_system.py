"""Memory, and what was killed for lack of it; clocks."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.checks import system
from workbench.checks.target import Target

Shell = Callable[..., Any]
RESIZE = "workbench resize t3.large --stack {stack}"


def target(shell: Any, instance_type: str = "t3.medium") -> Target:
    return Target("tests", {"instance_type": instance_type}, server=lambda: shell)


def meminfo(available: int) -> str:
    return f"MemTotal: 4096000 kB\nMemFree: 1 kB\nMemAvailable: {available} kB\n"


@pytest.mark.parametrize(
    ("available", "killed", "result", "evidence", "fix"),
    [
        (2048000, "", "PASS", "2000 of 4000 MiB memory available", ""),
        (204800, "", "PASS", "200 of 4000 MiB memory available", ""),
        (203776, "", "WARN", "199 of 4000 MiB memory available", RESIZE),
        (102400, "", "WARN", "100 of 4000 MiB memory available", RESIZE),
        (
            2048000,
            f"{'x' * 121}\n",
            "WARN",
            f"2000 of 4000 MiB memory available; killed for lack of memory: {'x' * 120}",
            RESIZE,
        ),
        (
            2048000,
            "A process of this unit has been killed by the OOM killer.\n",
            "WARN",
            "2000 of 4000 MiB memory available; killed for lack of memory:"
            " A process of this unit has been killed by the OOM killer.",
            RESIZE,
        ),
    ],
)
def test_memory(
    shell: Shell, available: int, killed: str, result: str, evidence: str, fix: str
) -> None:
    found = system.check_memory(target(shell(cat=meminfo(available), sudo=killed)))
    assert (found.result, found.evidence, found.fix) == (result, evidence, fix)


@pytest.mark.parametrize(
    ("instance_type", "bigger"),
    [
        ("t3.medium", "t3.large"),
        ("m5.8xlarge", "m5.12xlarge"),
        ("t2.small", "t2.medium"),
        # The family's last size, one without a rank, and none.
        ("t3.2xlarge", "TYPE"),
        ("m5.metal", "TYPE"),
        ("", "TYPE"),
    ],
)
def test_the_next_size_is_one_that_ec2_has(shell: Shell, instance_type: str, bigger: str) -> None:
    fix = system.check_memory(target(shell(cat=meminfo(1)), instance_type)).fix
    assert fix == f"workbench resize {bigger} --stack {{stack}}"


AGREES = "the server's clock agrees with this computer's"
WRONG = "the server's clock is {} this computer's; certificates and AWS need the right time"


@pytest.mark.parametrize(
    ("skew", "result", "evidence", "fix"),
    [
        (0, "PASS", AGREES, ""),
        # The answer took ten seconds, of which five may be the way there or back.
        (35, "PASS", AGREES, ""),
        (-35, "PASS", AGREES, ""),
        (36, "WARN", WRONG.format("31 s ahead of"), system.SYNCHRONIZE),
        (-36, "WARN", WRONG.format("31 s behind"), system.SYNCHRONIZE),
    ],
)
def test_clocks(
    shell: Shell,
    monkeypatch: pytest.MonkeyPatch,
    skew: float,
    result: str,
    evidence: str,
    fix: str,
) -> None:
    now = iter((1000.0, 1010.0))
    monkeypatch.setattr(system, "time", SimpleNamespace(time=lambda: next(now)))
    found = system.check_clock(target(shell(**{"date_+%s.%N": f"{1005 + skew}.0\n"})))
    assert (found.result, found.evidence, found.fix) == (result, evidence, fix)

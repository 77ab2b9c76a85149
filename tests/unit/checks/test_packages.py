"""Packages that an installation left half done, and updates that wait."""

from collections.abc import Callable
from typing import Any

import pytest

from workbench.checks import packages
from workbench.checks.target import Answer
from workbench.checks.target import Target

Shell = Callable[..., Any]
WELL = "ii  bash\nhi  linux-image\nrc  old\n"


def target(shell: Any) -> Target:
    return Target("tests", server=lambda: shell)


@pytest.mark.parametrize(
    ("listed", "result", "evidence"),
    [
        (WELL, "PASS", "2 packages installed"),
        (f"{WELL}iF  caddy\n", "FAIL", "caddy is half-configured"),
        (
            f"{WELL}iU  rsync\niHR tree\n",
            "FAIL",
            "rsync is unpacked, not configured, tree is half-installed",
        ),
        (f"{WELL}it  man-db\niW  libc-bin\n", "FAIL", "libc-bin is waiting for triggers"),
        (
            "".join(f"iU  p{number}\n" for number in range(6)),
            "FAIL",
            f"{', '.join(f'p{n} is unpacked, not configured' for n in range(4))} (and 2 more)",
        ),
    ],
)
def test_half_installed_packages(shell: Shell, listed: str, result: str, evidence: str) -> None:
    found = packages.check_packages(target(shell(**{"dpkg-query": listed})))
    assert found.result == result
    assert found.evidence.startswith(evidence)
    assert found.fix == ("" if result == "PASS" else packages.CONFIGURE)


def test_a_dpkg_that_says_nothing_is_a_failure(shell: Shell) -> None:
    found = packages.check_packages(target(shell(**{"dpkg-query": Answer(2, "", "broken")})))
    assert (found.result, found.evidence) == ("FAIL", "dpkg doesn't answer: broken")


@pytest.mark.parametrize(
    ("answers", "result", "fix"),
    [
        ({"apt-get": "0\n"}, "PASS", ""),
        ({"apt-get": "3\n"}, "WARN", packages.UPGRADE),
        ({"apt-get": "3\n", "test": ""}, "WARN", "workbench restart --stack {stack}"),
    ],
)
def test_updates(shell: Shell, answers: dict[str, str], result: str, fix: str) -> None:
    found = packages.check_updates(target(shell(**answers)))
    assert (found.result, found.fix) == (result, fix)

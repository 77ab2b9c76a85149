"""Packages that an installation left half done, and updates that wait."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from workbench.checks import packages
from workbench.checks.target import Answer
from workbench.checks.target import Target
from workbench.errors import WorkbenchError

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
        (
            f"{WELL}it  man-db\niW  libc-bin\n",
            "FAIL",
            "libc-bin is waiting for triggers, man-db is in the state it",
        ),
        (
            "".join(f"iU  p{number}\n" for number in range(4)),
            "FAIL",
            ", ".join(f"p{n} is unpacked, not configured" for n in range(4)),
        ),
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
    assert found.evidence == evidence
    assert found.fix == ("" if result == "PASS" else packages.CONFIGURE)


@pytest.mark.parametrize("answer", [Answer(0, "", "broken"), Answer(2, WELL, "broken\n")])
def test_a_dpkg_that_does_not_say_all_is_a_failure(shell: Shell, answer: Answer) -> None:
    with pytest.raises(WorkbenchError, match=r"dpkg doesn't answer: broken\Z"):
        packages.check_packages(target(shell(**{"dpkg-query": answer})))


def test_packages_that_are_being_installed_are_not_half_installed(shell: Shell) -> None:
    server = shell(**{"dpkg-query": f"{WELL}iU  rsync\n", "sudo": "held\n"})
    found = packages.check_packages(target(server))
    assert (found.result, found.evidence) == ("WARN", "packages are being installed right now")
    assert found.fix == packages.AGAIN


def test_packages_that_are_installed_by_the_second_look_are_well(shell: Shell) -> None:
    class Installing(shell):  # type: ignore[misc, valid-type]
        def run(self, command: str, **named: Any) -> Answer:
            said: Answer = super().run(command, **named)
            if command == packages.LOCK:
                self.answers["dpkg-query"] = Answer(0, WELL)
            return said

    server = Installing(**{"dpkg-query": f"{WELL}iU  rsync\n", "sudo": "free\n"})
    assert packages.check_packages(target(server)).result == "PASS"


def test_packages_for_everyone_under_way_are_no_reason_to_warn(shell: Shell) -> None:
    at_work = (
        '{"state": "installing", "total": 1, "done": 0, "now": "", "failed": [], "seconds": 0}'
    )
    server = shell(
        **{"dpkg-query": f"{WELL}iU  r-cran-dt\n", "sudo": "held\n", "cat": f"{at_work}\n\nstart\n"}
    )
    found = packages.check_packages(target(server))
    assert (found.result, found.evidence) == (
        "SKIP",
        "packages for everyone are being installed right now",
    )
    assert found.fix == packages.AGAIN


@pytest.mark.skipif(sys.platform != "linux", reason="the server's own system alone has dpkg")
def test_the_lock_is_seen_and_not_taken(tmp_path: Path) -> None:
    import fcntl

    lock = tmp_path / "lock"
    script = packages.LOCK_SCRIPT.replace("/var/lib/dpkg/lock-frontend", str(lock))

    def ask() -> str:
        asked = [sys.executable, "-I", "-c", script]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()

    with lock.open("w") as file:
        assert ask() == "free"
        fcntl.lockf(file, fcntl.LOCK_EX)
        assert ask() == "held"
    assert ask() == "free"


@pytest.mark.parametrize(
    ("answers", "result", "evidence", "fix"),
    [
        (
            {"apt-get": "0\n"},
            "PASS",
            "no security updates are pending, and none needs a restart",
            "",
        ),
        (
            {"apt-get": "\n"},
            "PASS",
            "no security updates are pending, and none needs a restart",
            "",
        ),
        (
            {"apt-get": "3\n"},
            "WARN",
            "3 security updates are pending",
            packages.UPGRADE,
        ),
        (
            {"apt-get": "3\n", "test": ""},
            "WARN",
            "an update that was installed needs a restart",
            "workbench restart --stack {stack}",
        ),
    ],
)
def test_updates(
    shell: Shell, answers: dict[str, str], result: str, evidence: str, fix: str
) -> None:
    found = packages.check_updates(target(shell(**answers)))
    assert (found.result, found.evidence, found.fix) == (result, evidence, fix)

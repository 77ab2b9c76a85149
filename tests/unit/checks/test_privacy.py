"""What the kernel hides of people from each other, and what it can't where it is another's."""

from collections.abc import Callable
from typing import Any

import pytest

from workbench.checks.privacy import KERNEL
from workbench.checks.privacy import check_privacy
from workbench.checks.target import Target

Shell = Callable[..., Any]
BEST = "".join(f"{name} = {value}\n" for name, value in KERNEL.items())
WEAKER = BEST.replace(" = 1", " = 0")
WEAK = BEST.replace("fs.protected_regular = 2", "fs.protected_regular = 0")


def mounts(options: str, kernel: str = "") -> str:
    lines = [f"proc /proc proc rw,nosuid,{options} 0 0", "tmpfs /run tmpfs rw 0 0"]
    return "\n".join([*lines, *([f"proc /proc/sys proc {kernel} 0 0"] if kernel else []), ""])


@pytest.mark.parametrize(
    ("told", "result", "evidence"),
    [
        (
            mounts("hidepid=invisible") + BEST,
            "PASS",
            "people only see their own processes; the kernel protects shared folders",
        ),
        (
            mounts("hidepid=2") + BEST,
            "PASS",
            "people only see their own processes; the kernel protects shared folders",
        ),
        (
            mounts("relatime") + BEST,
            "FAIL",
            "everyone can see others' processes, with their arguments (/proc has no hidepid)",
        ),
        (
            mounts("hidepid=2") + WEAK,
            "WARN",
            "people only see their own processes, but the kernel protects shared folders "
            "less: fs.protected_regular=0",
        ),
        (
            mounts("hidepid=2") + WEAKER,
            "WARN",
            "people only see their own processes, but the kernel protects shared folders less:"
            " fs.protected_symlinks=0, fs.protected_hardlinks=0, fs.protected_fifos=0",
        ),
        (
            mounts("hidepid=2", "ro") + WEAKER,
            "PASS",
            "people only see their own processes; not set here, because the kernel belongs to"
            " another computer: fs.protected_symlinks=0, fs.protected_hardlinks=0,"
            " fs.protected_fifos=0",
        ),
        # A setting's own value may have such a sign in it.
        (
            f"{mounts('hidepid=2')}kernel.core_pattern = a = b\n{BEST}",
            "PASS",
            "people only see their own processes; the kernel protects shared folders",
        ),
        (
            "tmpfs /run tmpfs rw 0 0\n",
            "FAIL",
            "everyone can see others' processes, with their arguments (/proc has no hidepid)",
        ),
        (
            mounts("hidepid=2", "ro,nosuid"),
            "WARN",
            "people only see their own processes; what the kernel protects can't be read "
            "(sudo sysctl)",
        ),
        (
            mounts("hidepid=2", "ro,nosuid") + WEAK,
            "PASS",
            "people only see their own processes; not set here, because the kernel belongs to"
            " another computer: fs.protected_regular=0",
        ),
    ],
)
def test_privacy(shell: Shell, told: str, result: str, evidence: str) -> None:
    found = check_privacy(Target("tests", {}, server=lambda: shell(cat=told)))
    assert found.result == result
    assert found.evidence == evidence

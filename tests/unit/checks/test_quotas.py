"""What people take of the data volume, as xfs_quota of Debian's kernel 6.1 prints it."""

from collections.abc import Callable
from typing import Any

import pytest

from workbench.checks import quotas
from workbench.checks.target import Answer
from workbench.checks.target import Target

Shell = Callable[..., Any]
ON = "rw,nosuid,nodev,relatime,attr2,inode64,logbufs=8,logbsize=32k,usrquota,prjquota\n"
OFF = "rw,nosuid,nodev,relatime,inode64,logbufs=8,logbsize=32k,noquota\n"
NO_MARKER = "cat: /run/workbench/without-quotas: No such file or directory\n"
REPORT = """\
root        5120          0   10485760     00 [--------]          5          0    1000000     00 [--------]
ada        20480          0   10485760     00 [--------]          2          0    1000000     00 [--------]
bob     {used}          0   52428800     00 [--------]     {files}          0    5000000     00 [--------]

"""  # noqa: E501


def check(shell: Shell, options: str, used: int = 20480, files: int = 2) -> Any:
    report = REPORT.format(used=used, files=files)
    server = shell(findmnt=options, **{"sudo_-n_xfs": report})
    return quotas.check_quotas(Target("tests", {"data_volume_id": "vol-1"}, server=lambda: server))


def test_what_each_person_may_have(shell: Shell) -> None:
    found = check(shell, ON + NO_MARKER)
    told = "each person has at most 10 GiB or 50 GiB of the data volume"
    assert (found.result, found.evidence) == ("PASS", told)


@pytest.mark.parametrize(
    ("used", "files", "told"),
    [(52428800, 2, "bob 100 % of 50 GiB"), (1, 4900000, "bob 98 % of 5000000 files")],
)
def test_who_is_near_their_quota_is_named(shell: Shell, used: int, files: int, told: str) -> None:
    found = check(shell, ON + NO_MARKER, used, files)
    assert (found.result, found.evidence) == ("WARN", f"near their quota: {told}")


def test_a_kernel_without_quotas_is_named(shell: Shell) -> None:
    found = check(shell, OFF)
    assert found.result == "SKIP"
    assert "no XFS quotas" in found.evidence


def test_quotas_that_begin_with_the_next_mount_ask_for_a_restart(shell: Shell) -> None:
    found = check(shell, OFF + NO_MARKER)
    assert (found.result, found.fix) == ("WARN", quotas.RESTART)


IMAGE = "655360 512 335544320\n"
ROW = "/dev/loop8 256 19 238 8% /data/workbench\n"


@pytest.mark.parametrize(
    ("answer", "result", "words"),
    [
        (Answer(0, ROW + IMAGE), "PASS", "238 of 256 MiB free"),
        (Answer(0, ROW.replace("238", "3") + IMAGE), "FAIL", "is full (256 MiB)"),
        (Answer(0, ROW + "132096 512 335544320\n"), "WARN", "lost some of its room"),
        (Answer(32, ""), "WARN", "shares its space with the homes"),
    ],
)
def test_the_room_of_the_workbenchs_own_state(
    shell: Shell, answer: Answer, result: str, words: str
) -> None:
    server = shell(mountpoint=answer)
    target = Target("tests", {"data_volume_id": "vol-1"}, server=lambda: server)
    found = quotas.check_own_room(target)
    assert found.result == result
    assert words in found.evidence

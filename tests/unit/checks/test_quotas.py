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
root    10485760          0   10485760     00 [--------]          5          0    1000000     00 [--------]
#0      10485760          0   10485760     00 [--------]          5          0    1000000     00 [--------]
ada     {ada}          0   10485760     00 [--------]          2          0    1000000     00 [--------]
bob     {used}          0   52428800     00 [--------]     {files}          0    5000000     00 [--------]

"""  # noqa: E501


def check(shell: Shell, options: str, used: int = 20480, files: int = 2, ada: int = 20480) -> Any:
    report = REPORT.format(used=used, files=files, ada=ada)
    server = shell(findmnt=options, **{"sudo_-n_xfs": report})
    return quotas.check_quotas(Target("tests", {"data_volume_id": "vol-1"}, server=lambda: server))


def test_what_each_person_may_have(shell: Shell) -> None:
    found = check(shell, ON + NO_MARKER)
    told = "each person has at most 10 GiB or 50 GiB of the data volume"
    assert (found.result, found.evidence) == ("PASS", told)


@pytest.mark.parametrize(
    ("used", "files", "told"),
    [
        (52428800, 2, "bob 100 % of 50 GiB"),
        (47185920, 2, "bob 90 % of 50 GiB"),
        (1, 4900000, "bob 98 % of 5000000 files"),
        (1, 4500000, "bob 90 % of 5000000 files"),
        (1, 4999999, "bob 99 % of 5000000 files"),
    ],
)
def test_who_is_near_their_quota_is_named(shell: Shell, used: int, files: int, told: str) -> None:
    found = check(shell, ON + NO_MARKER, used, files)
    assert (found.result, found.evidence) == ("WARN", f"near their quota: {told}")
    assert found.fix == "workbench data.grow --help"


def test_all_who_are_near_their_quota_are_named(shell: Shell) -> None:
    found = check(shell, ON + NO_MARKER, 52428800, ada=10485760)
    assert found.evidence == "near their quota: ada 100 % of 10 GiB, bob 100 % of 50 GiB"


def test_just_below_nobody_is_near(shell: Shell) -> None:
    assert check(shell, ON + NO_MARKER, 47185919, 4499999).result == "PASS"


def test_a_kernel_without_quotas_is_named(shell: Shell) -> None:
    found = check(shell, OFF)
    told = "this kernel has no XFS quotas: one person can fill the data volume"
    assert (found.result, found.evidence) == ("SKIP", told)


def test_quotas_that_begin_with_the_next_mount_ask_for_a_restart(shell: Shell) -> None:
    found = check(shell, OFF + NO_MARKER)
    told = "the data volume is mounted without quotas, which start over"
    assert (found.result, found.evidence, found.fix) == ("WARN", told, quotas.RESTART)


IMAGE = "655360 512 335544320\n"
ROW = "/dev/loop8 256 19 238 8% /data/workbench\n"


@pytest.mark.parametrize(
    ("answer", "result", "evidence", "fix"),
    [
        (
            Answer(0, f"{ROW}{IMAGE}what follows is nobody's\n"),
            "PASS",
            f"{quotas.OWN} has 238 of 256 MiB free, which home folders can't use",
            "",
        ),
        (
            Answer(0, ROW.replace("238", "8") + IMAGE),
            "PASS",
            f"{quotas.OWN} has 8 of 256 MiB free, which home folders can't use",
            "",
        ),
        (
            Answer(0, ROW.replace("238", "7") + IMAGE),
            "FAIL",
            f"{quotas.OWN}, the workbench's own state, is full (256 MiB)",
            "",
        ),
        (
            Answer(0, ROW + "132096 512 335544320\n"),
            "WARN",
            f"{quotas.IMAGE} has lost some of its reserved space, which others can use",
            quotas.CONVERGE,
        ),
        (
            Answer(32, ""),
            "WARN",
            f"{quotas.OWN} shares its space with the home folders: with a full volume, nobody"
            " could sign"
            " in. It needs 336 MiB free",
            quotas.CONVERGE,
        ),
    ],
)
def test_the_room_of_the_workbenchs_own_state(
    shell: Shell, answer: Answer, result: str, evidence: str, fix: str
) -> None:
    server = shell(mountpoint=answer)
    target = Target("tests", {"data_volume_id": "vol-1"}, server=lambda: server)
    found = quotas.check_own_room(target)
    assert (found.result, found.evidence, found.fix) == (result, evidence, fix)


@pytest.mark.parametrize("check", [quotas.check_quotas, quotas.check_own_room])
def test_without_a_data_volume_nothing_is_shared(check: Callable[[Target], Any]) -> None:
    found = check(Target("tests", {}))
    assert (found.result, found.evidence) == ("SKIP", "the stack has no data volume")


def test_limits_of_nobody_are_told(shell: Shell) -> None:
    server = shell(
        findmnt=ON + NO_MARKER, **{"sudo_-n_xfs": "ada 1 0 0 00 [--------] 2 0 0 00 [-]\n"}
    )
    found = quotas.check_quotas(Target("tests", {"data_volume_id": "vol-1"}, server=lambda: server))
    told = "quotas are counted, but nobody has a limit (workbench:homeQuota is 0)"
    assert (found.result, found.evidence) == ("PASS", told)


@pytest.mark.parametrize(
    ("most", "told"), [(1048575, "1023 MiB"), (1048576, "1 GiB"), (1572864, "1.5 GiB")]
)
def test_a_limit_is_told_in_gib_where_it_is_one(shell: Shell, most: int, told: str) -> None:
    report = f"ada 1 0 {most} 00 [--------] 2 0 0 00 [--------]\n"
    server = shell(findmnt=ON + NO_MARKER, **{"sudo_-n_xfs": report})
    found = quotas.check_quotas(Target("tests", {"data_volume_id": "vol-1"}, server=lambda: server))
    assert found.evidence == f"each person has at most {told} of the data volume"

"""The data volume in AWS and on the server, and disks that fill up."""

from collections.abc import Callable
from typing import Any

import pytest

from workbench.checks import volumes
from workbench.checks.target import Answer
from workbench.checks.target import Target

Shell = Callable[..., Any]
OUTPUTS = {"data_volume_id": "vol-1", "instance_id": "i-1"}
FILLS = "people can fill all of the root disk through /tmp"
HERE = {"InstanceId": "i-1", "State": "attached", "Device": "/dev/sdf"}


class Ec2:
    def __init__(self, *attachments: dict[str, str], state: str = "in-use", size: int = 20) -> None:
        self.volumes = [{"Size": size, "State": state, "Attachments": list(attachments)}]

    def describe_volumes(self, Filters: list[Any]) -> dict[str, Any]:
        assert Filters == [{"Name": "volume-id", "Values": ["vol-1"]}]
        return {"Volumes": self.volumes}


def target(shell: Any = None, ec2: Ec2 | None = None) -> Target:
    return Target("tests", OUTPUTS, server=lambda: shell, aws={"ec2": ec2 or Ec2(HERE)}.__getitem__)


@pytest.mark.parametrize(
    ("ec2", "result", "evidence"),
    [
        (Ec2(HERE), "PASS", "vol-1, 20 GiB, attached as /dev/sdf"),
        (Ec2(HERE | {"State": "busy"}), "PASS", "vol-1, 20 GiB, busy as /dev/sdf"),
        (Ec2(HERE | {"State": "detaching"}), "FAIL", "vol-1, 20 GiB, detaching as /dev/sdf"),
        (
            Ec2(state="available"),
            "FAIL",
            "the data volume vol-1 is detached: it is available",
        ),
        (
            Ec2(HERE | {"InstanceId": "i-2"}),
            "FAIL",
            "the data volume vol-1 is attached to i-2, not to i-1",
        ),
        (
            Ec2(HERE | {"State": "detached"}, state="available"),
            "FAIL",
            "the data volume vol-1 is detached: it is available",
        ),
    ],
)
def test_where_the_volume_is_attached(ec2: Ec2, result: str, evidence: str) -> None:
    found = volumes.check_attachment(target(ec2=ec2))
    assert (found.result, found.evidence) == (result, evidence)


def test_a_volume_that_is_gone_sends_to_the_backups() -> None:
    ec2 = Ec2()
    ec2.volumes = []
    found = volumes.check_attachment(target(ec2=ec2))
    assert (found.result, found.fix) == ("FAIL", "workbench data.list --stack {stack}")
    assert found.evidence == "the data volume vol-1 no longer exists in AWS"


def test_without_a_data_volume_there_is_nothing_to_look_at() -> None:
    for check in (volumes.check_attachment, volumes.check_mount):
        found = check(Target("tests", {}))
        assert (found.result, found.evidence) == ("SKIP", "the stack has no data volume")


MOUNTED = "/dev/nvme1n1 xfs\n"


@pytest.mark.parametrize(
    ("answers", "result", "evidence"),
    [
        ({"findmnt": MOUNTED, "sudo": ""}, "PASS", "vol-1 is /dev/nvme1n1 (xfs) at /data"),
        (
            {"findmnt": Answer(1, "")},
            "FAIL",
            "nothing is mounted at /data: the home folders are missing",
        ),
        (
            {"findmnt": MOUNTED, "sudo": Answer(2, "", "ls: /data: Input/output error")},
            "FAIL",
            "vol-1 is /dev/nvme1n1 (xfs) at /data, but it can't be read:"
            " ls: /data: Input/output error",
        ),
        (
            {"findmnt": MOUNTED, "sudo": Answer(1, "")},
            "FAIL",
            "vol-1 is /dev/nvme1n1 (xfs) at /data, but it can't be read:"
            " /dev/nvme1n1 is no longer a block device",
        ),
    ],
)
def test_what_is_mounted(shell: Shell, answers: Any, result: str, evidence: str) -> None:
    found = volumes.check_mount(target(shell(**answers)))
    assert (found.result, found.evidence) == (result, evidence)
    fails_to_read = "can't be read" in evidence
    assert found.fix == ("workbench restart --stack {stack}" if fails_to_read else "")


def test_a_mounts_options_are_no_part_of_its_device(shell: Shell) -> None:
    server = shell(findmnt="/dev/a xfs rw\n", **{"sudo_-n_ls_/data_&&_sudo_-n_test_-b_/dev/a": ""})
    assert volumes.check_mount(target(server)).evidence == "vol-1 is /dev/a (xfs rw) at /data"


DU = "sudo_-n_timeout_20_du_-xm_--max-depth=3_/data"
HEAD = "Filesystem 1048576-blocks Used Available Capacity Mounted on\n"
BIG = "19000\t/data\n18000\t/data/home/ada\n500\t/data/home/bob b\n"


def disks(root: str, data: str) -> str:
    return f"{HEAD}/dev/a {root} /\n/dev/b {data} /data\n"


def check(
    shell: Shell, space: str, inodes: str = "", ec2: Ec2 | None = None
) -> tuple[str, str, str]:
    inodes = inodes or disks("9 1 8 4%", "9 1 8 4%")
    server = shell(**{"df -Pm": space, "df -Pi": inodes, DU: BIG})
    found = volumes.check_disks(target(server, ec2))
    return found.result, found.evidence, found.fix


SPACE = disks("30000 9000 21000 30%", "20000 1000 19000 5%")
FULL_DATA = disks("30000 9000 21000 30%", "20000 20000 0 100%")
GROW = "workbench data.grow 30 --stack {stack}"


def test_disks_with_room(shell: Shell) -> None:
    assert check(shell, SPACE) == ("PASS", "/ 30 % used, /data 5 % used", "")


def test_a_server_without_a_data_volume_has_a_root_disk(shell: Shell) -> None:
    alone = "".join(line for line in SPACE.splitlines(True) if "/data" not in line)

    # What df prints where a place is missing, and then of the root disk alone.
    assert check(shell, alone + alone, alone + alone)[:2] == ("PASS", "/ 30 % used")


def test_a_full_data_volume_names_what_fills_it_and_can_grow(shell: Shell) -> None:
    told = "/data is full; biggest: /data/home/ada 18000 MiB, /data/home/bob b 500 MiB"
    assert check(shell, FULL_DATA) == ("FAIL", told, GROW)


@pytest.mark.parametrize(
    ("data", "result"),
    [
        ("20000 19900 100 99%", "FAIL"),
        ("20000 19801 199 99%", "FAIL"),
        ("20000 19800 200 99%", "WARN"),
        # What is used is rounded up.
        ("90000 89500 500 100%", "FAIL"),
    ],
)
def test_a_disk_with_a_few_mebibytes_left_is_full_too(shell: Shell, data: str, result: str) -> None:
    assert check(shell, disks("30000 9000 21000 30%", data))[0] == result


@pytest.mark.parametrize(("size", "wanted"), [(10, 20), (101, 151)])
def test_a_data_volume_grows_by_a_half_and_noticeably(shell: Shell, size: int, wanted: int) -> None:
    fix = check(shell, FULL_DATA, ec2=Ec2(HERE, size=size))[2]
    assert fix == f"workbench data.grow {wanted} --stack {{stack}}"


def test_a_data_disk_that_is_not_the_stacks_can_only_be_tidied(shell: Shell) -> None:
    server = shell(**{"df -Pm": FULL_DATA, "df -Pi": SPACE})
    own = Target("tests", {}, server=lambda: server)
    assert volumes.check_disks(own).fix == volumes.CLEAN
    gone = Ec2()
    gone.volumes = []
    assert check(shell, FULL_DATA, ec2=gone)[2] == volumes.CLEAN


def test_a_server_that_says_nothing_of_its_disks_fails(shell: Shell) -> None:
    told = "df doesn't report the server's disks"
    assert check(shell, "", "") == ("FAIL", told, "")


def test_a_full_root_volume_is_tidied(shell: Shell) -> None:
    result, evidence, fix = check(shell, disks("30000 30000 0 100%", "20000 1000 19000 5%"))
    assert (result, fix) == ("FAIL", volumes.CLEAN)
    # This server says nothing of what is biggest there.
    assert evidence == "/ is full"


def test_what_fills_the_root_volume_is_named_and_not_that_it_does(shell: Shell) -> None:
    biggest = "sudo_-n_timeout_20_du_-xm_--max-depth=3_/_"
    space = disks("30000 30000 0 100%", "20000 1000 19000 5%")
    server = shell(**{"df": space, biggest: "29000\t/\n20000\t/usr\n"})
    found = volumes.check_disks(target(server))
    assert found.evidence == "/ is full; biggest: /usr 20000 MiB"


def test_a_disk_without_inodes_is_full_of_files(shell: Shell) -> None:
    result, evidence, fix = check(shell, SPACE, disks("9 1 8 4%", "9 9 0 100%"))
    assert (result, fix) == ("FAIL", GROW)
    assert evidence == (
        "/data has no inodes left for new files; biggest: /data/home/ada 18000 MiB,"
        " /data/home/bob b 500 MiB"
    )


def test_a_file_system_that_counts_no_inodes_has_enough(shell: Shell) -> None:
    assert check(shell, SPACE, disks("0 0 0 -", "9 1 8 4%"))[0] == "PASS"


@pytest.mark.parametrize(
    ("root", "data", "result", "fix"),
    [
        (30, 93, "WARN", GROW),
        (30, 90, "WARN", GROW),
        (90, 30, "WARN", volumes.CLEAN),
        (89, 89, "PASS", ""),
    ],
)
def test_a_disk_that_fills_up_is_warned_of(
    shell: Shell, root: int, data: int, result: str, fix: str
) -> None:
    found = check(shell, disks(f"30000 9000 1500 {root}%", f"20000 18500 1500 {data}%"))
    assert found == (result, f"/ {root} % used, /data {data} % used", fix)


@pytest.mark.parametrize(
    ("root", "reserved", "result", "evidence", "fix"),
    [
        ("/dev/a ext4", 5000, "PASS", "5 % of the root disk is reserved for the system", ""),
        ("/dev/a ext4", 4000, "PASS", "4 % of the root disk is reserved for the system", ""),
        ("/dev/a ext4", 3999, "WARN", FILLS, volumes.CONVERGE),
        ("/dev/a ext4", 0, "WARN", FILLS, volumes.CONVERGE),
        (
            "overlay overlay",
            0,
            "SKIP",
            "the root disk is overlay, which has no reserve for the system: people can fill it by"
            " /tmp",
            "",
        ),
    ],
)
def test_the_systems_reserve_on_the_root_disk(
    shell: Shell, root: str, reserved: int, result: str, evidence: str, fix: str
) -> None:
    listing = (
        f"Block count: 100000\nReserved block count: {reserved}\nMounted: Mon Nov 30 10:00:00\n"
    )
    server = shell(**{"findmnt_-rno_SOURCE,FSTYPE_/": root, "sudo_-n_tune2fs_-l_/dev/a": listing})
    found = volumes.check_reserve(target(server))
    assert (found.result, found.evidence, found.fix) == (result, evidence, fix)


def test_homes_that_are_full_by_their_quota_count_as_the_volume(shell: Shell) -> None:
    homes = f"{SPACE}/dev/b 19456 19456 0 100% /data\n"
    assert check(shell, homes)[0] == "FAIL"

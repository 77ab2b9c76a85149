"""Lab 5: the right thing passes, and what only looks like it doesn't."""

from datetime import UTC
from datetime import datetime
from typing import Any

import pytest

from workbench.checks.labs import size
from workbench.checks.target import Answer
from workbench.checks.target import Target

EARLY, LATE = (datetime(2026, 11, 30, hour, tzinfo=UTC) for hour in (8, 9))
DISK = f"{size.DISK}vol1"


class Cloud:
    """EC2, with one instance and one data volume."""

    def __init__(self, **changed: Any) -> None:
        self.kind, self.promised = "t3.small", 2048
        self.started, self.made = LATE, EARLY
        self.volumes = [
            {
                "VolumeId": "vol-1",
                "Size": 10,
                "Encrypted": True,
                "CreateTime": EARLY,
                "Attachments": [{"InstanceId": "i-1", "State": "attached"}],
            }
        ]
        self.volumes[0].update(changed.pop("volume", {}))
        vars(self).update(changed)

    def describe_instances(self, Filters: Any) -> Any:
        instance = {
            "InstanceId": "i-1",
            "InstanceType": self.kind,
            "LaunchTime": self.started,
            "RootDeviceName": "/dev/xvda",
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": "root"}}],
        }
        return {"Reservations": [{"Instances": [instance]}]}

    def describe_instance_types(self, InstanceTypes: Any) -> Any:
        assert InstanceTypes == [self.kind]
        return {"InstanceTypes": [{"MemoryInfo": {"SizeInMiB": self.promised}}]}

    def describe_volumes(self, Filters: Any = None, VolumeIds: Any = None) -> Any:
        named = [{"Name": "tag:Name", "Values": ["do4ds-lab-data"]}]
        assert (Filters, VolumeIds) in ((named, None), (None, ["root"]))
        root = {"CreateTime": self.made, "Attachments": [{"AttachTime": self.made}]}
        return {"Volumes": [root] if VolumeIds else self.volumes}


class Server:
    """A server that answers what it is told to."""

    def __init__(self, **changed: str) -> None:
        self.answers = {
            "grep": "MemTotal: 2000000 kB\n",
            "findmnt": "/dev/nvme1n1\n",
            "readlink": "/dev/nvme1n1\n",
            "systemctl": "enabled\n",
            "stat": f"{int(EARLY.timestamp())} 12\n",
        } | changed

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        if command.startswith("readlink"):
            assert command == f"readlink -f {DISK}"
        return Answer(0, self.answers[command.split()[0]])


def told(check, cloud=None, server=None):
    ec2 = cloud or Cloud()
    outcome = check(Target("labs", aws={"ec2": ec2}.__getitem__, server=lambda: server or Server()))
    return f"{outcome.result}: {outcome.evidence}"


@pytest.mark.parametrize(
    ("cloud", "server", "said"),
    [
        ({}, {}, "PASS: t3.small, and the server sees 1953 MiB of memory"),
        (
            {"kind": "t3.micro", "promised": 1024},
            {},
            "FAIL: t3.micro has 1024 MiB of memory, not 2048",
        ),
        (
            {},
            {"grep": "MemTotal: 1000000 kB\n"},
            "FAIL: the server itself sees only 976 MiB of memory",
        ),
        ({}, {"grep": ""}, "FAIL: the server itself sees only 0 MiB of memory"),
    ],
)
def test_the_memory_is_more_in_aws_and_on_the_server(cloud, server, said):
    assert told(size.check_bigger, Cloud(**cloud), Server(**server)) == said


@pytest.mark.parametrize(
    ("cloud", "said"),
    [
        ({}, "PASS: launched 08:00:00, started again 09:00:00 UTC"),
        ({"started": EARLY, "volumes": []}, "FAIL: it has run since it was launched, 08:00:00 UTC"),
        (
            {"started": EARLY, "volume": {"CreateTime": LATE}},
            "FAIL: it has run since it was launched, 08:00:00 UTC",
        ),
        (
            {"started": LATE, "made": LATE},
            "PASS: the server is newer than its data volume, created 09:00:00 UTC",
        ),
    ],
)
def test_a_fresh_server_of_a_bigger_type_hasnt_grown(cloud, said):
    assert told(size.check_grown, Cloud(**cloud)) == said


@pytest.mark.parametrize(
    ("cloud", "said"),
    [
        ({}, "PASS: vol-1, 10 GiB, encrypted, at i-1"),
        ({"volumes": []}, "FAIL: there isn't exactly one volume named do4ds-lab-data"),
        (
            {"volume": {"Encrypted": False}},
            "FAIL: vol-1 isn't encrypted, and can't be encrypted later: create another one",
        ),
        ({"volume": {"Attachments": []}}, "FAIL: vol-1 is attached to no server"),
        (
            {"volume": {"Attachments": [{"InstanceId": "i-2", "State": "attached"}]}},
            "FAIL: vol-1 is at i-2",
        ),
    ],
)
def test_the_data_volume_is_encrypted_and_at_this_server(cloud, said):
    assert told(size.check_data_volume, Cloud(**cloud)) == said


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ({}, "PASS: /dev/nvme1n1 is mounted at /data, also after each boot"),
        (
            {"systemctl": "generated\n"},
            "PASS: /dev/nvme1n1 is mounted at /data, also after each boot",
        ),
        (
            {"findmnt": ""},
            "FAIL: nothing is mounted at /data: files written there go to the root disk",
        ),
        (
            {"findmnt": "/dev/nvme2n1\n"},
            "FAIL: /dev/nvme2n1 is mounted at /data, and that isn't vol-1",
        ),
        (
            {"systemctl": "disabled\n"},
            "FAIL: /data is mounted, but won't be after the next boot: data.mount isn't enabled",
        ),
    ],
)
def test_what_is_mounted_is_the_volume_now_and_after_a_boot(server, said):
    assert told(size.check_data_mount, None, Server(**server)) == said


@pytest.mark.parametrize(
    ("made", "note", "said"),
    [
        (LATE, None, "PASS: /data/notes.txt was written 08:00:00 UTC"),
        (
            EARLY,
            None,
            "FAIL: /data/notes.txt was written 08:00:00 UTC, at this server, which was "
            "made 08:00:00: it isn't a file that was kept",
        ),
        (LATE, "", "FAIL: /data/notes.txt is empty"),
        (LATE, "1 0\n", "FAIL: /data/notes.txt is empty"),
    ],
)
def test_a_file_that_was_kept_is_older_than_the_server(made, note, said):
    server = Server() if note is None else Server(stat=note)

    assert told(size.check_kept, Cloud(made=made), server) == said


def test_the_biggest_has_twice_the_memory():
    bigger = Server(grep="MemTotal: 3900000 kB\n")
    known = Cloud(kind="t3.medium", promised=4096)
    assert told(size.check_biggest, known, bigger).startswith("PASS: t3.medium, and the server")
    assert told(size.check_biggest) == "FAIL: t3.small has 2048 MiB of memory, not 4096"
    assert told(size.check_biggest, known) == "FAIL: the server itself sees only 1953 MiB of memory"


@pytest.mark.parametrize(
    ("stat", "said"),
    [
        (f"{int(LATE.timestamp())} 12\n", "PASS: /data/notes.txt was written 09:00:00 UTC"),
        (f"{int(LATE.timestamp())} 0\n", "FAIL: /data/notes.txt is empty"),
        ("", "FAIL: /data/notes.txt is empty"),
    ],
)
def test_a_note_holds_something(stat, said):
    assert told(size.check_note, server=Server(stat=stat)) == said

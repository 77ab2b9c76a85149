"""With state and copies lost, what AWS has by its tags points to a new workbench on the data."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from workbench.progress import Progress
from workbench.remote import unknown
from workbench.remote.stack_state import StackState
from workbench.remote.unknown import Unknown
from workbench.remote.unknown import UnknownWorkbenchError
from workbench.remote.unknown import refuse_unknown
from workbench.tasks.recover import recovering
from workbench.tasks.recover.damage import Damage
from workbench.tasks.recover.left_in_aws import Left
from workbench.tasks.recover.left_in_aws import find_left
from workbench.tasks.recover.left_in_aws import tell_left
from workbench.tasks.recover.left_in_aws import ways_on

MINE = [{"Name": "tag:workbench:stack", "Values": ["lab/prod"]}]


class Ec2:
    """An EC2 with a server, its volume, a newer one that was never attached, and an address."""

    meta = SimpleNamespace(region_name="eu-west-1")

    def __init__(self) -> None:
        self.refuses = False
        self.state = "running"

    def _asked(self, wanted: dict[str, Any]) -> None:
        assert wanted == {"Filters": MINE}
        if self.refuses:
            raise ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "DescribeVolumes")

    def get_paginator(self, _: str) -> Any:
        def paginate(**wanted: Any) -> Any:
            self._asked(wanted)
            # One that someone attached comes first in EC2's list.
            disks = {"/dev/sda1": "vol-root", "/dev/sdb": "vol-9", "/dev/sdf": "vol-1"}
            instance = {
                "InstanceId": "i-1",
                "State": {"Name": self.state},
                "RootDeviceName": "/dev/sda1",
                "BlockDeviceMappings": [
                    {"DeviceName": name, "Ebs": {"VolumeId": id_}} for name, id_ in disks.items()
                ],
            }
            return [{"Reservations": [{"Instances": [instance]}]}]

        return SimpleNamespace(paginate=paginate)

    def describe_volumes(self, **wanted: Any) -> Any:
        self._asked(wanted)
        # The one in use was made manually, and has no tag.
        return {"Volumes": [{"VolumeId": f"vol-{n}", "CreateTime": n} for n in (2, 3)]}

    def describe_addresses(self, **wanted: Any) -> Any:
        self._asked(wanted)
        return {"Addresses": [{"AllocationId": "eipalloc-1", "PublicIp": "198.51.100.7"}]}


@pytest.fixture
def ec2(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ec2:
    made = Ec2()
    (tmp_path / "Pulumi.yaml").write_text("name: lab\n")
    (tmp_path / "Pulumi.prod.yaml").write_text("config:\n  aws:profile: team\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(StackState, "aws", lambda *_: made)
    return made


def test_what_has_the_stacks_tag_is_found_and_told(ec2: Ec2) -> None:
    left = find_left("prod")
    assert (left.servers, left.data_volume) == (("i-1",), "vol-1")
    assert tell_left(left) == (
        "By their tags, AWS has these resources of it: the data volume vol-1, the data volume"
        " vol-3, the data"
        " volume vol-2, the Elastic IP"
        " 198.51.100.7 (eipalloc-1)."
    )


def test_without_a_server_the_newest_volume_has_the_data(ec2: Ec2) -> None:
    ec2.state = "terminated"
    assert find_left("prod").data_volume == "vol-3"


def test_where_aws_refuses_nothing_is_found(ec2: Ec2) -> None:
    ec2.refuses = True
    assert not find_left("prod")
    assert list(ways_on("prod", Left(), is_there=True)) == []


def test_the_commands_lead_to_a_new_workbench_on_the_old_data(ec2: Ec2) -> None:
    where = "--region eu-west-1 --profile team"
    _, *commands, others = ways_on("prod", find_left("prod"), is_there=False)
    assert commands == [
        f"aws ec2 terminate-instances {where} --instance-ids i-1   the volume stays",
        f"aws ec2 wait instance-terminated {where} --instance-ids i-1",
        f"aws ec2 release-address {where} --allocation-id eipalloc-1   costs otherwise",
        "pulumi stack init prod",
        "pulumi config set workbench:dataVolumeId vol-1 --stack prod",
        "workbench up --stack prod",
    ]
    assert others.endswith("from before a restore: vol-3, vol-2")


def test_recover_ends_with_them(ec2: Ec2) -> None:
    opened: Any = SimpleNamespace(name="prod", exists=lambda: False)
    damage = Damage("lost", unknown=Unknown(("i-1 (t3.large, running)",), ("lab-bucket",)))
    error = recovering._nothing_kept(opened, damage)
    for word in ("No copy of the stack prod was found", "the server i-1", "the data volume vol-1"):
        assert word in error.message
    assert "pulumi stack import --file BACKUP.json --stack prod\n" in error.hint
    assert "workbench:dataVolumeId vol-1 --stack prod\n  workbench up --stack prod" in error.hint


@pytest.mark.parametrize(
    ("servers", "volume", "is_refused"),
    [((), "", True), ((), "vol-1", False), (("i-1",), "vol-1", True)],
)
def test_an_old_bucket_alone_does_not_hinder_a_new_workbench_on_the_data(
    monkeypatch: pytest.MonkeyPatch, servers: tuple[str, ...], volume: str, is_refused: bool
) -> None:
    found = Unknown(servers, ("lab-bucket",))
    monkeypatch.setattr(unknown, "look_for_unknown", lambda *_: found)
    config = {"workbench:dataVolumeId": volume} if volume else {}
    monkeypatch.setattr(unknown, "provider_settings", lambda _: config)
    if is_refused:
        with pytest.raises(UnknownWorkbenchError):
            refuse_unknown("prod", Progress(quiet=True))
    else:
        refuse_unknown("prod", Progress(quiet=True))


def test_of_several_workbenches_each_has_its_own_volume_again(ec2: Ec2) -> None:
    left = Left(("i-1", "i-2"), ("vol-1", "vol-2", "vol-3"), in_use=("vol-1", "vol-2"))
    *_, volumes, up, others = ways_on("prod", left, is_there=True)
    assert volumes == "data_volume_id, in the program, to each workbench's own: vol-1, vol-2"
    assert up == "workbench up --stack prod"
    assert others.endswith("from before a restore: vol-3")
    assert find_left("prod").in_use == ("vol-1",)

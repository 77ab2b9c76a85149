"""What AWS has of lab 1: the right thing passes, and what only looks like it doesn't."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from workbench.checks.check import Outcome
from workbench.checks.labs import instance
from workbench.checks.labs import keys
from workbench.checks.labs.names import KEY_FILE
from workbench.checks.labs.names import KEY_PAIR
from workbench.checks.labs.names import NAME
from workbench.checks.target import Target

ROOT_DEVICE = "/dev/sda1"

Check = Callable[[Target], Outcome]


class Account:
    """An account of AWS, and the reader's folder."""

    def __init__(self, folder: Path) -> None:
        self.ec2 = boto3.client("ec2", region_name="us-east-1")
        self.folder = folder

    def target(self) -> Target:
        return Target("labs", aws=lambda service: self.ec2, folder=self.folder)

    def key_pair(self, name: str = KEY_PAIR) -> None:
        made = self.ec2.create_key_pair(KeyName=name)
        (self.folder / KEY_FILE).write_text(made["KeyMaterial"])

    def group(self, *rules: tuple[str, int, int, str], name: str = NAME) -> str:
        made = self.ec2.create_security_group(GroupName=name, Description="lab")["GroupId"]
        for protocol, first, last, source in rules:
            self.ec2.authorize_security_group_ingress(
                GroupId=made, IpProtocol=protocol, FromPort=first, ToPort=last, CidrIp=source
            )
        return str(made)

    def instance(self, group: str | None = None, size: int = 30, name: str = NAME) -> str:
        # Of its own: whether moto has others depends on what ran before in this process.
        image = self.ec2.register_image(Name="lab", RootDeviceName=ROOT_DEVICE)["ImageId"]
        options: dict[str, Any] = {"SecurityGroupIds": [group]} if group else {}
        made = self.ec2.run_instances(
            ImageId=image,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            BlockDeviceMappings=[{"DeviceName": ROOT_DEVICE, "Ebs": {"VolumeSize": size}}],
            TagSpecifications=[
                {"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}
            ],
            **options,
        )
        return str(made["Instances"][0]["InstanceId"])


SSH = ("tcp", 22, 22, "203.0.113.7/32")


@pytest.fixture
def account(tmp_path, monkeypatch, plain_moto):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield Account(tmp_path)


def told(check: Check, account: Account) -> str:
    outcome = check(account.target())
    return f"{outcome.result}: {outcome.evidence}"


def test_a_key_pair_that_aws_made_fits(account):
    account.key_pair()

    assert told(keys.check_key_pair, account) == f"PASS: {KEY_PAIR} in AWS fits {KEY_FILE}"


def test_no_key_file_is_no_key(account):
    assert told(keys.check_key_pair, account).startswith(f"FAIL: there is no {KEY_FILE} in /")


def test_a_key_file_of_another_pair_fails(account):
    account.key_pair()
    kept = (account.folder / KEY_FILE).read_text()
    account.ec2.delete_key_pair(KeyName=KEY_PAIR)
    account.key_pair()
    (account.folder / KEY_FILE).write_text(kept)

    said = f"FAIL: no key pair in AWS is that of {KEY_FILE}; AWS has: {KEY_PAIR}"
    assert told(keys.check_key_pair, account) == said


def test_a_file_that_holds_no_key_fails(account):
    account.key_pair()
    (account.folder / KEY_FILE).write_text("None\n")

    assert told(keys.check_key_pair, account).endswith("is no private key")


@pytest.mark.parametrize(("mode", "result"), [(0o600, "PASS"), (0o400, "PASS"), (0o644, "FAIL")])
def test_a_key_that_others_can_read_fails(account, mode, result):
    account.key_pair()
    (account.folder / KEY_FILE).chmod(mode)

    assert told(keys.check_key_mode, account).startswith(result)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([SSH], r"PASS: sg-ID opens port 22 to 203.0.113.7/32"),
        ([], "FAIL: sg-ID opens nothing yet"),
        ([SSH, ("tcp", 80, 80, "0.0.0.0/0")], "FAIL: sg-ID opens more than port 22: tcp 80"),
        ([("tcp", 0, 65535, "203.0.113.7/32")], "FAIL: sg-ID opens more than port 22: tcp 0 to"),
        ([("-1", -1, -1, "203.0.113.7/32")], "FAIL: sg-ID opens more than port 22: everything"),
        (
            [("tcp", 22, 22, "0.0.0.0/0")],
            "FAIL: sg-ID opens port 22 to the whole internet (0.0.0.0/0)",
        ),
        ([SSH, ("udp", 22, 22, "203.0.113.7/32")], "FAIL: sg-ID opens more than port 22: udp 22"),
    ],
)
def test_a_group_opens_ssh_to_where_you_are_and_nothing_else(account, rules, said):
    group = account.group(*rules)

    assert told(instance.check_group, account).startswith(said.replace("sg-ID", group))


def test_a_group_of_another_name_is_none(account):
    account.group(SSH, name="launch-wizard-1")

    assert told(instance.check_group, account) == f"FAIL: no security group is named {NAME}"


def test_an_instance_behind_its_group_passes(account):
    made = account.instance(account.group(SSH))

    assert told(instance.check_instance, account) == f"PASS: {made}, t3.micro, running"


def test_an_instance_behind_another_group_fails(account):
    account.group(SSH)
    account.instance(account.group(SSH, name="launch-wizard-1"))

    said = f"isn't behind the security group {NAME}, but behind: launch-wizard-1"
    assert told(instance.check_instance, account).endswith(said)


def test_a_second_instance_of_the_name_fails(account):
    group = account.group(SSH)
    account.instance(group)
    account.instance(group)

    assert told(instance.check_instance, account).startswith(f"FAIL: 2 instances are named {NAME}")


def test_an_instance_of_another_name_or_a_terminated_one_is_none(account):
    group = account.group(SSH)
    account.instance(group, name="other")
    gone = account.instance(group)
    account.ec2.terminate_instances(InstanceIds=[gone])

    assert told(instance.check_instance, account) == f"FAIL: no instance is named {NAME}"


def test_a_stopped_instance_fails(account):
    made = account.instance(account.group(SSH))
    account.ec2.stop_instances(InstanceIds=[made])

    assert told(instance.check_instance, account) == f"FAIL: {made}, t3.micro, stopped"


@pytest.mark.parametrize(("size", "said"), [(30, "PASS: the disk has 30 GiB"), (8, "FAIL: the")])
def test_a_disk_of_the_images_own_size_fails(account, size, said):
    account.instance(account.group(SSH), size=size)

    assert told(instance.check_root_disk, account).startswith(said)


def test_an_instance_that_only_ran_wasnt_started_again(account):
    account.instance(account.group(SSH))

    said = "FAIL: it has run since it was launched, "
    assert told(instance.check_restarted, account).startswith(said)

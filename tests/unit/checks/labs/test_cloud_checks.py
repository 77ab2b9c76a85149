"""What AWS has of lab 1: the right thing passes, and what only looks like it doesn't."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.labs import instance
from workbench.checks.labs import keys
from workbench.checks.labs.names import KEY_FILE
from workbench.checks.labs.names import KEY_PAIR
from workbench.checks.labs.names import NAME
from workbench.checks.target import Address
from workbench.checks.target import Target
from workbench.tasks.ssh.key_files import make_key_pair

ROOT_DEVICE = "/dev/sda1"

Check = Callable[[Target], Outcome]


class Account:
    """An account of AWS, and the reader's folder."""

    def __init__(self, folder: Path) -> None:
        self.ec2 = boto3.client("ec2", region_name="us-east-1")
        self.folder = folder

    def target(self) -> Target:
        return Target("labs", aws={"ec2": self.ec2}.__getitem__, folder=self.folder)

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

    said = f"FAIL: no key pair in AWS matches {KEY_FILE}; AWS has: {KEY_PAIR}"
    assert told(keys.check_key_pair, account) == said


def test_a_file_that_holds_no_key_fails(account):
    account.key_pair()
    (account.folder / KEY_FILE).write_text("None\n")

    assert told(keys.check_key_pair, account).endswith("isn't a private key")


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (0o600, f"PASS: {KEY_FILE} has the mode 600: only you can read it"),
        (0o400, f"PASS: {KEY_FILE} has the mode 400: only you can read it"),
        (0o644, f"FAIL: {KEY_FILE} has the mode 644: others on this computer can read it"),
    ],
)
def test_a_key_that_others_can_read_fails(account, mode, said):
    folder = account.folder
    assert told(keys.check_key_mode, account) == f"FAIL: there is no {KEY_FILE} in {folder}"
    (folder / KEY_FILE).touch()
    (folder / KEY_FILE).chmod(mode)

    assert told(keys.check_key_mode, account) == said


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ([SSH], r"PASS: sg-ID opens port 22 to 203.0.113.7/32"),
        ([], "FAIL: sg-ID doesn't open any port yet"),
        ([SSH, ("tcp", 80, 80, "0.0.0.0/0")], "FAIL: sg-ID opens more than port 22: tcp 80"),
        (
            [("tcp", 0, 65535, "203.0.113.7/32")],
            "FAIL: sg-ID opens more than port 22: tcp 0 to 65535",
        ),
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

    assert told(instance.check_group, account) == said.replace("sg-ID", group)


IPV6 = {"Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}]}


def test_whom_a_group_opens_ssh_to_is_told(account):
    group = account.group(SSH)
    other = {"UserIdGroupPairs": [{"GroupId": group}]}
    ports = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    account.ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[ports | IPV6, ports | other]
    )

    said = f"PASS: {group} opens port 22 to 2001:db8::/32, 203.0.113.7/32, another group"
    assert told(instance.check_group, account) == said


def test_two_groups_of_the_name_fail(account):
    groups = [account.group(SSH), account.group(SSH, name="other")]
    account.ec2.create_tags(Resources=groups[1:], Tags=[{"Key": "Name", "Value": NAME}])

    said = f"FAIL: several security groups are named {NAME}: {', '.join(groups)}"
    assert told(instance.check_group, account) == said


def test_a_group_of_another_name_is_none(account):
    account.group(SSH, name="launch-wizard-1")

    assert told(instance.check_group, account) == f"FAIL: no security group is named {NAME}"


def test_an_instance_behind_its_group_passes(account):
    made = account.instance(account.group(SSH))

    assert told(instance.check_instance, account) == f"PASS: {made}, t3.micro, running"


def test_an_instance_behind_another_group_fails(account):
    account.group(SSH)
    made = account.instance(account.group(SSH, name="launch-wizard-1"))
    more = account.group(name="launch-wizard-2")
    behind = [
        *account.ec2.describe_instances()["Reservations"][0]["Instances"][0]["SecurityGroups"]
    ]
    account.ec2.modify_instance_attribute(InstanceId=made, Groups=[behind[0]["GroupId"], more])

    said = f"isn't behind the security group {NAME}, but behind: launch-wizard-1, launch-wizard-2"
    assert told(instance.check_instance, account).endswith(said)


def test_a_second_instance_of_the_name_fails(account):
    group = account.group(SSH)
    both = account.instance(group), account.instance(group)

    told_of = told(instance.check_instance, account)
    said, _, ids = told_of.rpartition(": ")
    assert said == f"FAIL: 2 instances are named {NAME}"
    assert sorted(ids.split(", ")) == sorted(both)


def test_the_newest_instance_of_the_name_comes_first():
    days = [datetime(2026, 11, day, tzinfo=UTC) for day in (29, 30, 28)]
    launched = [{"InstanceId": f"i-{day.day}", "LaunchTime": day} for day in days]
    ec2 = SimpleNamespace(
        describe_instances=lambda Filters: {"Reservations": [{"Instances": launched}]}
    )
    found = [each["InstanceId"] for each in instance.find_instances(ec2)]
    assert found == ["i-30", "i-29", "i-28"]


def test_an_instance_that_boots_is_no_failure(monkeypatch, account):
    made = account.instance(account.group(SSH))
    (found,) = instance.find_instances(account.ec2)
    booting = found | {"State": {"Name": "pending"}}
    monkeypatch.setattr(instance, "find_instances", lambda ec2: [booting])

    said = f"WARN: {made}, t3.micro, pending: it is booting"
    assert told(instance.check_instance, account) == said


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


@pytest.mark.parametrize(
    ("size", "said"), [(30, "PASS: the disk has 30 GiB"), (8, "FAIL: the disk has 8 GiB, not 30")]
)
def test_a_disk_of_the_images_own_size_fails(account, size, said):
    account.instance(account.group(SSH), size=size)

    assert told(instance.check_root_disk, account) == said


def test_an_instance_that_only_ran_wasnt_started_again(account):
    account.instance(account.group(SSH))

    said = r"FAIL: it has run since it was launched, \d\d:\d\d:\d\d UTC"
    assert re.fullmatch(said, told(instance.check_restarted, account))


@pytest.fixture
def own(tmp_path):
    """Give a reader's own key, in the folder that OpenSSH looks into."""
    path = tmp_path / keys.OWN_KEY
    make_key_pair(path, "reader@home")
    return path


def test_a_key_of_ones_own_has_both_halves(own):
    public = own.with_suffix(".pub")
    for said in (b" reader@home", b" reader@h\xfcme", b""):
        kind, key, *_ = public.read_bytes().split()
        public.write_bytes(kind + b" " + key + said)
        found = keys.check_own_key(Target("labs", ssh_folder=own.parent))
        assert (found.result, found.evidence) == ("PASS", f"{own}, ssh-ed25519")


@pytest.mark.parametrize("half", [keys.OWN_KEY, f"{keys.OWN_KEY}.pub"])
def test_half_a_key_of_ones_own_fails(own, half):
    own.with_name(half).unlink()
    found = keys.check_own_key(Target("labs", ssh_folder=own.parent))
    assert (found.result, found.evidence) == ("FAIL", f"there is no {half} in {own.parent}")


@pytest.mark.parametrize(("mode", "result"), [(0o400, "PASS"), (0o640, "FAIL"), (0o604, "FAIL")])
def test_a_key_of_ones_own_is_for_its_owner_alone(own, mode, result):
    own.chmod(mode)
    found = keys.check_own_key(Target("labs", ssh_folder=own.parent))
    assert found.result == result
    assert ("others on this computer can read it" in found.evidence) == (result == "FAIL")


@pytest.mark.parametrize("public", ["", "ssh-ed25519", "ssh-ed25519 AAAA reader@home\n"])
def test_two_halves_of_different_keys_fail(own, public):
    own.with_suffix(".pub").write_text(public)
    found = keys.check_own_key(Target("labs", ssh_folder=own.parent))
    assert (found.result, found.evidence) == (
        "FAIL",
        f"{own}.pub isn't the public half of {own}",
    )


class Ports:
    """SSH's port, as it is found time after time, the last time for ever."""

    def __init__(self, *answers: Outcome) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, target: Target) -> Outcome:
        self.asked += 1
        assert target.stack == "labs"
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


REFUSED, OPEN = failed("nothing answers on port 22"), passed("port 22 answers")


def answers(monkeypatch, account, port, sources=("203.0.113.7/32",), young=300.0, **ways):
    """Return what is said of a server that was started just now."""
    account.instance()
    monkeypatch.setattr(instance, "check_ssh_port", port)
    monkeypatch.setattr(
        instance, "ssh_sources", lambda target: list(sources) if target.stack == "labs" else None
    )
    monkeypatch.setattr(instance, "YOUNG", young)
    monkeypatch.setattr(instance, "INTERVAL", 0)
    target = replace(account.target(), address=Address("203.0.113.9", **ways))
    outcome = instance.check_answers(target)
    return f"{outcome.result}: {outcome.evidence}"


def test_a_server_that_boots_gets_the_time_to_answer(monkeypatch, account):
    ports = Ports(REFUSED, REFUSED, OPEN)
    assert answers(monkeypatch, account, ports) == "PASS: port 22 answers"
    assert ports.asked == 3


def test_one_that_never_answers_fails(monkeypatch, account):
    monkeypatch.setattr(instance, "BOOT_LIMIT", 0.05)
    assert answers(monkeypatch, account, Ports(REFUSED)) == f"FAIL: {REFUSED.evidence}"


@pytest.mark.parametrize(
    "known", [{"sources": ()}, {"young": 0.0}], ids=["a closed group", "an old server"]
)
def test_what_waiting_does_not_help_fails_at_once(monkeypatch, account, known):
    ports = Ports(REFUSED, OPEN)
    assert answers(monkeypatch, account, ports, **known).startswith("FAIL")
    assert ports.asked == 1


def test_a_port_that_another_one_of_this_computer_leads_to_is_named(monkeypatch, account):
    assert answers(monkeypatch, account, Ports(OPEN), ports={22: 2222}) == (
        "PASS: port 22 of 203.0.113.9 is reached through port 2222"
    )

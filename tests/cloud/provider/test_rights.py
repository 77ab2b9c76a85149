"""The life of a workbench under exactly the rights that its documentation lists."""

import json
import shutil
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from entrance_program import PROGRAM
from pulumi_project import ROOT
from pulumi_project import Pulumi
from pulumi_project import make_project
from pulumi_project import make_pulumi

from workbench.rehearsal.api.parameters import machine_architecture
from workbench.rehearsal.credentials import ACCESS_KEY
from workbench.tasks.rights.asking import ask_rights
from workbench.tasks.rights.policy import read_policy

FAMILY = "t3" if machine_architecture() == "x86_64" else "t4g"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEaP7fra1kJc3ZvCo+zKpqHGh/0/z5RBH4teO2jPCZd6 ada"
CONFIG = {
    "publicKey": KEY,
    "os": "debian-12",
    "instanceType": f"{FAMILY}.medium",
    "domain": "rights.example.org",
    "createZone": "true",
    "sshFrom": "203.0.113.7/32",
    "backupSchedule": "cron(0 3 * * ? *)",
    "keepDataVolume": "false",
    "instanceConnectEndpoint": "true",
}


NETWORK = {
    f"aws:ec2/{kind}"
    for kind in (
        "vpc:Vpc",
        "subnet:Subnet",
        "internetGateway:InternetGateway",
        "routeTable:RouteTable",
        "route:Route",
        "routeTableAssociation:RouteTableAssociation",
    )
}


class Person:
    """Someone with an access key, and with the rights that a policy gives."""

    def __init__(self, aws: Callable[[str], Any], api: str, name: str) -> None:
        self.iam, self.api, self.name = aws("iam"), api, name
        self.iam.create_user(UserName=name)
        self.key = self.iam.create_access_key(UserName=name)["AccessKey"]

    def may(self, document: dict[str, Any]) -> None:
        self.iam.put_user_policy(
            UserName=self.name, PolicyName="rights", PolicyDocument=json.dumps(document)
        )

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.api,
            aws_access_key_id=self.key["AccessKeyId"],
            aws_secret_access_key=self.key["SecretAccessKey"],
        )

    def remove(self) -> None:
        for policy in self.iam.list_user_policies(UserName=self.name)["PolicyNames"]:
            self.iam.delete_user_policy(UserName=self.name, PolicyName=policy)
        self.iam.delete_access_key(UserName=self.name, AccessKeyId=self.key["AccessKeyId"])
        self.iam.delete_user(UserName=self.name)


@pytest.fixture
def ada(aws: Callable[[str], Any], api: Any) -> Iterator[Person]:
    person = Person(aws, api.url, "ada")
    yield person
    person.remove()


@pytest.fixture
def pulumi(tmp_path: Any, provider_config: dict[str, Any], ada: Person) -> Pulumi:
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    shutil.copytree(ROOT / "stacks", tmp_path / "stacks")
    pulumi = make_pulumi(tmp_path)
    pulumi.init("rights", provider_config)
    configure(pulumi, ada)
    return pulumi


def configure(pulumi: Pulumi, person: Person) -> None:
    """Have a stack work with a person's key."""
    pulumi.set("aws:accessKey", person.key["AccessKeyId"])
    pulumi.set("aws:secretKey", person.key["SecretAccessKey"], "--secret")
    for key, value in CONFIG.items():
        pulumi.set(f"workbench:{key}", value)


def test_a_workbench_lives_under_exactly_the_rights_that_are_listed(
    pulumi: Pulumi, ada: Person
) -> None:
    ada.may(read_policy())
    made = pulumi.up()["create"]
    assert made > 20
    # All that is changed in place: type, volumes, rules, snapshots, accounts.
    pulumi.set("workbench:instanceType", f"{FAMILY}.large")
    pulumi.set("workbench:dataVolumeSize", 40)
    pulumi.set("workbench:rootVolumeSize", 40)
    pulumi.set("workbench:backupSchedule", "cron(0 4 * * ? *)")
    pulumi.run("config", "set", "--path", "workbench:users[0].name", "grace")
    pulumi.run("config", "set", "--path", "workbench:extraPorts[0].port", "8443")
    pulumi.run("config", "set", "--path", "workbench:extraPorts[0].cidrBlocks[0]", "192.0.2.0/24")
    assert "update" in pulumi.up()
    assert pulumi.refresh() == {}
    assert pulumi.counts("destroy", "--yes", "--skip-preview")["delete"] >= made


def test_so_does_a_private_one_in_a_network_that_is_made_for_it(
    pulumi: Pulumi, ada: Person
) -> None:
    ada.may(read_policy())
    pulumi.up()
    kept = planned(pulumi, "workbench:publicAccess", "false")
    # What there is of the network stays, and more is made; the server is in another subnet.
    assert {kind for kind, op in kept if op == "replace"} >= {"aws:ec2/instance:Instance"}
    changed = {kind for kind, op in kept if op not in ("same", "create")}
    assert not {each for each in changed if each in NETWORK}, changed
    pulumi.run("config", "rm", "workbench:sshFrom")
    pulumi.up()
    assert pulumi.counts("preview", "--expect-no-changes") == {}
    assert pulumi.refresh() == {}

    # Without internet: the gateway goes, and an endpoint comes.
    pulumi.set("workbench:privateNetwork", "endpoints")
    pulumi.run("config", "set", "--path", "workbench:endpointServices[0]", "ssm")
    assert pulumi.up() == {"create": 3, "delete": 3}
    assert pulumi.counts("preview", "--expect-no-changes") == {}
    assert pulumi.refresh() == {}
    pulumi.counts("destroy", "--yes", "--skip-preview")


def planned(pulumi: Pulumi, key: str, value: str) -> set[tuple[str, str]]:
    """Return what a preview would do after a change of the configuration: (type, operation)."""
    pulumi.set(key, value)
    lines = [line for line in pulumi.run("preview", "--json").splitlines() if line[:1] == "{"]
    steps = [
        event["resourcePreEvent"]["metadata"]
        for event in map(json.loads, lines)
        if "resourcePreEvent" in event
    ]
    return {(each["type"], each["op"]) for each in steps}


def test_so_does_one_behind_a_load_balancer(
    tmp_path: Any, provider_config: dict[str, Any], ada: Person
) -> None:
    ada.may(read_policy())
    pulumi = make_project(tmp_path, PROGRAM, "front", provider_config)
    configure(pulumi, ada)
    made = pulumi.up()["create"]
    assert pulumi.counts("preview", "--expect-no-changes") == {}
    assert pulumi.refresh() == {}
    assert pulumi.counts("destroy", "--yes", "--skip-preview")["delete"] >= made


def test_someone_without_them_is_refused_and_told_before(
    ada: Person, aws: Callable[[str], Any]
) -> None:
    assert "you may not use iam:SimulatePrincipalPolicy" in str(ask_rights(ada.client, "us-east-1"))
    ada.may(read_policy())
    assert str(ask_rights(ada.client, "us-east-1")) == ""
    # A power user: all but IAM.
    everything = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    ask = {"Effect": "Allow", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}
    ada.may({"Version": "2012-10-17", "Statement": [everything, ask]})
    rights = ask_rights(ada.client, "us-east-1")
    assert {"iam:CreateRole", "iam:PassRole", "iam:CreateInstanceProfile"} <= set(rights.missing)
    assert {each.partition(":")[0] for each in rights.missing} == {"iam"}
    assert "You lack permissions that workbench up needs: iam:" in str(rights)
    with pytest.raises(ada.iam.exceptions.ClientError, match="not authorized to perform: iam:Cre"):
        ada.client("iam").create_role(RoleName="workbench-x", AssumeRolePolicyDocument="{}")
    # The keys that are nobody's are the account's root's.
    assert str(ask_rights(aws, "us-east-1")) == ""


def test_the_rehearsals_own_keys_can_be_given_fewer_rights(
    aws: Callable[[str], Any], api: Any
) -> None:
    person = Person(aws, api.url, "rehearsal")
    assert person.key["AccessKeyId"] == ACCESS_KEY
    try:
        assert person.client("sts").get_caller_identity()["Arn"].endswith(":user/rehearsal")
        with pytest.raises(person.iam.exceptions.ClientError, match="UnauthorizedOperation"):
            person.client("ec2").describe_instances()
        assert aws("ec2").describe_instances()
    finally:
        person.remove()
    assert person.client("ec2").describe_instances()

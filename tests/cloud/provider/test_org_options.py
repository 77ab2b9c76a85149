"""An organization's options with the real engine: made, the same at the second look, and kept."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi_project import Pulumi
from pulumi_project import make_project

from workbench.rehearsal.api.parameters import image_id
from workbench.rehearsal.api.parameters import machine_architecture

pytestmark = pytest.mark.skipif(
    machine_architecture() != "x86_64", reason="the default type is x86's"
)
KEY = "arn:aws:kms:us-east-1:123456789012:key/0123abcd-0123-0123-0123-0123456789ab"
OTHER_KEY = KEY.replace("0123abcd", "4567cdef")
PUBLIC_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy me@desk"
)

PROGRAM = """\
import json

import pulumi
import pulumi_aws as aws
from workbench import Network
from workbench import Workbench
from workbench import read_configuration

network = Network("shared", {})
group = aws.ec2.SecurityGroup("theirs", vpc_id=network.vpc_id)
allowed = {"Effect": "Allow", "Action": ["s3:GetObject", "kms:Decrypt"], "Resource": "*"}
boundary = aws.iam.Policy(
    "boundary", policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
)
workbench = Workbench(
    "lab",
    {
        **read_configuration(),
        "subnet_id": network.subnet_id,
        "security_group_ids": [group.id],
        "role": {
            "path": "/team/",
            "permissions_boundary": boundary.arn,
            "policy_arns": [boundary.arn],
        },
    },
)
for name, value in workbench.stack_outputs().items():
    pulumi.export(name, value)
"""


@pytest.fixture
def pulumi(tmp_path: Path, provider_config: dict[str, Any]) -> Iterator[Pulumi]:
    pulumi = make_project(tmp_path, PROGRAM, "dev", provider_config)
    pulumi.set("workbench:publicKey", PUBLIC_KEY)
    pulumi.set("workbench:backupSchedule", "cron(0 5 ? * * *)")
    yield pulumi
    pulumi.run("destroy", "--yes", "--skip-preview")


def test_all_of_them_are_made_once_and_later_ones_replace_nothing(pulumi: Pulumi) -> None:
    pulumi.set("workbench:ami", image_id("ubuntu-24.04"))
    pulumi.set("workbench:kmsKeyId", KEY)
    assert pulumi.up().keys() == {"create"}
    instance = pulumi.output("instance_id")
    assert pulumi.counts("preview", "--expect-no-changes") == {}
    assert pulumi.refresh() == {}

    # The server keeps the image that it was made from.
    pulumi.set("workbench:ami", image_id("debian-12"))
    assert pulumi.counts("preview", "--expect-no-changes") == {}

    # Of another key, the data volume says no before anything is done.
    pulumi.set("workbench:kmsKeyId", OTHER_KEY)
    said = pulumi.run("preview", exit_code=1)
    assert "The data volume is encrypted with" in said
    assert pulumi.output("instance_id") == instance


def test_a_key_that_comes_later_is_for_what_comes_later(pulumi: Pulumi) -> None:
    pulumi.up()
    before = {name: pulumi.output(name) for name in ("instance_id", "data_volume_id")}
    # A volume that was taken in may have any key.
    pulumi.set("workbench:dataVolumeId", before["data_volume_id"])
    pulumi.set("workbench:kmsKeyId", KEY)

    changed = planned(pulumi)

    assert {"aws:ec2/instance:Instance", "aws:backup/vault:Vault"}.isdisjoint(changed)
    assert changed["aws:s3/bucketObjectv2:BucketObjectv2"] == "update"


def planned(pulumi: Pulumi) -> dict[str, str]:
    """Return what a preview would do, by type, with what it leaves alone left out."""
    lines = [line for line in pulumi.run("preview", "--json").splitlines() if line[:1] == "{"]
    steps = [
        event["resourcePreEvent"]["metadata"]
        for event in map(json.loads, lines)
        if "resourcePreEvent" in event
    ]
    return {each["type"]: each["op"] for each in steps if each["op"] != "same"}

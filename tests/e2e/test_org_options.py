"""A workbench as an organization asks for it: its own program, image, groups, roles and key."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bench import Bench
from warm_image import warm_image

from workbench.rehearsal.api.parameters import image_id

KEY = "arn:aws:kms:us-east-1:123456789012:key/0123abcd-0123-0123-0123-0123456789ab"
PROGRAM = """\
import json

import pulumi
import pulumi_aws as aws
from workbench import Network
from workbench import Workbench
from workbench import read_configuration

network = Network("shared", {"map_public_ip_on_launch": False})
group = aws.ec2.SecurityGroup("theirs", vpc_id=network.vpc_id)
# Of what the server's own policies allow, no more than this is left: no shell by Systems Manager.
allowed = {"Effect": "Allow", "Action": ["s3:GetObject", "kms:Decrypt"], "Resource": "*"}
boundary = aws.iam.Policy(
    "boundary", policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
)
workbench = Workbench(
    "do4ds-lab",
    {
        **read_configuration(),
        "subnet_id": network.subnet_id,
        "security_group_ids": [group.id],
        "role": {"path": "/team/", "permissions_boundary": boundary.arn},
    },
    pulumi.ResourceOptions(depends_on=[network]),
)
for name, value in workbench.stack_outputs().items():
    pulumi.export(name, value)
pulumi.export("theirs", group.id)
"""


class Project:
    """A folder with the organization's program, whose rehearsal is the tests' own."""

    def __init__(self, bench: Bench, folder: Path, program: str = PROGRAM) -> None:
        self.bench, self.folder = bench, folder
        (folder / "Pulumi.yaml").write_text("name: org\nruntime: python\n")
        (folder / "__main__.py").write_text(program)

    def shell(self, script: str, limit: float = 900) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=self.bench.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, f"{script}\n{said[-6000:]}"
        return done.stdout

    def pulumi(self, command: str) -> str:
        return self.shell(f'eval "$(workbench env)"\npulumi {command}').strip()

    def set(self, **values: str) -> None:
        for key, value in values.items():
            self.pulumi(f"config set workbench:{key} '{value}'")


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    bench = Bench(f"org{os.getpid()}", image=warm_image())
    try:
        project = Project(bench, tmp_path)
        project.shell(f"workbench rehearsal.config --name {bench.name}", 600)
        project.set(kmsKeyId=KEY, basePackages="[]")
        yield project
    finally:
        bench.remove()


def test_it_comes_up_with_all_that_is_asked_for_and_stays_so(project: Project) -> None:
    system = project.pulumi("config get workbench:os")
    project.set(ami=image_id(system))
    project.shell("workbench up", 1800)

    assert project.pulumi("preview --expect-no-changes")
    found = describe(project.bench, project.pulumi("stack output instance_id"))
    assert found["ImageId"] == image_id(system)
    groups = {each["GroupId"] for each in found["SecurityGroups"]}
    own = project.pulumi("stack output security_group_id")
    assert groups == {own, project.pulumi("stack output theirs")}
    ids = [each["Ebs"]["VolumeId"] for each in found["BlockDeviceMappings"]]
    volumes = project.bench.aws("ec2").describe_volumes(VolumeIds=ids)["Volumes"]
    assert [each["KmsKeyId"] for each in volumes] == [KEY, KEY]
    # With this role the server read recipe and settings: the rehearsal asks the boundary, too.
    name = project.pulumi("stack output role_name")
    role = project.bench.aws("iam").get_role(RoleName=name)["Role"]
    assert role["Path"] == "/team/"
    assert ":policy/boundary" in role["PermissionsBoundary"]["PermissionsBoundaryArn"]

    # Another image is for another server.
    (other,) = {"debian-12", "ubuntu-24.04"} - {system}
    project.set(ami=image_id(other))
    assert project.pulumi("preview --expect-no-changes")


def describe(bench: Bench, instance: str) -> dict[str, Any]:
    reservations = bench.aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"]
    found: dict[str, Any] = reservations[0]["Instances"][0]
    return found

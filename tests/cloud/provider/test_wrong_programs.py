"""What a program gets wrong is one sentence of Pulumi's preview, with no traceback.

One of each kind; the unit tests of the components go through all of them.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from pulumi_project import Pulumi
from pulumi_project import make_project

from workbench.rehearsal.api.parameters import machine_architecture

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy me@desk"
PROGRAM = f"""\
import pulumi
import pulumi_aws as aws
from workbench import *

KEY = {KEY!r}


def whole(**args):
    Workbench("lab", {{"public_key": KEY, **args}})


exec(pulumi.Config().require("line"))
"""
# What is written, and what Pulumi says.
WRONG = {
    'Workbench("lab", {})': "public_key is missing, which Workbench needs.",
    'whole(instanceType="t3.large")': "no argument 'instanceType'; did you mean 'instance_type'?",
    'whole(users=["ada"])': "users[0] is 'ada', but must be a dictionary",
    'whole(subnet_id="subnet-9")': "AWS does not show the subnet 'subnet-9'",
    'whole(subnet_id=Network("net", {}))': "subnet_id is a whole Network, but must be one of its",
    'whole(data_volume_id="vol-9")': "AWS does not show the volume 'vol-9'",
    'whole(domain=pulumi.Output.from_input("a.org"))': "domain must be known in a preview",
    'whole(users=pulumi.Output.from_input(["ada"]))': "users[0] is 'ada', but must be a dict",
    'Network("lab", cidr_block="10.0.0.0/16")': 'Write: Network("lab", {"…": …})',
}


@pytest.fixture(scope="module")
def pulumi(
    tmp_path_factory: pytest.TempPathFactory, provider_config: dict[str, Any]
) -> Iterator[Pulumi]:
    folder = tmp_path_factory.mktemp("wrong")
    return make_project(folder, PROGRAM, "whole", provider_config)


@pytest.mark.skipif(machine_architecture() != "x86_64", reason="the default type is x86's")
@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_input_is_one_sentence_of_the_preview(pulumi: Pulumi, line: str) -> None:
    pulumi.set("line", line)

    said = pulumi.run("preview", exit_code=1)

    assert WRONG[line] in " ".join(said.split())
    assert "Traceback" not in said

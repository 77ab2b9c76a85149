"""The documentation's example of transforms, run by the real engine on the rehearsal's API."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pulumi_project import Pulumi
from pulumi_project import make_project

from workbench.rehearsal.api.parameters import machine_architecture

ROOT = Path(__file__).parents[3]
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy me@desk"
BLOCK = re.compile(r"^```python\n(.*?)^```", re.M | re.S)


@pytest.fixture
def pulumi(tmp_path: Path, provider_config: dict[str, Any]) -> Pulumi:
    """Give a project with the documentation's program, as it is there."""
    text = (ROOT / "docs" / "configuration.md").read_text()
    (program,) = [block for block in BLOCK.findall(text) if "transforms=" in block]
    pulumi = make_project(tmp_path, program, "whole", provider_config)
    (tmp_path / "program" / "id_ed25519.pub").write_text(KEY)
    return pulumi


@pytest.mark.skipif(machine_architecture() != "x86_64", reason="the default type is x86's")
def test_a_transform_reaches_every_part_of_a_workbench(pulumi: Pulumi) -> None:
    lines = [line for line in pulumi.run("preview", "--json").splitlines() if line[:1] == "{"]
    planned = [
        event["resourcePreEvent"]["metadata"]
        for event in map(json.loads, lines)
        if "resourcePreEvent" in event
    ]
    made = {each["urn"].rpartition("::")[2]: each["new"]["inputs"] for each in planned}
    boundary = {"permissionsBoundary": "arn:aws:iam::123456789012:policy/team-boundary"}
    assert boundary.items() <= made["lab-access-role"].items()
    key = made["lab-storage-volume"]["kmsKeyId"]
    assert key.startswith("arn:aws:kms:")
    assert made["lab-server-instance"]["rootBlockDevice"]["kmsKeyId"] == key
    tagged = [name for name, inputs in made.items() if "tags" in inputs]
    assert len(tagged) >= 8
    assert all(made[name]["tags"]["CostCenter"] == "4711" for name in tagged)

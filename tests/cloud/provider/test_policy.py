"""The organization's policy pack, with the real engine, on a workbench that isn't made yet."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import PublicFormat
from pulumi_project import ROOT
from pulumi_project import Pulumi
from pulumi_project import make_pulumi

PACK = ROOT / "stacks" / "org" / "policy"
PROGRAM = """\
import pulumi

from workbench import Workbench
from workbench.components.configuration import read_configuration

protect = pulumi.Config("org").get_bool("protect")
Workbench("lab", read_configuration(), pulumi.ResourceOptions(protect=protect))
"""
# What is changed, and what stops it.
BAD = {
    "org:protect": ("false", "lab-storage-volume isn't protected"),
    "workbench:sshFrom": ('["0.0.0.0/0"]', "opens port 22 to 0.0.0.0/0"),
    "workbench:httpFrom": ('["0.0.0.0/0"]', "opens port 443 to 0.0.0.0/0"),
    "aws:defaultTags": ('{"tags": {}}', "lab-server-instance lacks the tag team"),
}
GOOD = {
    "org:protect": "true",
    "workbench:sshFrom": '["203.0.113.0/24"]',
    "workbench:httpFrom": '["203.0.113.0/24"]',
    "aws:defaultTags": '{"tags": {"team": "research"}}',
    "workbench:instanceType": "t3.medium",
}


@pytest.fixture
def pulumi(tmp_path: Path, provider_config: dict[str, Any]) -> Pulumi:
    (tmp_path / "Pulumi.yaml").write_text("name: org\nruntime: python\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    pulumi = make_pulumi(tmp_path)
    pulumi.run("stack", "init", "prod")
    key = Ed25519PrivateKey.generate().public_key()
    text = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    given = {f"aws:{key}": value for key, value in provider_config.items()}
    for key_, value in {**given, "workbench:publicKey": text, **GOOD}.items():
        pulumi.set(key_, value)
    return pulumi


def test_a_bad_change_is_stopped_in_its_preview(pulumi: Pulumi) -> None:
    said = pulumi.run("preview", "--policy-pack", str(PACK))
    assert "workbench-org@v0.1.0" in said
    assert "mandatory" not in said

    # The whole stack is looked at where each resource is in order.
    pulumi.set("workbench:instanceType", "m7i.4xlarge")
    said = pulumi.run("preview", "--policy-pack", str(PACK), exit_code=1)
    assert "and its budget is $300.00" in said

    for key, (value, _) in BAD.items():
        pulumi.set(key, value)
    said = pulumi.run("preview", "--policy-pack", str(PACK), exit_code=1)
    for _, sentence in BAD.values():
        assert sentence in said
    # Each says what to do.
    assert "Name the addresses that people come from: workbench:sshFrom" in said

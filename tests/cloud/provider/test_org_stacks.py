"""The organization's stacks as they are in the repository, made on the rehearsal's AWS API."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import PublicFormat
from pulumi_project import ROOT
from pulumi_project import Pulumi
from pulumi_project import make_pulumi

ORG = ROOT / "stacks" / "org"
SHARED = "organization/org-network/shared"


@pytest.fixture
def stacks(tmp_path: Path, provider_config: dict[str, Any]) -> tuple[Pulumi, Pulumi]:
    """Return the network's project and the workbench's, with a stack each to begin with."""
    for name in ("network", "workbench"):
        shutil.copytree(ORG / name, tmp_path / name)
    network = make_pulumi(tmp_path / "network")
    workbench = Pulumi(tmp_path / "workbench", network.command, network.environment)
    network.run("stack", "init", "shared")
    for stack in ("dev", "test", "prod"):
        workbench.run("stack", "init", stack)
    key = Ed25519PrivateKey.generate().public_key()
    text = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    given = {f"aws:{key}": value for key, value in provider_config.items()}
    for stack in ("shared", "dev", "test", "prod"):
        project = network if stack == "shared" else workbench
        file = project.folder / f"Pulumi.{stack}.yaml"
        settings = yaml.safe_load(file.read_text()) if file.exists() else {}
        mine = given if stack == "shared" else {**given, "workbench:publicKey": text}
        # What the repository's files say comes before what is the tests'.
        settings["config"] = {**mine, **(settings.get("config") or {})}
        file.write_text(yaml.safe_dump(settings))
    return network, workbench


def test_dev_test_and_prod_come_from_one_program_and_share_a_network(
    stacks: tuple[Pulumi, Pulumi],
) -> None:
    network, workbench = stacks
    assert "create" in network.up()
    subnet = network.output("subnet_id")

    workbench.run("stack", "select", "dev")
    made = workbench.up()
    assert made.keys() == {"create"}
    assert workbench.output("instance_type") == "t3.medium"
    assert workbench.counts("preview", "--expect-no-changes") == {}
    state = workbench.run("stack", "export")
    assert subnet in state
    assert '"aws:ec2/vpc:Vpc"' not in state

    # What is protected can't go; who may use SSH changes all the same.
    workbench.set("org-workbench:protect", "true")
    workbench.set("workbench:sshFrom[0]", "203.0.113.0/24", "--path")
    workbench.up()
    workbench.set("workbench:sshFrom[0]", "198.51.100.0/24", "--path")
    changed = workbench.up()
    assert (changed["delete"], changed["create"]) == (1, 1)
    workbench.run("destroy", "--yes", exit_code=1)
    assert workbench.counts("preview", "--expect-no-changes") == {}
    workbench.set("org-workbench:protect", "false")
    workbench.up()

    # The organization's rules let production through as it is, and no change that opens it.
    pack = ("--stack", "prod", "--policy-pack", str(ORG / "policy"))
    assert "workbench-org@v0.1.0" in workbench.run("preview", *pack)
    workbench.set("org-workbench:protect", "false", "--stack", "prod")
    said = workbench.run("preview", *pack, exit_code=1)
    assert "research-prod-storage-volume isn't protected" in said

    # The same program, another size.
    assert "create" in workbench.counts("preview", "--stack", "test")
    assert "delete" in workbench.counts("destroy", "--yes", "--skip-preview")
    network.run("destroy", "--yes", "--skip-preview")


@pytest.mark.parametrize("stack", ["dev", "test", "prod"])
def test_each_stacks_configuration_names_the_network_and_the_team(stack: str) -> None:
    config = yaml.safe_load((ORG / "workbench" / f"Pulumi.{stack}.yaml").read_text())["config"]
    assert config["org-workbench:network"] == SHARED
    assert config["aws:defaultTags"]["tags"]["team"]
    assert config["org-workbench:protect"] is (stack == "prod")

"""The organization's pipeline on the rehearsal's AWS API, as people and the workflow type it.

State is in a bucket, secrets are by a KMS key. There are no machines, so what asks the server
(`workbench up`, `workbench check`) is a program that fails on the stacks that a test names.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import PublicFormat
from pulumi_project import ROOT
from pulumi_project import make_pulumi

from workbench.rehearsal.api.server import Api

STACKS = ("dev", "test", "prod")
# What is asked of a server; each call is noted.
SERVER = """\
#!/bin/sh
echo "$@" >> "{desk}/asked"
stack=$(echo "$@" | sed 's/.*--stack //')
[ "$1" != check ] || [ ! -e "{desk}/failing-$stack" ]
"""


@dataclass
class Desk:
    """A clone of the organization's repository, and a shell in it."""

    folder: Path
    environment: dict[str, str]

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    def run(self, line: str, *, exit_code: int = 0, folder: str = ".") -> str:
        """Run what a person types; return what is printed, errors last."""
        done = subprocess.run(
            shlex.split(line),
            cwd=self.repository / folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        said = done.stdout + "\n".join(
            each for each in done.stderr.splitlines() if "pulumi-language-python" not in each
        )
        assert done.returncode == exit_code, said[-4000:]
        return said

    def commit(self, message: str) -> str:
        """Commit what there is; return the commit."""
        self.run("git add --all")
        self.run(f"git commit --all --message '{message}'")
        return self.run("git rev-parse HEAD").strip()

    def instance_type(self, stack: str) -> str:
        said = self.run(f"pulumi stack output instance_type --stack {stack}", folder="workbench")
        return said.split()[0]

    def asked(self) -> list[str]:
        """Return what was asked of the servers since the last time."""
        file = self.folder / "asked"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines


@pytest.fixture(scope="module")
def desk(
    api: Api, provider_config: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Desk]:
    """Make the repository, a state of its own in AWS, and the shared network."""
    folder = tmp_path_factory.mktemp("pipeline")
    shutil.copytree(
        ROOT / "stacks" / "org",
        folder / "repository",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    pulumi = make_pulumi(folder)
    programs = folder / "programs"
    programs.mkdir()
    (programs / "workbench").write_text(SERVER.format(desk=folder))
    (programs / "workbench").chmod(0o755)
    path = [programs, pulumi.command.parent, Path(sys.executable).parent]
    who = {"NAME": "Ada", "EMAIL": "ada@example.com"}
    environment = {
        **pulumi.environment,
        **{f"GIT_{role}_{key}": who[key] for role in ("AUTHOR", "COMMITTER") for key in who},
        "PATH": os.pathsep.join([*map(str, path), pulumi.environment["PATH"]]),
        "AWS_ACCESS_KEY_ID": "rehearsal",
        "AWS_SECRET_ACCESS_KEY": "rehearsal",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": api.url,
        "PULUMI_BACKEND_URL": backend("pulumi-state"),
    }
    del environment["PULUMI_CONFIG_PASSPHRASE"]
    made = Desk(folder, environment)
    made.run("git init --quiet --initial-branch main")
    make_state(made, "pulumi-state")
    made.run(f"pulumi stack init shared {secrets('pulumi-state')}", folder="network")
    for stack in STACKS:
        made.run(f"pulumi stack init {stack} {secrets('pulumi-state')}", folder="workbench")
    private = Ed25519PrivateKey.generate().public_key()
    public_key = private.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    given = {f"aws:{key}": value for key, value in provider_config.items()}
    for project, stack in (("network", "shared"), *(("workbench", each) for each in STACKS)):
        file = made.repository / project / f"Pulumi.{stack}.yaml"
        settings = yaml.safe_load(file.read_text())
        assert settings["secretsprovider"].startswith("awskms://")
        mine = {**given, **({"workbench:publicKey": public_key} if project == "workbench" else {})}
        settings["config"] = {**mine, **(settings.get("config") or {})}
        file.write_text(yaml.safe_dump(settings))
    made.commit("The organization")
    made.run("pulumi up --yes", folder="network")
    yield made
    shutil.rmtree(folder)


def test_a_change_goes_from_dev_to_prod_and_a_failed_promotion_is_rolled_back(
    desk: Desk, api: Api, aws: Callable[[str], Any]
) -> None:
    first = desk.run("git rev-parse HEAD").strip()
    said = desk.run("python pipeline promote dev test", exit_code=1)
    assert "No commit has passed on dev yet." in said
    # Dev, and then the same commit in test.
    desk.run("python pipeline deploy dev")
    assert desk.asked() == ["up --stack dev", "check --stack dev"]
    desk.run("python pipeline promote dev test")
    assert desk.instance_type("test") == "t3.large"

    # In prod, what was planned and approved, and that is done.
    desk.run("python pipeline preview prod --plan ../prod.plan")
    desk.run("python pipeline promote test prod --plan ../prod.plan")
    assert desk.instance_type("prod") == "m7i.xlarge"
    desk.asked()

    # A change: what isn't committed is not deployed, and what is says what it costs.
    desk.run("pulumi config set workbench:instanceType t3.xlarge --stack test", folder="workbench")
    said = desk.run("python pipeline deploy dev", exit_code=1)
    assert "only commits are deployed" in said
    second = desk.commit("A bigger test")
    said = desk.run("python pipeline preview test")
    assert said.startswith("### test: 1 to update, ")
    assert "- update `research-test-server-instance` (Instance): instanceType" in said
    assert " a month, $" in said
    assert second[:12] in said

    # Test doesn't pass with it: the gate says so, nothing goes on, and test goes back.
    desk.run("python pipeline deploy dev")
    desk.run("python pipeline preview test --plan ../test.plan")
    (desk.folder / "failing-test").touch()
    said = desk.run("python pipeline promote dev test --plan ../test.plan", exit_code=1)
    assert "(A bigger test) now, which doesn't pass its checks" in said
    assert "python pipeline rollback test   brings back what passed last" in said
    assert desk.instance_type("test") == "t3.xlarge"
    said = desk.run("python pipeline promote test prod", exit_code=1)
    assert "nothing is promoted" in said
    (desk.folder / "failing-test").unlink()
    desk.run("python pipeline rollback test")
    assert desk.instance_type("test") == "t3.large"
    assert passed(desk, "test") == first
    assert passed(desk, "dev") == second
    # A plan is of its commit: what was approved then isn't done with another.
    desk.run("git switch --quiet --detach HEAD~1")
    desk.run("python pipeline preview test --plan ../old.plan")
    said = desk.run("python pipeline promote dev test --plan ../old.plan", exit_code=1)
    assert "approve that one's" in said
    desk.run("git switch --quiet main")
    desk.run("python pipeline deploy test --plan ../old.plan", exit_code=1)
    assert desk.instance_type("test") == "t3.large"

    # What someone changes without the pipeline is found, and put back.
    assert "(The organization) made." in desk.run("python pipeline drift test")
    ec2 = aws("ec2")
    [group] = ec2.describe_security_groups(
        Filters=[{"Name": "tag:Name", "Values": ["research-test*"]}]
    )["SecurityGroups"]
    rules = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [group["GroupId"]]}]
    )["SecurityGroupRules"]
    [ssh] = [each for each in rules if each.get("FromPort") == 22]
    ec2.revoke_security_group_ingress(
        GroupId=group["GroupId"], SecurityGroupRuleIds=[ssh["SecurityGroupRuleId"]]
    )
    said = desk.run("python pipeline drift test", exit_code=1)
    assert "### test: 1 to create" in said
    assert "test was changed by something else than the pipeline." in said
    desk.run("python pipeline rollback test")
    assert "made." in desk.run("python pipeline drift test")

    # Another name is another workbench: the data volume goes only after a fresh snapshot of it.
    desk.run("git switch --quiet --create renamed")
    try:
        desk.run("pulumi config set workbench:name other-dev --stack dev", folder="workbench")
        desk.commit("Another name")
        desk.asked()
        volume = data_volume(desk, "dev")
        refusal = f"({volume}) would be replaced or deleted, and has no completed snapshot"
        for command in ("preview", "deploy"):
            said = desk.run(f"python pipeline {command} dev", exit_code=1)
            # In the comment, and where it ends.
            assert said.count(refusal) == 2
            assert said.endswith("workbench data.backup --stack dev   then run this again")
        assert desk.asked() == []
        assert data_volume(desk, "dev") == volume
        snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
        assert refusal in desk.run("python pipeline preview dev", exit_code=1)
        # Who copies volumes in a rehearsal isn't there, as no machine is.
        with api.lock:
            api.ec2.snapshots[snapshot].status = "completed"
        desk.run("python pipeline deploy dev")
        assert data_volume(desk, "dev") != volume
    finally:
        desk.run("git switch --quiet main")


def test_a_bad_change_is_stopped_in_its_preview(desk: Desk) -> None:
    desk.run("git switch --quiet --create bad")
    try:
        desk.run(
            "pulumi config set --path workbench:sshFrom[1] 0.0.0.0/0 --stack prod",
            folder="workbench",
        )
        desk.commit("SSH from everywhere")
        said = desk.run("python pipeline preview prod --plan ../bad.plan", exit_code=1)
        assert "| ssh-is-closed | mandatory |" in said
        assert "opens port 22 to 0.0.0.0/0. Name the addresses" in said
        assert "The preview of prod failed; nothing was changed." in said
        # By the rule, and by nothing else.
        assert "**Errors**" not in said
        # Where it is merged nevertheless, the deployment refuses it before anything is changed.
        desk.asked()
        desk.run("python pipeline deploy prod", exit_code=1)
        assert desk.asked() == []
    finally:
        desk.run("git switch --quiet main")


def test_two_teams_share_the_network(desk: Desk) -> None:
    desk.run("cp -r workbench analytics")
    try:
        files = [f"analytics/Pulumi.{each}yaml" for each in ("", "dev.", "test.", "prod.")]
        edit = "s/org-workbench/org-analytics/; s/research/analytics/"
        desk.run(f"sed -i '{edit}' {' '.join(files)}")
        desk.run(f"pulumi stack init dev {secrets('pulumi-state')}", folder="analytics")
        desk.run("pulumi up --yes --policy-pack ../policy", folder="analytics")
        exported = json.loads(desk.run("pulumi stack export", folder="analytics"))
        resources = exported["deployment"]["resources"]
        [instance] = [each for each in resources if each["type"].endswith(":Instance")]
        subnet = desk.run("pulumi stack output subnet_id --stack shared", folder="network")
        assert instance["outputs"]["subnetId"] == subnet.split()[0]
        assert not [each for each in resources if each["type"].endswith(":Vpc")]
        assert instance["urn"].startswith("urn:pulumi:dev::org-analytics::")
    finally:
        shutil.rmtree(desk.repository / "analytics")


def test_state_is_in_a_bucket_and_its_secrets_are_encrypted_by_a_key(
    desk: Desk, aws: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(desk.environment, "PULUMI_BACKEND_URL", backend("other-state"))
    make_state(desk, "other-state")
    folder = desk.repository / "secret"
    folder.mkdir()
    try:
        (folder / "Pulumi.yaml").write_text("name: secret\nruntime: python\n")
        program = "import pulumi\npulumi.export('told', pulumi.Output.secret('whispered'))\n"
        (folder / "__main__.py").write_text(program)
        desk.run(f"pulumi stack init dev {secrets('other-state')}", folder="secret")
        desk.run("pulumi up --yes", folder="secret")
        assert "whispered" in desk.run("pulumi stack output told --show-secrets", folder="secret")
    finally:
        shutil.rmtree(folder)
    s3, bucket = aws("s3"), "acme-other-state"
    kept = {
        each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        for each in s3.list_objects_v2(Bucket=bucket)["Contents"]
    }
    assert b"ciphertext" in kept[".pulumi/stacks/secret/dev.json"]
    assert not [key for key, body in kept.items() if b"whispered" in body]


def backend(name: str) -> str:
    # The rehearsal's API has no host name for each bucket.
    return f"s3://acme-{name}?region=us-east-1&use_path_style=true"


def secrets(name: str) -> str:
    return f"--secrets-provider 'awskms://alias/{name}?region=us-east-1'"


def make_state(desk: Desk, name: str) -> None:
    """Make the bucket and the key, as the document does."""
    desk.run(f"aws s3 mb s3://acme-{name}")
    desk.run(
        f"aws s3api put-bucket-versioning --bucket acme-{name}"
        " --versioning-configuration Status=Enabled"
    )
    key = desk.run("aws kms create-key --query KeyMetadata.KeyId --output text").split()[0]
    desk.run(f"aws kms create-alias --alias-name alias/{name} --target-key-id {key}")


def passed(desk: Desk, stack: str) -> str:
    said = desk.run(f"pulumi stack tag get pipeline:passed --stack {stack}", folder="workbench")
    return said.split()[0]


def data_volume(desk: Desk, stack: str) -> str:
    said = desk.run(f"pulumi stack output data_volume_id --stack {stack}", folder="workbench")
    return said.split()[0]

"""The README's commands for AWS manually, word for word; only the endpoints are the rehearsal's."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from bench import ROOT
from bench import Bench

from workbench.places import cache_dir

DOMAIN = "example.com"
ADDRESSES = "127.0.0.0/8"
# What init or a person would choose; all else is where a rehearsal's server gets things from.
CHOSEN = {"aws:region"} | {f"workbench:{key}" for key in ("domain", "createZone", "publicKey")}
CHOSEN |= {"workbench:sshFrom"}


@dataclass
class Desk:
    """A person's home and project, and a shell in which a rehearsal's `env` was typed before."""

    bench: Bench
    home: Path
    zone: str

    @property
    def project(self) -> Path:
        return self.home / "project"

    def lines(self) -> list[str]:
        """Return the README's commands, with what is particular to a person put in."""
        block = re.search(
            r"```console\n(eval [^\n]*--stack prod.*?)```", (ROOT / "README.md").read_text(), re.S
        )
        assert block
        text = block[1]
        for particular, ours in (
            (" --local ", f" {(self.home / 'state').as_uri()} "),
            ("Z0123456789", self.zone),
            ("203.0.113.7/32", ADDRESSES),
        ):
            assert particular in text
            text = text.replace(particular, ours)
        return text.strip().splitlines()

    def shell(self, *lines: str, exit_code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run commands in a new shell; the first is to leave the rehearsal."""
        leave, *others = lines
        own = {
            "HOME": self.home,
            "WORKBENCH_CACHE_DIR": cache_dir(),
            "WORKBENCH_SSH_DIR": self.home / ".ssh",
            "PULUMI_SKIP_CONFIRMATIONS": "true",
        }
        script = [
            f"cd {self.project}",
            *(f"export {name}={value}" for name, value in own.items()),
            leave,
            # Pulumi takes the home from the system's accounts, whatever $HOME says.
            f"export PULUMI_HOME={self.home / 'pulumi-home'}",
            *others,
        ]
        return self.bench.shell("\n".join(script), exit_code=exit_code)

    def again(self, *lines: str, exit_code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run commands in another shell, after the lines that the README wants there again."""
        first = [line for line in self.lines() if line.startswith(("eval ", "export "))]
        return self.shell(*first, *lines, exit_code=exit_code)


@pytest.fixture
def desk(bench: Bench, tmp_path: Path) -> Iterator[Desk]:
    """A copy of the project with a hosted zone to put records in."""
    for folder in ("project", "state", "pulumi-home", ".ssh"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path / "project")
    shutil.copytree(ROOT / "stacks", tmp_path / "project" / "stacks")
    for key in (bench.folder / "ssh").glob("id_ed25519*"):
        shutil.copy(key, tmp_path / ".ssh")
    # The rehearsal's plugin, and nothing else of its Pulumi home.
    plugins = bench.folder / "pulumi-home" / "plugins"
    (tmp_path / "pulumi-home" / "plugins").symlink_to(plugins)
    generated = yaml.safe_load((ROOT / f"Pulumi.{bench.stack}.yaml").read_text())["config"]
    config = {key: value for key, value in generated.items() if key not in CHOSEN}
    # No data to keep for a test.
    config["workbench:keepDataVolume"] = False
    file = tmp_path / "project" / "Pulumi.prod.yaml"
    file.write_text(yaml.safe_dump({"config": config}))
    route53 = bench.aws("route53")
    zone = route53.create_hosted_zone(Name=DOMAIN, CallerReference="readme")["HostedZone"]["Id"]
    made = Desk(bench, tmp_path, zone.rsplit("/", 1)[1])
    yield made
    made.again("pulumi destroy || true", "pulumi stack rm prod --force || true", exit_code=None)
    route53.delete_hosted_zone(Id=zone)


def test_a_stack_made_by_hand(bench: Bench, desk: Desk) -> None:
    *by_pulumi, up, bring_up = desk.lines()
    assert (up, bring_up.split("  ")[0]) == ("pulumi up", "workbench up")
    desk.shell(
        *by_pulumi,
        "pulumi config set --path 'workbench:users[0].name' ada",
        "pulumi config set --path 'workbench:users[0].administrator' true",
        up,
        "pulumi preview --expect-no-changes --non-interactive",
    )
    assert (desk.home / "prod.passphrase").stat().st_mode & 0o777 == 0o600
    outputs = json.loads(desk.again("pulumi stack output --json").stdout)
    assert (outputs["url"], outputs["users"]) == (f"https://{DOMAIN}/", ["ada"])
    records = bench.aws("route53").list_resource_record_sets(HostedZoneId=desk.zone)
    named = {
        r["Name"]: r["ResourceRecords"][0]["Value"]
        for r in records["ResourceRecordSets"]
        if r["Type"] == "A"
    }
    assert named == {f"{DOMAIN}.": outputs["address"], f"www.{DOMAIN}.": outputs["address"]}
    rules = bench.aws("ec2").describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [outputs["security_group_id"]]}]
    )["SecurityGroupRules"]
    opened = {(r["FromPort"], r.get("CidrIpv4")) for r in rules if not r["IsEgress"]}
    assert (22, ADDRESSES) in opened
    assert {port for port, _ in opened} == {22, 80, 443}

    # This computer's own DNS doesn't know the rehearsal's records, so without the domain from here;
    # and without its authority, which a stack on AWS doesn't trust: the server's own certificate.
    done = desk.again(
        "pulumi config rm workbench:acmeDirectory",
        "pulumi config rm workbench:acmeRootCertificate",
        "pulumi config rm workbench:domain",
        "pulumi config rm workbench:zoneId",
        "pulumi up",
        f"echo a-long-password | {bring_up.split('  ')[0]} --password-stdin",
    )
    assert "The workbench is ready" in done.stdout
    assert "as it was typed" in done.stdout

    desk.again("pulumi destroy")
    left = bench.aws("ec2").describe_volumes(VolumeIds=[bench.outputs()["data_volume_id"]])
    assert len(left["Volumes"]) == 1

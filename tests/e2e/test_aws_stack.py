"""The README's commands for AWS, word for word; only the endpoints are the rehearsal's."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from bench import ROOT
from bench import Bench

DOMAIN = "example.com"


@pytest.fixture
def project(bench: Bench, tmp_path: Path) -> Iterator[Path]:
    """A copy of the project with a hosted zone to put records in."""
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    shutil.copytree(ROOT / "stacks", folder / "stacks")
    route53 = bench.aws("route53")
    zone = route53.create_hosted_zone(Name=DOMAIN, CallerReference="readme")["HostedZone"]["Id"]
    (folder / "zone").write_text(zone.rsplit("/", 1)[1])
    yield folder
    bench.shell(f"cd {folder}\npulumi destroy --yes --stack prod || true", exit_code=None)
    bench.shell(f"cd {folder}\npulumi stack rm prod --yes --force || true", exit_code=None)
    route53.delete_hosted_zone(Id=zone)


def test_a_stack_made_by_hand(bench: Bench, project: Path) -> None:
    key = bench.folder / "ssh" / "id_ed25519.pub"
    bench.shell(f"cd {project}\nunset PULUMI_STACK\npulumi stack init prod")
    generated = yaml.safe_load((ROOT / f"Pulumi.{bench.stack}.yaml").read_text())["config"]
    file = project / "Pulumi.prod.yaml"
    mine = yaml.safe_load(file.read_text()) or {}
    mine["config"] = {k: v for k, v in generated.items() if k.startswith("aws:")}
    # The one machine image that a rehearsal on Debian has; no data to keep for a test.
    mine["config"] |= {"workbench:os": "debian-12", "workbench:keepDataVolume": False}
    file.write_text(yaml.safe_dump(mine))
    bench.shell(
        f"cd {project}\nunset PULUMI_STACK\npulumi stack select prod\n"
        "pulumi config set aws:region us-east-1\n"
        f"pulumi config set workbench:domain {DOMAIN}\n"
        "pulumi config set workbench:zoneId $(cat zone)\n"
        f'pulumi config set workbench:publicKey "$(cat {key})"\n'
        "pulumi config set --path 'workbench:sshFrom[0]' 203.0.113.7/32\n"
        "pulumi config set --path 'workbench:users[0].name' ada\n"
        "pulumi config set --path 'workbench:users[0].administrator' true\n"
        "pulumi up --yes --non-interactive\n"
        "pulumi preview --expect-no-changes --non-interactive"
    )
    outputs = json.loads(
        bench.shell(f"cd {project}\npulumi stack output --json --stack prod").stdout
    )
    assert (outputs["url"], outputs["users"]) == (f"https://{DOMAIN}/", ["ada"])
    zone = (project / "zone").read_text()
    records = bench.aws("route53").list_resource_record_sets(HostedZoneId=zone)
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
    assert (22, "203.0.113.7/32") in opened
    assert {port for port, _ in opened} == {22, 80, 443}
    bench.shell(f"cd {project}\npulumi destroy --yes --non-interactive --stack prod")
    left = bench.aws("ec2").describe_volumes(VolumeIds=[bench.outputs()["data_volume_id"]])
    assert len(left["Volumes"]) == 1

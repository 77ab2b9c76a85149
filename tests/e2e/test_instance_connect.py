"""A workbench with no SSH port open to anyone: all goes through an Instance Connect Endpoint."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import ROOT
from bench import Bench
from test_org_options import Project
from warm_image import warm_image

BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Bench]:
    """Give the workbench of docs/org.md: a private network, a load balancer in front, a tunnel."""
    folder = tmp_path / "project"
    folder.mkdir()
    bench = Bench(f"eice{os.getpid()}", image=warm_image(), project=folder)
    try:
        project = Project(bench, folder, "")
        project.shell(f"workbench rehearsal.config --name {bench.name}", 600)
        bench.limit_rights()
        domain = f"{bench.name}.workbench.localhost"
        zone = bench.aws("route53").create_hosted_zone(Name=domain, CallerReference="tests")
        text = (ROOT / "docs" / "org.md").read_text()
        (program,) = [each for each in BLOCK.findall(text) if "Entrance(" in each]
        zone_id = zone["HostedZone"]["Id"].rpartition("/")[2]
        for given, ours in (("lab.example.org", domain), ("Z0123456789ABCDEFGHIJ", zone_id)):
            assert given in program
            program = program.replace(given, ours)
        (folder / "__main__.py").write_text(program)
        project.set(
            basePackages="[]",
            services='["jupyterhub"]',
            sshFrom="[]",
            instanceConnectEndpoint="true",
        )
        project.shell("workbench up", 1800)
        yield bench
    finally:
        bench.remove()


def test_everything_goes_through_the_tunnel_and_nothing_past_it(
    closed: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ec2 = closed.aws("ec2")
    outputs = json.loads(closed.shell("pulumi stack output --json").stdout)
    endpoint = outputs["instance_connect_endpoint"]
    found = ec2.describe_instances(InstanceIds=[outputs["instance_id"]])["Reservations"]
    assert "PublicIpAddress" not in found[0]["Instances"][0]
    groups = ec2.describe_security_groups(GroupIds=[outputs["security_group_id"]])
    (ssh_rule,) = [
        rule
        for rule in groups["SecurityGroups"][0]["IpPermissions"]
        if rule["FromPort"] <= 22 <= rule["ToPort"]
    ]
    assert (ssh_rule["IpRanges"], len(ssh_rule["UserIdGroupPairs"])) == ([], 1)

    # Tasks: over paramiko, and by OpenSSH. The pages are asked for through the load balancer.
    assert closed.status()["state"] == "running"
    results = {each["name"]: each for each in json.loads(closed.run("check", "--json").stdout)}
    assert f"answers on 22, by {endpoint}" in results["ssh-port"]["evidence"]
    through = {"ssh-port", "host-key", "ssh", "load-balancer", "web-ports", "certificate"}
    assert {name: results[name]["result"] for name in through} == dict.fromkeys(through, "PASS")
    assert (
        closed.run("ssh.connect", "cat; exit 3", exit_code=3, stdin="penguins").stdout == "penguins"
    )

    # Plain ssh and scp, from any folder, with none of our variables.
    folder = tmp_path / "ssh"
    monkeypatch.setenv("WORKBENCH_SSH_DIR", str(folder))
    closed.run("ssh.config")
    sent = tmp_path / "sent"
    sent.write_bytes(os.urandom(8_000_000))
    config = ("-F", str(folder / "config"), "-o", "BatchMode=yes")

    def plain(*words: str) -> tuple[int, str]:
        done = subprocess.run(
            words,
            cwd="/",
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr

    assert plain("ssh", *config, "workbench", "id -un") == (0, f"{outputs['administrator']}\n")
    assert plain("scp", *config, str(sent), "workbench:sent") == (0, "")
    assert plain("scp", *config, "workbench:sent", str(tmp_path / "came")) == (0, "")
    assert (tmp_path / "came").read_bytes() == sent.read_bytes()
    closed.shell("pulumi preview --expect-no-changes")

    # Without the right nobody comes in, and it is said once.
    denied = {"Effect": "Deny", "Action": "ec2-instance-connect:OpenTunnel", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    closed.aws("iam").put_user_policy(
        UserName="rehearsal", PolicyName="no-tunnel", PolicyDocument=document
    )
    sentence = f"AWS refuses the tunnel through {endpoint}: User: "
    for command in (("ssh.connect", "true"), ("ssh.tunnel", "jupyterhub")):
        said = closed.run(*command, exit_code=3).stderr
        assert said.count(sentence) == 1, said
        assert "with an explicit deny" in " ".join(said.split())
        assert "OpenSSH" not in said
    code, said = plain("ssh", *config, "workbench", "true")
    assert (code, sentence in said) == (255, True)

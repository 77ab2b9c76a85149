"""A workbench that the internet doesn't reach, in a network that it makes for itself."""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from bench import Bench
from bench import eventually
from bench import reachable
from warm_image import warm_image

from workbench.rehearsal.names import container_name

CONFIGURATION = """\
config:
  workbench:basePackages: []
  workbench:services: [jupyterhub]
  workbench:publicAccess: false
"""
# What answers, and what no packet comes back from: each by its name and port.
REACH = """
for place in {places}; do
  timeout 4 bash -c "exec 3<>/dev/tcp/${{place/:/\\/}}" 2>/dev/null && echo "$place" || true
done
"""


class Private:
    """The bench, and the only way in to its server: a host in the public subnet."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.ec2 = bench.aws("ec2")
        self.outputs = bench.outputs()
        self.server = self._instance(self.outputs["instance_id"])

    def _instance(self, instance_id: str) -> dict[str, Any]:
        found = self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
        instance: dict[str, Any] = found[0]["Instances"][0]
        return instance

    def subnet(self, tag: str) -> str:
        named = [{"Name": "tag:Name", "Values": [tag]}]
        (found,) = self.ec2.describe_subnets(Filters=named)["Subnets"]
        return str(found["SubnetId"])

    def make_bastion(self) -> str:
        """Make the host; return OpenSSH's command by which it points to the server."""
        vpc = self.server["VpcId"]
        group = self.ec2.create_security_group(GroupName="b", Description="b", VpcId=vpc)
        self.ec2.authorize_security_group_ingress(
            GroupId=group["GroupId"],
            IpPermissions=[
                {
                    "IpProtocol": "tcp",
                    "FromPort": 22,
                    "ToPort": 22,
                    "IpRanges": [{"CidrIp": "127.0.0.0/8"}, {"CidrIp": "172.16.0.0/12"}],
                }
            ],
        )
        interface = {
            "DeviceIndex": 0,
            "SubnetId": self.subnet("do4ds-lab-network"),
            "AssociatePublicIpAddress": True,
            "Groups": [group["GroupId"]],
        }
        made = self.ec2.run_instances(
            ImageId=self.server["ImageId"],
            InstanceType="t3.nano",
            KeyName=self.server["KeyName"],
            NetworkInterfaces=[interface],
            MinCount=1,
            MaxCount=1,
        )["Instances"][0]["InstanceId"]
        answers: list[tuple[str, int]] = []

        def does_answer() -> bool:
            answers.extend(self._answering(made))
            return bool(answers)

        assert eventually(does_answer, 120)
        self.bastion, port = answers[0]
        key = self.bench.folder / "ssh" / "id_ed25519"
        trusting = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
        here = f"{self.outputs['administrator']}@{self.bastion}"
        return f"ssh -F none -i {key} {trusting} -o BatchMode=yes -W %h:%p -p {port} {here}"

    def _answering(self, instance_id: str) -> list[tuple[str, int]]:
        """Return where a public instance's SSH answers, as soon as it does."""
        ip = self._instance(instance_id).get("PublicIpAddress")
        port = self.described()["addresses"].get(ip, {}).get("22")
        return [(ip, port)] if port and reachable(ip, port) else []

    def described(self) -> dict[str, Any]:
        text = (self.bench.folder / "rehearsal.json").read_text()
        described: dict[str, Any] = json.loads(text)
        return described

    def reached(self, *places: str) -> list[str]:
        """Return which of these the server reaches, each a host and a port."""
        script = REACH.format(places=" ".join(places))
        return self.bench.run("ssh.connect", script).stdout.split()

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Be in the server's network, as with a VPN: its pages and Pebble's question get there."""
        container = container_name(self.bench.name, self.outputs["instance_id"])
        form = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        asked = ["docker", "inspect", "--format", form, container]
        said = subprocess.run(asked, capture_output=True, text=True, check=True)
        there = ["-d", self.outputs["address"], "-j", "DNAT", "--to", said.stdout.strip()]
        subprocess.run(["iptables", "-t", "nat", "-I", "OUTPUT", *there], check=True)
        try:
            yield
        finally:
            subprocess.run(["iptables", "-t", "nat", "-D", "OUTPUT", *there], check=True)

    def answers(self, *services: str) -> list[str]:
        """Return which of AWS's services answer the server, whatever they say."""
        return [
            each for each in services if self._answers(f"https://{each}.us-east-1.amazonaws.com")
        ]

    def _answers(self, url: str) -> bool:
        script = f"curl -s -o /dev/null -w '%{{http_code}}' --max-time 10 {url} || true"
        return self.bench.run("ssh.connect", script).stdout.strip() != "000"

    @contextmanager
    def without_way_out(self) -> Iterator[None]:
        """Take the route to the NAT gateway away."""
        named = [{"Name": "tag:Name", "Values": ["do4ds-lab-network-private"]}]
        (table,) = self.ec2.describe_route_tables(Filters=named)["RouteTables"]
        place = {
            "RouteTableId": table["RouteTableId"],
            "DestinationCidrBlock": "0.0.0.0/0",
        }
        (gateway,) = [each["NatGatewayId"] for each in table["Routes"] if "NatGatewayId" in each]
        self.ec2.delete_route(**place)
        try:
            yield
        finally:
            self.ec2.create_route(**place, NatGatewayId=gateway)


def joined(said: str) -> str:
    """Return what was printed, without the ends of lines that the terminal's width makes."""
    return " ".join(said.split())


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(f"private{os.getpid()}", image=warm_image())
    bench.configuration.write_text(CONFIGURATION)
    try:
        bench.run("rehearsal.config", "--name", bench.name, limit=600)
        bench.limit_rights()
        bench.shell("pulumi up --yes")
        bridge = json.loads((bench.folder / "rehearsal.json").read_text())["bridge"]
        yield bench
    finally:
        bench.remove()
    left = subprocess.run(["iptables-save"], capture_output=True, text=True, check=True).stdout
    assert bridge not in left


@pytest.mark.timeout(1800)
def test_it_reaches_out_by_its_nat_gateway_and_is_reached_from_its_vpc_alone(
    bench: Bench,
) -> None:
    private = Private(bench)
    assert "PublicIpAddress" not in private.server
    command = private.make_bastion()
    bench.shell(f"pulumi config set workbench:sshProxyCommand {shlex.quote(command)}")
    with private.connected():
        bench.run("up", limit=1200)
        bench.run("check", limit=600)
    # Without a VPN the server is asked by SSH, and nothing waits for what can't answer.
    for command in ("up", "check"):
        said = joined(bench.run(command, limit=600).stdout)
        assert "is private, and this computer isn't in its network: connect to its VPN" in said
        assert "workbench ssh.tunnel jupyterhub" in said
    assert "isn't in its network" in bench.status()["certificate"]
    bench.shell("pulumi preview --expect-no-changes")
    status = bench.status()
    assert (status["state"], status["address"]["ip"]) == ("running", private.outputs["address"])

    # Nobody comes in where it goes out, and no other public address is its own.
    (address,) = private.ec2.describe_addresses()["Addresses"]
    assert not any(reachable(address["PublicIp"], port) for port in (22, 443))
    assert private.described()["addresses"].keys() == {private.bastion}

    packages = urlsplit(private.described()["packages_url"]).netloc
    assert private.reached(packages) == [packages]
    assert private.answers("s3", "ssm") == ["s3", "ssm"]
    with private.without_way_out():
        assert private.reached(packages) == []
        # S3 is reached past the gateway, by its own endpoint.
        assert private.answers("s3", "ssm") == ["s3"]
        bench.run("converge", "--yes")
    bench.shell("pulumi preview --expect-no-changes")

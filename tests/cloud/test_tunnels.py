"""A tunnel through an Instance Connect Endpoint: the program, and the rehearsal's side of it.

The program is the one that commands and OpenSSH start; a machine is a port of this computer.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends
from moto.iam.models import iam_backends
from websockets.exceptions import ConnectionClosed
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from workbench.engine.aws import presign
from workbench.rehearsal.api import instance_connect
from workbench.rehearsal.api.parameters import image_id
from workbench.rehearsal.api.parameters import machine_architecture
from workbench.rehearsal.api.parameters import publish_images
from workbench.rehearsal.api.server import Api
from workbench.rehearsal.credentials import ACCESS_KEY
from workbench.rehearsal.credentials import SECRET_KEY
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import boot_id
from workbench.rehearsal.description import process_start
from workbench.rehearsal.endpoints.tunnels import TunnelServer
from workbench.rehearsal.iam.authorization import Authorizer
from workbench.remote.instance_connect import PROGRAM
from workbench.remote.tunnel import SERVICE
from workbench.waiting import wait_for

ACCOUNT, REGION = "123456789012", "us-east-1"
# An address that nothing else has: SSH's port is wanted at it.
MACHINE = "127.213.17.5"
TYPE = "t3.medium" if machine_architecture() == "x86_64" else "t4g.medium"


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    api = Api(REGION)
    api.url = api.start()  # type: ignore[attr-defined]
    yield api
    api.stop()


@pytest.fixture
def machine() -> Iterator[None]:
    """Give a machine whose port 22 says again what it hears, and ends after "bye"."""
    listener = socket.create_server((MACHINE, 22))

    def answer(peer: socket.socket) -> None:
        with peer, suppress(ConnectionError):
            while data := peer.recv(65_536):
                peer.sendall(data)
                if data.endswith(b"bye"):
                    return

    def serve() -> None:
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(peer,), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


class World:
    """A VPC with a server, an endpoint, and a security group for each."""

    def __init__(self, api: Api, folder: Path) -> None:
        self.api, self.folder = api, folder
        ec2_backends.clear()
        iam_backends.clear()
        publish_images(api.ec2, ["debian-12"])
        self.ec2 = self.client("ec2")
        self.vpc, self.subnet = self.network("10.20.0.0/16")
        self.group, self.way = self.make_group("server"), self.make_group("endpoint")
        self.ec2.revoke_security_group_egress(
            GroupId=self.way,
            IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        )
        self.instance = self.run_server()
        self.ingress = self.open("ingress", self.group, self.way)
        self.egress = self.open("egress", self.way, self.group)
        self.endpoint = self.make_endpoint()
        self.tunnels = TunnelServer(api, Authorizer(ACCOUNT), lambda _: MACHINE)
        self.url = self.tunnels.start()
        self.describe()

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.api.url,  # type: ignore[attr-defined]
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def network(self, cidr: str) -> tuple[str, str]:
        vpc = self.ec2.create_vpc(CidrBlock=cidr)["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(
            VpcId=vpc, CidrBlock=cidr.replace("/16", "/24"), AvailabilityZone="us-east-1a"
        )
        return vpc, subnet["Subnet"]["SubnetId"]

    def make_group(self, name: str) -> str:
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)
        return str(made["GroupId"])

    def run_server(self) -> str:
        made = self.ec2.run_instances(
            ImageId=image_id("debian-12"),
            InstanceType=TYPE,
            SubnetId=self.subnet,
            SecurityGroupIds=[self.group],
            MinCount=1,
            MaxCount=1,
        )["Instances"][0]["InstanceId"]
        with self.api.lock:
            self.api.ec2.mark_running(self.api.ec2.get_instance(made))
        return str(made)

    def open(self, way: str, group: str, other: str) -> Callable[[], Any]:
        """Open SSH between two groups; return what closes it again."""
        pair = {"UserIdGroupPairs": [{"GroupId": other}]}
        rule = [{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, **pair}]
        getattr(self.ec2, f"authorize_security_group_{way}")(GroupId=group, IpPermissions=rule)
        return lambda: getattr(self.ec2, f"revoke_security_group_{way}")(
            GroupId=group, IpPermissions=rule
        )

    def make_endpoint(self) -> str:
        made = self.ec2.create_instance_connect_endpoint(
            SubnetId=self.subnet, SecurityGroupIds=[self.way], PreserveClientIp=False
        )["InstanceConnectEndpoint"]
        assert made["State"] == "create-in-progress"
        return str(made["InstanceConnectEndpointId"])

    def await_endpoint(self) -> None:
        def made() -> bool:
            found = self.ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"]
            return bool(found[0]["State"] == "create-complete")

        assert wait_for(made, 10, 0.05)

    def describe(self) -> None:
        rest = ("network_gateway", "bridge", "acme_directory", "acme_root", "ca_certificate")
        described = Description(
            name="tunnels",
            pid=os.getpid(),
            process_start=process_start(os.getpid()) or 0,
            boot_id=boot_id(),
            api_url=self.api.url,  # type: ignore[attr-defined]
            region=REGION,
            dns="",
            packages_url="",
            tunnel_url=self.url,
            **dict.fromkeys(rest, ""),
        )
        (self.folder / "rehearsal.json").write_text(json.dumps(asdict(described)))

    def program(self, *, endpoint: str = "", sent: bytes = b"bye") -> tuple[int, bytes, str]:
        """Run the program as OpenSSH does; return how it ended, what came and what it said."""
        process = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", PROGRAM),
                *(endpoint or self.endpoint, self.instance, "22"),
                *("--stack", "tests", "--rehearsal", str(self.folder)),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        with process:
            assert process.stdin
            assert process.stdout
            assert process.stderr
            feed = process.stdin
            if sent:
                # SSH doesn't hang up before the other side does.
                threading.Thread(target=lambda: (feed.write(sent), feed.flush())).start()
            else:
                feed.close()
            came, said = process.stdout.read(), process.stderr.read().decode()
        assert "Traceback" not in said
        return process.returncode, came, said

    def signed(self, seconds: int = 60, service: str = SERVICE, **more: Any) -> str:
        ip = self.api.ec2.get_instance(self.instance).private_ip
        query = {
            "instanceConnectEndpointId": self.endpoint,
            "remotePort": 22,
            "privateIpAddress": ip,
            **more,
        }
        keys = {"aws:accessKey": ACCESS_KEY, "aws:secretKey": SECRET_KEY}
        words = "&".join(f"{name}={value}" for name, value in query.items())
        url = f"{self.url.replace('http', 'ws')}/openTunnel?{words}"
        return presign({"aws:region": REGION, **keys}, service, url, "openTunnel", seconds)


@pytest.fixture
def world(
    api: Api, machine: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    monkeypatch.setattr(instance_connect, "MAKING", 0.2)
    world = World(api, tmp_path)
    world.await_endpoint()
    yield world
    world.tunnels.stop()


def test_bytes_go_both_ways_until_either_side_ends(world: World) -> None:
    sent = os.urandom(3_000_000) + b"bye"
    code, came, said = world.program(sent=sent)
    assert (code, said) == (0, "")
    assert came == sent
    # The user hangs up: the machine's side would go on.
    assert world.program(sent=b"")[0] == 0


def test_it_needs_the_right_on_the_endpoint(world: World) -> None:
    iam = world.client("iam")
    iam.create_user(UserName="rehearsal")

    def may(**right: Any) -> None:
        look = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}
        right = {"Effect": "Allow", "Action": "ec2-instance-connect:OpenTunnel", **right}
        document = json.dumps({"Version": "2012-10-17", "Statement": [look, right]})
        iam.put_user_policy(UserName="rehearsal", PolicyName="p", PolicyDocument=document)

    arn = f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance-connect-endpoint/"
    may(Resource=f"{arn}eice-00000000000000000")
    assert iam.create_access_key(UserName="rehearsal")["AccessKey"]["AccessKeyId"] == ACCESS_KEY
    code, _, said = world.program()
    assert code == 3
    assert said.startswith(f"AWS refuses the tunnel through {world.endpoint}: User: arn:aws:iam::")
    assert "is not authorized to perform: ec2-instance-connect:OpenTunnel on resource" in said
    assert len(said.splitlines()) == 2
    may(Resource=arn + world.endpoint)
    assert world.program()[:2] == (0, b"bye")
    other = {"StringEquals": {"ec2-instance-connect:remotePort": "3389"}}
    may(Resource=arn + world.endpoint, Condition=other)
    assert world.program()[0] == 3


def closed_in(world: World) -> None:
    world.ingress()


def closed_out(world: World) -> None:
    world.egress()


def stopped(world: World) -> None:
    world.ec2.stop_instances(InstanceIds=[world.instance])


def elsewhere(world: World) -> None:
    # The same address, in another VPC than the endpoint's.
    world.api.ec2.instance_connect_endpoints()[world.endpoint].vpc_id = "vpc-other"


@pytest.mark.parametrize("change", [closed_in, closed_out, stopped, elsewhere])
def test_what_the_network_drops_is_told_in_one_sentence(
    world: World, change: Callable[[World], None]
) -> None:
    change(world)
    code, came, said = world.program()
    assert (code, came) == (1, b"")
    assert said == (
        f"The Instance Connect endpoint {world.endpoint} doesn't reach port 22 of"
        f" {world.instance}: Unable to connect to target (code 1011).\n"
        "  workbench doctor --stack tests\n"
    )


def test_a_rule_for_the_endpoints_address_lets_it_in_too(world: World) -> None:
    world.ingress()
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    world.ec2.authorize_security_group_ingress(
        GroupId=world.group, IpPermissions=[{**rule, "IpRanges": [{"CidrIp": "10.20.0.0/24"}]}]
    )
    assert world.program()[:2] == (0, b"bye")


def test_an_endpoint_that_is_not_there_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, _, said = world.program(endpoint="eice-00000000000000000")
    assert (code, said.splitlines()[0]) == (
        2,
        "The Instance Connect endpoint eice-00000000000000000 is unknown to AWS in us-east-1.",
    )
    monkeypatch.setattr(instance_connect, "MAKING", 600)
    code, _, said = world.program()
    assert (code, "is create-in-progress, which takes AWS a few minutes" in said) == (1, True)
    world.tunnels.stop()
    monkeypatch.setattr(instance_connect, "MAKING", 0.2)
    code, _, said = world.program()
    assert (code, "doesn't answer: Connection refused." in said) == (1, True)


def test_a_signature_is_of_this_request_and_of_this_minute(world: World) -> None:
    def refusal(url: str) -> tuple[int, str]:
        with pytest.raises(InvalidStatus) as refused, connect(url, proxy=None):
            pass
        response = refused.value.response
        body = bytes(response.body or b"").decode()
        told = json.loads(body)["message"] if body.startswith("{") else body
        return response.status_code, told

    with connect(world.signed(), proxy=None) as tunnel:
        tunnel.send(b"bye")
        assert tunnel.recv() == b"bye"
    assert "too far from the present" in refusal(world.signed(0))[1]
    assert (
        "does not match" in refusal(world.signed().replace("remotePort=22", "remotePort=3389"))[1]
    )
    assert "Missing Authentication" in refusal(world.signed().partition("&X-Amz")[0])[1]
    assert "Missing Authentication" in refusal(world.signed(service="ec2"))[1]
    assert refusal(world.signed(remotePort=8787)) == (400, "A parameter is out of its range.")
    assert refusal(world.signed(maxTunnelDuration=3601))[0] == 400
    assert refusal(world.signed(instanceConnectEndpointId="eice-0"))[0] == 404


def test_a_tunnel_ends_when_its_time_is_over(world: World) -> None:
    with connect(world.signed(maxTunnelDuration=1), proxy=None) as tunnel:
        tunnel.send(b"hello")
        assert tunnel.recv() == b"hello"
        with pytest.raises(ConnectionClosed):
            tunnel.recv(timeout=20)
        assert tunnel.close_reason == "The tunnel's maximum duration is over"


def test_a_vpc_has_one_and_its_security_group_stays_until_it_is_gone(world: World) -> None:
    with pytest.raises(ClientError, match="limit of 1 EC2 Instance Connect Endpoint"):
        world.make_endpoint()
    world.ingress()
    with pytest.raises(ClientError, match="DependencyViolation"):
        world.ec2.delete_security_group(GroupId=world.way)
    gone = world.ec2.delete_instance_connect_endpoint(InstanceConnectEndpointId=world.endpoint)
    assert gone["InstanceConnectEndpoint"]["State"] == "delete-in-progress"

    def is_gone() -> bool:
        return not world.ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"]

    assert wait_for(is_gone, 10, 0.05)
    with pytest.raises(ClientError, match=r"InvalidInstanceConnectEndpointId\.NotFound"):
        world.ec2.delete_instance_connect_endpoint(InstanceConnectEndpointId=world.endpoint)
    world.ec2.delete_security_group(GroupId=world.way)

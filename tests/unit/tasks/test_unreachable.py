"""Why SSH doesn't answer is read from AWS: stopped, closed to this computer, or neither."""

import socket
from typing import Any

import paramiko
import pytest

from workbench.remote import unreachable
from workbench.remote.unreachable import address_towards
from workbench.remote.unreachable import explain_unreachable
from workbench.remote.unreachable import has_other_key_pair


class Ec2:
    """One instance with one security group and one key pair."""

    def __init__(self, state: str = "running", networks: tuple[str, ...] = ()) -> None:
        self.state = state
        self.networks = networks
        self.key = paramiko.ECDSAKey.generate().get_base64()

    def describe_instances(self, Filters: list[dict[str, Any]]) -> dict[str, Any]:
        assert Filters == [{"Name": "instance-id", "Values": ["i-1"]}]
        if not self.state:
            return {"Reservations": []}
        groups = [{"GroupId": "sg-1"}]
        told = {
            "State": {"Name": self.state},
            "SecurityGroups": groups,
            "KeyName": "pair",
            "PrivateIpAddress": "10.0.0.7",
        }
        return {"Reservations": [{"Instances": [told]}]}

    def describe_security_groups(self, GroupIds: list[str]) -> dict[str, Any]:
        assert GroupIds == ["sg-1"]
        web = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
        ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
        return {
            "SecurityGroups": [
                {
                    "IpPermissions": [
                        web | {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
                        ssh | {"IpRanges": [{"CidrIp": each} for each in self.networks]},
                    ]
                }
            ]
        }

    def describe_key_pairs(self, **_: Any) -> dict[str, Any]:
        return {"KeyPairs": [{"PublicKey": f"ecdsa-sha2-nistp256 {self.key} pair"}]}


@pytest.mark.parametrize(
    ("state", "networks", "sentence", "fix"),
    [
        ("stopped", (), "i-1 is stopped", "workbench start --stack lab"),
        ("stopping", (), "i-1 is stopping", "workbench start --stack lab"),
        ("pending", (), "i-1 is pending", "workbench start --stack lab"),
        ("terminated", (), "i-1 is terminated", "workbench up --stack lab"),
        ("", (), "another account", "workbench doctor --stack lab   says which"),
        ("running", (), "closed to every address", "workbench ssh.allow --stack lab"),
        (
            "running",
            ("203.0.113.0/24", "2001:db8::/32"),
            "closed to this computer's address, 127.0.0.1: open to 203.0.113.0/24",
            "workbench ssh.allow --stack lab",
        ),
    ],
)
def test_what_aws_knows_is_told_with_the_fix(
    state: str, networks: tuple[str, ...], sentence: str, fix: str
) -> None:
    told = explain_unreachable(Ec2(state, networks), "i-1", "127.0.0.1", "lab")
    assert told is not None
    assert sentence in told.message
    assert told.hint == fix


def test_nothing_is_told_where_aws_knows_no_reason() -> None:
    assert explain_unreachable(Ec2("running", ("127.0.0.0/8",)), "i-1", "127.0.0.1", "lab") is None


def test_of_a_private_server_the_address_is_told_and_that_a_way_in_is_needed() -> None:
    told = explain_unreachable(Ec2("running", ("10.0.0.0/16",)), "i-1", "10.0.0.7", "lab")
    assert told is not None
    assert told.message == (
        "The server has no public address: SSH would use its private one, 10.0.0.7, which takes a"
        " way into its network."
    )
    assert "pulumi config set workbench:sshProxyCommand 'ssh -W" in told.hint


def test_by_a_proxy_command_this_computers_address_is_no_reason() -> None:
    for state, sentence in (("stopped", "i-1 is stopped"), ("running", None)):
        told = explain_unreachable(Ec2(state), "i-1", "10.0.0.7", "lab", is_direct=False)
        assert (told.message if told else None) in (sentence, f"The server {sentence}.")


def test_a_public_server_sees_the_address_that_a_service_outside_sees(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(unreachable, "find_own_address", lambda: "198.51.100.4")
    assert address_towards("8.8.8.8") == "198.51.100.4"


def test_a_server_nearby_sees_the_address_the_connection_comes_from() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        assert address_towards("127.0.0.1") == client.getsockname()[0]


def test_a_server_whose_key_pair_is_ours_refuses_for_good() -> None:
    ec2 = Ec2()
    assert has_other_key_pair(ec2, "i-1", "AAAAother")
    assert not has_other_key_pair(ec2, "i-1", ec2.key)

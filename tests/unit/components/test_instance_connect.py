"""Administration without an open port: an endpoint, and rules between two security groups alone."""

import pytest

from workbench import InstanceConnectEndpoint
from workbench import Network
from workbench import Workbench
from workbench.components.errors import ArgumentError
from workbench.remote.stack_state import StackState

VPC = {"aws:ec2/getVpc:getVpc": {"cidrBlock": "10.9.0.0/16"}}


@pytest.fixture
def made(deploy, public_key):
    def deployed(**more):
        args = {"public_key": public_key, **more}
        return deploy(lambda: Workbench("lab", args), answer=lambda token, _: VPC.get(token))

    return deployed


def opened(done):
    """Return the rules for SSH: which way, of which group, to or from what."""
    return {
        (
            rule.type.rsplit(":", 1)[-1],
            rule.inputs["securityGroupId"],
            rule.inputs.get("referencedSecurityGroupId") or rule.inputs.get("cidrIpv4"),
        )
        for kind in (":SecurityGroupIngressRule", ":SecurityGroupEgressRule")
        for rule in done.all(kind)
        if rule.inputs.get("fromPort") == rule.inputs.get("toPort") == 22
    }


OWN, THEIRS = "lab-access-security-group-id", "lab-instance-connect-security-group-id"
BETWEEN = {
    ("SecurityGroupIngressRule", OWN, THEIRS),
    ("SecurityGroupEgressRule", THEIRS, OWN),
}


def test_the_endpoint_reaches_the_server_and_no_address_does(made):
    done = made(instance_connect_endpoint=True)

    assert opened(done) == BETWEEN
    # Nothing else goes out of the endpoint's group.
    assert len([r for r in done.all("Rule") if r.inputs["securityGroupId"] == THEIRS]) == 1
    endpoint = endpoint_of(done)
    assert endpoint["securityGroupIds"] == [THEIRS]
    assert endpoint["subnetId"] == "lab-network-subnet-id"
    assert endpoint["preserveClientIp"] is False


def endpoint_of(done):
    (found,) = [
        each
        for each in done.all(":InstanceConnectEndpoint")
        if each.type.startswith("aws:ec2transitgateway/")
    ]
    assert found.options.deleteBeforeReplace
    return found.inputs


def test_without_it_there_is_none(made):
    done = made()
    assert not done.all(":InstanceConnectEndpoint")
    assert opened(done) == set()


def test_in_a_private_subnet_not_even_the_vpc_may_use_ssh(made):
    private = {"subnet_id": "subnet-theirs", "public_access": False}
    assert opened(made(**private, instance_connect_endpoint=True)) == BETWEEN
    by_range = ("SecurityGroupIngressRule", OWN, "10.9.0.0/16")
    # One that is there comes from somewhere in the VPC.
    existing = {"instance_connect_endpoint_id": "eice-0123456789abcdef0"}
    assert opened(made(**private, **existing)) == {by_range}
    both = made(**private, instance_connect_endpoint=True, ssh_from=["10.9.0.0/16"])
    assert opened(both) == BETWEEN | {by_range}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"instance_connect_endpoint": True}, "lab-instance-connect-endpoint-id"),
        (
            {
                "instance_connect_endpoint_id": "eice-0123456789abcdef0",
                "ssh_from": ["10.20.1.0/28"],
            },
            "eice-0123456789abcdef0",
        ),
        ({}, ""),
    ],
)
def test_the_commands_are_told_of_it(deploy, public_key, more, found):
    told = {}

    def program():
        Workbench("lab", {"public_key": public_key, **more}).outputs.apply(told.update)

    deploy(program)
    assert StackState("dev", told).tunnel_endpoint == found
    # A way that someone names comes first.
    named = StackState("dev", {**told, "ssh_proxy_command": "nc %h %p"})
    assert named.tunnel_endpoint == ""


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"instance_connect_endpoint_id": "vpce-1"}, "isn't the id of an EC2 Instance Connect"),
        (
            {
                "instance_connect_endpoint": True,
                "instance_connect_endpoint_id": "eice-0123456789abcdef0",
            },
            "a VPC has one",
        ),
        (
            {"instance_connect_endpoint_id": "eice-0123456789abcdef0"},
            "nothing lets that endpoint in to port 22",
        ),
        ({"instance_connect_group_id": "sg-0123456789abcdef0"}, "doesn't say which"),
    ],
)
def test_a_mistake_is_found_before_anything_is_registered(
    deploy, public_key, registered, more, sentence
):
    with pytest.raises(ArgumentError, match=sentence):
        deploy(lambda: Workbench("lab", {"public_key": public_key, **more}), into=registered)
    assert registered.resources == []


def test_a_rule_of_ones_own_may_let_one_in(made):
    existing = {"instance_connect_endpoint_id": "eice-0123456789abcdef0"}
    assert opened(made(**existing, ssh_from=[])) == set()


ENDPOINT, GROUP = "eice-0123456789abcdef0", "sg-0123456789abcdef0"


@pytest.mark.parametrize("is_public", [True, False])
def test_two_workbenches_of_a_network_share_one(deploy, public_key, is_public):
    told = {}

    def program():
        network = Network("team", {"private_network": "nat"})
        way = InstanceConnectEndpoint(
            "way", {"vpc_id": network.vpc_id, "subnet_id": network.subnet_id}
        )
        args = {
            "public_key": public_key,
            "public_access": is_public,
            "subnet_id": network.subnet_id if not is_public else network.public_subnet_ids[0],
            "instance_connect_endpoint_id": way.endpoint_id,
            "instance_connect_group_id": way.security_group_id,
        }
        for name in ("one", "two"):
            Workbench(name, args).outputs.apply(lambda found, name=name: told.update({name: found}))

    ids = {"way-endpoint": {"id": ENDPOINT}, "way-security-group": {"id": GROUP}}
    done = deploy(program, answer=lambda token, _: VPC.get(token), outputs=ids)
    # No address may use SSH, in the VPC neither.
    assert opened(done) == {
        (kind, *ends)
        for server in ("one-access-security-group-id", "two-access-security-group-id")
        for kind, ends in (
            ("SecurityGroupIngressRule", (server, GROUP)),
            ("SecurityGroupEgressRule", (GROUP, server)),
        )
    }
    assert endpoint_of(done)["securityGroupIds"] == [GROUP]
    assert {StackState("dev", each).tunnel_endpoint for each in told.values()} == {ENDPOINT}


def test_one_is_for_several_servers(deploy):
    args = {"vpc_id": "vpc-1", "subnet_id": "subnet-1", "security_group_ids": ["sg-a", "sg-b"]}
    done = deploy(lambda: InstanceConnectEndpoint("way", args))
    group = "way-security-group-id"
    assert opened(done) == {
        (kind, *ends)
        for server in ("sg-a", "sg-b")
        for kind, ends in (
            ("SecurityGroupIngressRule", (server, group)),
            ("SecurityGroupEgressRule", (group, server)),
        )
    }
    whole = done.outputs[done.named("way").urn]
    assert whole == {"endpointId": "way-endpoint-id", "securityGroupId": group}

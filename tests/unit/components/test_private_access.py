"""A workbench that the internet doesn't reach, in an existing private subnet."""

import json

import pytest

from workbench import Address
from workbench import Workbench
from workbench.components.errors import ArgumentError
from workbench.configured import Configured
from workbench.host.services import caddy
from workbench.host.settings import Settings
from workbench.remote.stack_state import StackState

VPC = {"aws:ec2/getVpc:getVpc": {"cidrBlock": "10.9.0.0/16"}}


@pytest.fixture
def private(deploy, public_key):
    def deployed(preview=False, **more):
        args = {"public_key": public_key, "subnet_id": "subnet-theirs", "public_access": False}
        return deploy(
            lambda: Workbench("lab", {**args, **more}),
            preview=preview,
            answer=lambda token, _: VPC.get(token),
        )

    return deployed


def opened(done):
    return {
        (rule.inputs["fromPort"], rule.inputs["cidrIpv4"])
        for rule in done.all(":SecurityGroupIngressRule")
    }


def test_it_has_no_public_address_and_is_found_at_its_private_one(private):
    done = private(next_instance_type="t3.large")

    for kind in (":Eip", ":EipAssociation", ":InternetGateway", ":Subnet", ":Vpc"):
        assert not done.all(kind)
    # The server that takes over, too.
    assert [each.inputs["associatePublicIpAddress"] for each in done.all(":Instance")] == [
        False
    ] * 2
    whole = done.outputs[done.one(":Workbench").urn]
    assert whole["address"] == "10.20.0.10"
    assert whole["url"] == "https://10.20.0.10/"


def test_a_preview_of_a_new_one_needs_no_value_that_aws_decides(private):
    assert private(preview=True).one(":Instance")


def test_the_server_knows_of_no_address_to_be_certified(private, monkeypatch):
    monkeypatch.setattr(caddy, "public_address", lambda: None)

    settings = Settings.parse(private().named("lab-recipe-settings").inputs["content"])
    assert settings.address is None
    assert caddy.certified(settings) == ()


def test_its_names_point_to_its_private_address(private):
    done = private(domain="lab.example.org", zone_id="Z1")

    records = {each.inputs["name"]: each.inputs["records"] for each in done.all(":Record")}
    assert records == {name: ["10.20.0.10"] for name in ("lab.example.org", "www.lab.example.org")}
    assert done.outputs[done.one(":Workbench").urn]["url"] == "https://lab.example.org/"


def test_only_who_is_in_the_vpc_comes_in_unless_others_are_named(private):
    assert opened(private()) == {(port, "10.9.0.0/16") for port in (22, 80, 443)}
    assert opened(private(http_from=["192.168.0.0/16"], ssh_from=[])) == {
        (80, "192.168.0.0/16"),
        (443, "192.168.0.0/16"),
    }


def test_what_is_private_or_one_organization_s_may_come_in(private):
    ranges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "17.0.0.0/8", "fd00::/8"]
    assert private(http_from=ranges)


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"private_network": "nat"}, "private_network can't be used with an existing subnet"),
        (
            {"http_from": ["0.0.0.0/0"]},
            "http_from has 0.0.0.0/0, broader than any organization's network",
        ),
        ({"ssh_from": ["::/0"]}, "ssh_from has ::/0, broader"),
        (
            {"http_from": ["0.0.0.0/1", "10.0.0.0/8", "128.0.0.0/1"]},
            "http_from has 0.0.0.0/1 and 10.0.0.0/8 and 128.0.0.0/1, broader",
        ),
        ({"http_from": ["16.0.0.0/8", "17.0.0.0/8"]}, "16.0.0.0/8 and 17.0.0.0/8, broader"),
        (
            {"extra_ports": [{"port": 1, "cidr_blocks": ["8.0.0.0/7"]}]},
            r"extra_ports\[0\].cidr_blocks has 8.0.0.0/7, broader",
        ),
        ({"ssh_proxy_command": "ssh\nHost *"}, "isn't one line with a command"),
    ],
)
def test_a_mistake_is_found_before_anything_is_registered(
    deploy, public_key, registered, more, sentence
):
    args = {"public_key": public_key, "subnet_id": "subnet-theirs", "public_access": False}
    with pytest.raises(ArgumentError, match=sentence):
        deploy(lambda: Workbench("lab", {**args, **more}), into=registered)
    assert registered.resources == []


def test_an_address_that_is_there_is_associated_with_nothing(deploy):
    done = deploy(lambda: Address("at", {"ip": "10.0.0.7", "domain": "lab.example.org"}))
    assert not done.all(":Eip")
    assert done.outputs[done.one(":Address").urn]["dnsRecords"][0]["value"] == "10.0.0.7"

    with pytest.raises(ArgumentError, match="instance_id can't be used with an existing ip"):
        deploy(lambda: Address("at", {"ip": "10.0.0.7", "instance_id": "i-1"}))


def test_a_proxy_command_changes_neither_aws_nor_the_server(private):
    def made(**more):
        done = private(**more)
        content = done.named("lab-recipe-settings").inputs["content"]
        inputs = {each.name: each.inputs for each in done.resources if ":ec2" in each.type}
        return inputs, json.loads(content)

    command = "ssh -W %h:%p bastion"
    assert made(ssh_proxy_command=command) == made()
    assert Configured({"workbench:sshProxyCommand": command}).ssh_proxy_command == command


def test_what_only_a_program_says_is_told_to_the_commands(deploy, public_key):
    args = {"public_key": public_key, "subnet_id": "subnet-theirs", "public_access": False}
    found = {}

    def program():
        bench = Workbench("lab", {**args, "ssh_proxy_command": "ssh -W %h:%p bastion"})
        bench.outputs.apply(found.update)

    deploy(program, answer=lambda token, _: VPC.get(token))
    state = StackState("dev", found)
    assert not state.is_public
    assert not state.target().is_public
    assert state.ssh_proxy_command == "ssh -W %h:%p bastion"
    # What the configuration says counts first: it takes effect with no update.
    state.config = {"workbench:publicAccess": "true", "workbench:sshProxyCommand": "nc %h %p"}
    assert state.is_public
    assert state.ssh_proxy_command == "nc %h %p"
    assert StackState("dev", {}).is_public

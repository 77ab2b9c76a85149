import json

import pulumi
import pytest

from workbench import Access
from workbench.components.errors import ArgumentError

ARGS = {"vpc_id": "vpc-1"}


def _allowed(done):
    """Return the actions that the role's own policies allow."""
    policies = [json.loads(each.inputs["policy"]) for each in done.all(":RolePolicy")]
    statements = [statement for policy in policies for statement in policy["Statement"]]
    assert all(statement["Effect"] == "Allow" for statement in statements)
    return [action for statement in statements for action in statement["Action"]]


@pytest.fixture
def rules(deploy, public_key):
    def ingress(**args):
        done = deploy(lambda: Access("in", {**ARGS, "public_key": public_key, **args}))
        return {
            (
                rule.inputs["ipProtocol"],
                rule.inputs["fromPort"],
                rule.inputs["toPort"],
                rule.inputs.get("cidrIpv4") or rule.inputs["cidrIpv6"],
            )
            for rule in done.all(":SecurityGroupIngressRule")
        }

    return ingress


def test_opens_the_web_to_everyone_and_ssh_to_nobody_unless_asked(rules):
    assert rules() == {("tcp", 80, 80, "0.0.0.0/0"), ("tcp", 443, 443, "0.0.0.0/0")}


def test_opens_exactly_what_is_asked(rules):
    assert rules(
        ssh_from=["203.0.113.7/32", "2001:db8::/32"],
        http_from=[],
        extra_ports=[
            {"port": 8080, "cidr_blocks": ["198.51.100.0/24"]},
            {"port": 4433.0, "cidr_blocks": ["198.51.100.0/24"], "protocol": "udp"},
        ],
    ) == {
        ("tcp", 22, 22, "203.0.113.7/32"),
        ("tcp", 22, 22, "2001:db8::/32"),
        ("tcp", 8080, 8080, "198.51.100.0/24"),
        ("udp", 4433, 4433, "198.51.100.0/24"),
    }


def test_a_rule_asked_for_twice_is_made_once(rules):
    opened = rules(
        ssh_from=["203.0.113.7/32"] * 2,
        extra_ports=[{"port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
    )

    assert len(opened) == 3


def test_ranges_that_are_outputs_are_kept_apart(deploy, public_key):
    def program():
        networks = [pulumi.Output.from_input(f"203.0.113.{n}/32") for n in range(3)]
        ports = [{"port": 22, "cidr_blocks": [each]} for each in networks[1:]]
        asked = {"ssh_from": networks[:1], "http_from": [], "extra_ports": ports}
        Access("in", {**ARGS, "public_key": public_key, **asked})

    opened = [rule.inputs["cidrIpv4"] for rule in deploy(program).all(":SecurityGroupIngressRule")]
    assert sorted(opened) == [f"203.0.113.{n}/32" for n in range(3)]


def test_the_group_has_no_rules_inside_it(deploy, public_key):
    done = deploy(lambda: Access("in", {**ARGS, "public_key": public_key}))

    group = done.one(":SecurityGroup").inputs
    assert "ingress" not in group
    assert "egress" not in group
    egress = done.one(":SecurityGroupEgressRule").inputs
    assert (egress["ipProtocol"], egress["cidrIpv4"]) == ("-1", "0.0.0.0/0")


def test_the_role_is_for_instances_and_the_agent_of_systems_manager(deploy, public_key):
    done = deploy(lambda: Access("in", {**ARGS, "public_key": public_key}))

    trust = json.loads(done.one(":Role").inputs["assumeRolePolicy"])
    assert trust["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}
    # AWS's managed policies allow more than the agent needs.
    assert done.all(":RolePolicyAttachment") == []
    assert {action.partition(":")[0] for action in _allowed(done)} == {
        "ssm",
        "ssmmessages",
        "ec2messages",
    }
    assert [action for action in _allowed(done) if action.startswith("ssm:")] == [
        "ssm:UpdateInstanceInformation"
    ]


def test_another_public_key_never_makes_another_key_pair(deploy, public_key):
    done = deploy(lambda: Access("in", {**ARGS, "public_key": public_key}))

    assert list(done.one(":KeyPair").request.ignoreChanges) == ["publicKey"]


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"public_key": None}, "public_key is missing.*\n.*ssh-keygen -t ed25519"),
        ({"ssh_from": ["everyone"]}, r"ssh_from\[0\] is 'everyone', which isn't a range"),
        ({"ssh_from": ["203.0.113.7"]}, "write: 203.0.113.7/32"),
        ({"ssh_from": "203.0.113.7/32"}, "must be a list"),
        ({"http_from": ["10.0.0.1/8"]}, "Write: 10.0.0.0/8"),
        ({"extra_ports": [{"port": 0, "cidr_blocks": []}]}, r"extra_ports\[0\].port is 0"),
        ({"extra_ports": [{"port": 80, "cidr_blocks": [], "protocol": "icmp"}]}, "tcp or udp"),
    ],
)
def test_refuses(deploy, public_key, args, sentence):
    with pytest.raises(ArgumentError, match=f"(?s){sentence}"):
        deploy(lambda: Access("in", {**ARGS, "public_key": public_key, **args}))

"""Each rule of the policy pack: what passes, what doesn't, and what to do then."""

from types import SimpleNamespace

import pytest
from pulumi_policy import PolicyCustomTimeouts
from pulumi_policy import PolicyResource
from pulumi_policy import PolicyResourceOptions
from pulumi_policy import ResourceValidationArgs
from pulumi_policy import StackValidationArgs
from pulumi_policy.proxy import UNKNOWN_ARRAY_VALUE
from pulumi_policy.proxy import unknown_checking_proxy

from workbench.policy import Settings
from workbench.policy import monthly_price
from workbench.policy import rules
from workbench.policy.costs import ADDRESS
from workbench.policy.costs import ASSOCIATION
from workbench.policy.costs import ENDPOINT
from workbench.policy.costs import INSTANCE
from workbench.policy.costs import LOAD_BALANCER
from workbench.policy.costs import NAT_GATEWAY
from workbench.policy.costs import VOLUME
from workbench.policy.costs import stack_prices
from workbench.policy.rules import GROUP
from workbench.policy.rules import INGRESS
from workbench.policy.rules import KEPT
from workbench.prices import HOURS_PER_MONTH
from workbench.prices.table import gp3_price
from workbench.prices.table import hourly_price

SETTINGS = Settings(production=("prod", "*-prod"), tags=("team", "cost"), monthly_budget=100)
PACK = {rule.name: rule for rule in rules(SETTINGS)}
BUCKET = "aws:s3/bucket:Bucket"
SAFE_DISK = {"rootBlockDevice": {"encrypted": True}}


def options(protect=False):
    return PolicyResourceOptions(protect, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])


def violations(name, kind, props, *, stack="prod", protect=False):
    """Return what a rule says of one resource."""
    said = []
    urn = f"urn:pulumi:{stack}::project::{kind}::it"
    args = ResourceValidationArgs(kind, props, urn, "it", options(protect), None)
    PACK[name].validate(args, lambda message, urn: said.append(message))
    return said


def stack_violations(*resources):
    said = []
    args = StackValidationArgs(
        [
            PolicyResource(kind, props, f"urn:{n}", str(n), options(), None, None, [], {})
            for n, (kind, props) in enumerate(resources)
        ]
    )
    PACK["budget-is-kept"].validate(args, lambda message, urn: said.append(message))
    return said


def open_to(cidr, low=22, high=22, protocol="tcp"):
    key = "cidrIpv6" if ":" in cidr else "cidrIpv4"
    return {key: cidr, "fromPort": low, "toPort": high, "ipProtocol": protocol}


def inline(cidr):
    rule = {"cidrBlocks": [cidr], "fromPort": 0, "toPort": 65535, "protocol": "tcp"}
    return {"ingress": [rule]}


def test_the_guard_says_what_is_kept():
    assert KEPT == ("Volume",)


@pytest.mark.parametrize(
    ("rule", "kind", "props"),
    [
        ("ssh-is-closed", INGRESS, open_to("203.0.113.0/24")),
        ("ssh-is-closed", INGRESS, open_to("0.0.0.0/0", 443, 443)),
        ("ssh-is-closed", INGRESS, open_to("0.0.0.0/0", 22, 22, "udp")),
        ("ssh-is-closed", GROUP, {}),
        ("ssh-is-closed", GROUP, inline("10.0.0.0/8")),
        ("web-is-closed", INGRESS, open_to("10.0.0.0/8", 443, 443)),
        ("web-is-closed", INGRESS, open_to("0.0.0.0/0")),
        ("volumes-are-encrypted", VOLUME, {"encrypted": True}),
        ("volumes-are-encrypted", INSTANCE, SAFE_DISK),
        ("metadata-needs-a-token", INSTANCE, {"metadataOptions": {"httpTokens": "required"}}),
        ("metadata-needs-a-token", INSTANCE, {"metadataOptions": {"httpEndpoint": "disabled"}}),
        ("tags-are-there", VOLUME, {"tags": {"team": "a"}, "tagsAll": {"cost": "1"}}),
        ("tags-are-there", INGRESS, {}),
    ],
)
def test_what_keeps_to_a_rule_passes(rule, kind, props):
    assert violations(rule, kind, props) == []


@pytest.mark.parametrize(
    ("rule", "kind", "props", "sentence"),
    [
        ("data-is-protected", VOLUME, {}, "it isn't protected, so a change could"),
        ("ssh-is-closed", INGRESS, open_to("0.0.0.0/0"), "it opens port 22 to 0.0.0.0/0."),
        ("ssh-is-closed", INGRESS, open_to("::/0"), "it opens port 22 to ::/0."),
        ("ssh-is-closed", INGRESS, open_to("0.0.0.0/1"), "it opens port 22 to 0.0.0.0/1."),
        ("ssh-is-closed", INGRESS, open_to("0.0.0.0/0", 20, 30), "it opens port 22"),
        ("ssh-is-closed", INGRESS, open_to("0.0.0.0/0", None, None, "-1"), "it opens port 22"),
        ("ssh-is-closed", GROUP, inline("0.0.0.0/0"), "it opens port 22 to 0.0.0.0/0."),
        ("web-is-closed", INGRESS, open_to("0.0.0.0/0", 443, 443), "it opens port 443 to"),
        ("web-is-closed", GROUP, inline("0.0.0.0/0"), "it opens port 80 and 443 to"),
        ("volumes-are-encrypted", VOLUME, {}, "it isn't encrypted."),
        ("volumes-are-encrypted", INSTANCE, {}, "it has a disk that isn't encrypted."),
        (
            "volumes-are-encrypted",
            INSTANCE,
            SAFE_DISK | {"ebsBlockDevices": [{"deviceName": "/dev/sdf"}]},
            "it has a disk that isn't encrypted.",
        ),
        ("metadata-needs-a-token", INSTANCE, {}, "without a token."),
        (
            "metadata-needs-a-token",
            INSTANCE,
            {"metadataOptions": {"httpTokens": "optional"}},
            "without a token.",
        ),
        ("tags-are-there", BUCKET, {"tagsAll": {"team": "a"}}, "it lacks the tag cost."),
        ("tags-are-there", BUCKET, {"tags": {"team": ""}}, "it lacks the tag team and cost."),
    ],
)
def test_what_breaks_a_rule_is_told_with_what_to_do(rule, kind, props, sentence):
    (said,) = violations(rule, kind, props)
    assert sentence in said
    assert said.endswith(PACK[rule].remediation_steps)


@pytest.mark.parametrize("rule", ["data-is-protected", "ssh-is-closed", "web-is-closed"])
def test_the_strict_rules_are_for_production(rule):
    kind, props = (VOLUME, {}) if rule == "data-is-protected" else (GROUP, inline("0.0.0.0/0"))
    assert violations(rule, kind, props, stack="team-prod")
    assert violations(rule, kind, props, stack="dev") == []


def test_a_protected_volume_passes_and_others_kinds_need_no_protection():
    assert violations("data-is-protected", VOLUME, {}, protect=True) == []
    assert violations("data-is-protected", INSTANCE, {}) == []
    assert violations("data-is-protected", "gcp:compute:Volume", {}) == []


def test_a_budget_is_held_by_the_price_table():
    server = (INSTANCE, {"instanceType": "t3.large", "availabilityZone": "us-east-1a"})
    price = hourly_price("t3.large", "us-east-1") * HOURS_PER_MONTH
    # An image's disk of 8 GiB comes with it.
    room = (100 - price) / gp3_price("us-east-1") - 8
    assert stack_violations(server, (VOLUME, {"size": room - 1}), (BUCKET, {})) == []
    (said,) = stack_violations(server, (VOLUME, {"size": room + 1}))
    assert "its budget is $100.00" in said
    assert said.endswith("where the pack is defined.")


def test_an_instances_own_disks_are_in_the_budget():
    disks = {"rootBlockDevice": {"volumeSize": 16384}}
    server = {"instanceType": "t3.micro", "availabilityZone": "us-east-1a"}
    assert stack_violations((INSTANCE, server)) == []
    (said,) = stack_violations((INSTANCE, server | disks))
    assert "its budget is $100.00" in said


def test_what_the_price_table_doesnt_know_is_no_bargain():
    (said,) = stack_violations((INSTANCE, {"instanceType": "x9.huge", "region": "us-east-1"}))
    assert "doesn't know x9.huge in us-east-1" in said
    # Enough that is known is enough.
    large = {"instanceType": "m7i.8xlarge", "region": "us-east-1"}
    (said,) = stack_violations((INSTANCE, large), (INSTANCE, {"instanceType": "x9.huge"}))
    assert "a month by the list price" in said


TWO = {"subnets": ["subnet-1", "subnet-2"]}
INTERFACE = {"vpcEndpointType": "Interface", "subnetIds": ["subnet-1"]}


@pytest.mark.parametrize(
    ("kind", "props", "region", "hourly"),
    [
        (ADDRESS, {}, "eu-north-1", 0.005),
        (NAT_GATEWAY, {}, "us-east-1", 0.045),
        (NAT_GATEWAY, {}, "us-west-2", 0.045),
        (NAT_GATEWAY, {}, "eu-central-1", 0.052),
        (LOAD_BALANCER, TWO, "us-east-1", 0.0225 + 2 * 0.005),
        (LOAD_BALANCER, TWO | {"internal": True}, "us-east-1", 0.0225),
        (LOAD_BALANCER, {"subnets": ["a", "b", "c"]}, "eu-west-1", 0.0252 + 3 * 0.005),
        (ENDPOINT, INTERFACE, "us-east-1", 0.01),
        (ENDPOINT, INTERFACE | {"subnetIds": ["subnet-1", "subnet-2"]}, "us-east-1", 0.02),
        (ENDPOINT, {"vpcEndpointType": "Gateway"}, "us-east-1", 0),
        (ENDPOINT, {}, "mars-1", 0),
    ],
)
def test_the_network_has_a_price(kind, props, region, hourly):
    assert monthly_price(kind, props, region)[1] == pytest.approx(hourly * HOURS_PER_MONTH)


@pytest.mark.parametrize(
    ("kind", "props", "region"),
    [
        (ADDRESS, {}, "mars-1"),
        (NAT_GATEWAY, {}, "eu-west-3"),
        (LOAD_BALANCER, TWO, "eu-west-3"),
        (LOAD_BALANCER, TWO | {"loadBalancerType": "network"}, "us-east-1"),
        (ENDPOINT, INTERFACE, "eu-west-3"),
        (ENDPOINT, {"vpcEndpointType": "GatewayLoadBalancer"}, "us-east-1"),
    ],
)
def test_a_networks_price_is_not_another_regions(kind, props, region):
    what, price = monthly_price(kind, props, region)
    assert price is None
    props = props | {"region": region}
    (said,) = stack_violations((kind, props))
    assert f"The price table doesn't know {what} in {region}" in said
    assert said.endswith("leave the rule out where the pack is defined.")


def test_subnets_that_are_not_known_yet_are_as_few_as_aws_takes():
    balancer = unknown_checking_proxy({"subnets": UNKNOWN_ARRAY_VALUE})
    assert monthly_price(LOAD_BALANCER, balancer, "us-east-1") == monthly_price(
        LOAD_BALANCER, TWO, "us-east-1"
    )
    endpoint = unknown_checking_proxy(INTERFACE | {"subnetIds": UNKNOWN_ARRAY_VALUE})
    assert monthly_price(ENDPOINT, endpoint, "us-east-1") == monthly_price(
        ENDPOINT, INTERFACE, "us-east-1"
    )


def test_an_address_that_comes_with_an_instance_is_paid_for():
    server = {"instanceType": "t3.micro"}
    _, without = monthly_price(INSTANCE, server, "us-east-1")
    _, price = monthly_price(INSTANCE, server | {"associatePublicIpAddress": True}, "us-east-1")
    assert price - without == pytest.approx(3.65)


def test_an_elastic_ip_is_not_paid_for_twice():
    server = (INSTANCE, {"instanceType": "t3.micro", "region": "us-east-1"})
    addressed = (INSTANCE, server[1] | {"associatePublicIpAddress": True})
    elastic = [(ADDRESS, {}), (ASSOCIATION, {})]

    def cost(*given):
        resources = [SimpleNamespace(resource_type=k, props=p, provider=None) for k, p in given]
        return sum(price for _, price in stack_prices(resources, "us-east-1"))

    # Before the first refresh the instance doesn't say it has one, after that it does.
    assert cost(addressed, *elastic) == pytest.approx(cost(server, *elastic))
    # That of a NAT gateway is not an instance's.
    assert cost(addressed, (ADDRESS, {})) == pytest.approx(cost(server) + 2 * 3.65)


def test_a_stack_that_is_a_network_alone_has_a_budget():
    def here(kind):
        return kind, {"region": "us-east-1"}

    assert stack_violations(*map(here, [NAT_GATEWAY] * 2 + [ADDRESS] * 2)) == []
    (said,) = stack_violations(*map(here, [NAT_GATEWAY] * 3 + [ADDRESS] * 3))
    assert "servers, volumes and network cost $109.50 a month" in said


def test_an_organization_chooses():
    names = {rule.name for rule in rules(Settings())}
    assert {"tags-are-there", "budget-is-kept"}.isdisjoint(names)
    assert len(names) == 5

"""Private subnets alongside public ones, in two zones, and what leads out of them."""

import pytest

from workbench import Network
from workbench import Workbench
from workbench.components.errors import ArgumentError

ZONE, OTHER = "us-east-1a", "us-east-1b"


@pytest.fixture
def made(deploy):
    """Make a network with these arguments; ``there`` are subnets of earlier: (tag, zone, range)."""

    def make(there=(), **args):
        known = {
            f"subnet-{tag}": {"availabilityZone": zone, "cidrBlock": part, "tags": {"Name": tag}}
            for tag, zone, part in there
        }

        def answer(token, arguments):
            if token.endswith(":getSubnets"):
                return {"ids": list(known)}
            return known[arguments["id"]] if token.endswith(":getSubnet") else None

        given = {"private_network": "nat", **args}
        return deploy(lambda: Network("net", given), answer=answer)

    return make


def places(done):
    """Return each subnet's zone and range, by its name."""
    return {
        each.name.removeprefix("net-"): (
            each.inputs["availabilityZone"],
            each.inputs["cidrBlock"],
        )
        for each in done.all(":Subnet")
    }


def targets(done):
    """Return which table each subnet has, and where each table's default route leads."""
    tables = {
        each.inputs["subnetId"]: each.inputs["routeTableId"]
        for each in done.all(":RouteTableAssociation")
    }
    routes = {
        each.inputs["routeTableId"]: each.inputs.get("gatewayId") or each.inputs["natGatewayId"]
        for each in done.all(":Route")
    }
    return tables, routes


def test_four_subnets_in_two_zones_and_one_nat_gateway(made):
    done = made()

    assert places(done) == {
        "subnet": (ZONE, "10.20.0.0/24"),
        "private-subnet": (ZONE, "10.20.1.0/24"),
        "second-subnet": (OTHER, "10.20.2.0/24"),
        "second-private-subnet": (OTHER, "10.20.3.0/24"),
    }
    tables, routes = targets(done)
    assert tables == {
        "net-subnet-id": "net-route-table-id",
        "net-second-subnet-id": "net-route-table-id",
        "net-private-subnet-id": "net-private-route-table-id",
        "net-second-private-subnet-id": "net-private-route-table-id",
    }
    assert routes == {
        "net-route-table-id": "net-internet-gateway-id",
        "net-private-route-table-id": "net-nat-gateway-id",
    }
    gateway = done.one(":NatGateway").inputs
    assert gateway["subnetId"] == "net-subnet-id"
    assert gateway["allocationId"] == "eipalloc-net-nat-address"
    assert not done.named("net-private-subnet").inputs["mapPublicIpOnLaunch"]
    outputs = done.outputs[done.one(":Network").urn]
    assert outputs["subnetId"] == "net-private-subnet-id"
    assert outputs["publicSubnetIds"] == ["net-subnet-id", "net-second-subnet-id"]
    assert outputs["privateSubnetIds"] == ["net-private-subnet-id", "net-second-private-subnet-id"]


def test_the_way_to_the_internet_is_there_before_the_gateway_and_goes_after_it(made):
    done = made()

    route = done.named("net-route").urn
    for name in ("net-nat-address", "net-nat-gateway"):
        assert route in done.named(name).request.dependencies


def test_without_internet_s3_alone_is_reached_and_what_else_is_named(made):
    done = made(private_network="endpoints")

    for kind in (":NatGateway", ":Eip", ":SecurityGroup"):
        assert not done.all(kind)
    only = done.one(":VpcEndpoint").inputs
    assert only["serviceName"] == "com.amazonaws.us-east-1.s3"
    assert only["vpcEndpointType"] == "Gateway"
    assert only["routeTableIds"] == ["net-private-route-table-id"]
    assert "net-private-route-table-id" not in targets(done)[1]

    done = made(private_network="endpoints", endpoint_services=["ssm", "ssmmessages"])
    names = {each.inputs["serviceName"] for each in done.all(":VpcEndpoint")}
    assert names == {f"com.amazonaws.us-east-1.{each}" for each in ("s3", "ssm", "ssmmessages")}
    interface = done.named("net-ssm-endpoint").inputs
    assert interface["vpcEndpointType"] == "Interface"
    assert interface["privateDnsEnabled"] is True
    assert interface["subnetIds"] == ["net-private-subnet-id"]
    assert interface["securityGroupIds"] == ["net-endpoints-id"]
    rule = done.one(":SecurityGroupIngressRule").inputs
    assert (rule["fromPort"], rule["toPort"], rule["cidrIpv4"]) == (443, 443, "10.20.0.0/16")


def test_a_nat_gateway_s_network_reaches_s3_past_it(made):
    assert made().one(":VpcEndpoint").inputs["vpcEndpointType"] == "Gateway"


def test_a_public_network_has_the_names_and_ranges_it_had(made, deploy):
    before = deploy(lambda: Network("net", {}))
    now = made()

    for each in before.resources:
        if each.type != "workbench:index:Network":
            assert now.named(each.name).inputs == each.inputs
    outputs = before.outputs[before.one(":Network").urn]
    assert outputs["publicSubnetIds"] == ["net-subnet-id"]
    assert outputs["privateSubnetIds"] == []


def test_subnets_that_are_there_stay_where_they_are(made):
    there = [
        ("net", ZONE, "10.20.9.0/24"),
        ("net-private", ZONE, "10.20.0.0/24"),
        ("net-second", "us-east-1f", "10.20.5.0/24"),
    ]
    assert places(made(there)) == {
        "subnet": (ZONE, "10.20.9.0/24"),
        "private-subnet": (ZONE, "10.20.0.0/24"),
        # This one is new: in the zone of its sister.
        "second-subnet": ("us-east-1f", "10.20.5.0/24"),
        "second-private-subnet": ("us-east-1f", "10.20.6.0/24"),
    }


def test_the_second_zone_stays_another_one_when_the_first_moves_there(made):
    there = [("net-second", ZONE, "10.20.5.0/24")]
    found = places(made(there))

    assert found["subnet"][0] == ZONE
    assert found["second-subnet"] == (OTHER, "10.20.2.0/24")


def test_of_a_small_range_each_part_is_as_large_as_a_load_balancer_needs(made):
    found = places(made(cidr_block="10.9.8.0/24"))
    assert [part for _, part in found.values()] == [f"10.9.8.{n}/27" for n in (0, 32, 64, 96)]


def test_a_private_workbench_makes_its_network(deploy, public_key):
    def workbench(**more):
        args = {"public_key": public_key, "public_access": False, **more}
        vpc = {"cidrBlock": "10.20.0.0/16"}
        return deploy(
            lambda: Workbench("lab", args),
            answer=lambda token, _: vpc if token.endswith(":getVpc") else None,
        )

    done = workbench()
    assert done.one(":NatGateway")
    server = done.one(":Instance").inputs
    assert server["subnetId"] == "lab-network-private-subnet-id"
    assert server["associatePublicIpAddress"] is False
    # The gateway's address is the only one.
    assert done.one(":Eip").name == "lab-network-nat-address"
    assert not done.all(":EipAssociation")
    ranges = {each.inputs["cidrIpv4"] for each in done.all(":SecurityGroupIngressRule")}
    assert ranges == {"10.20.0.0/16"}

    closed = workbench(private_network="endpoints")
    assert not closed.all(":NatGateway")
    assert not closed.all(":Eip")
    assert closed.one(":VpcEndpoint")


@pytest.mark.parametrize("name", ["private_network", "endpoint_services"])
def test_a_public_workbench_takes_no_private_network(deploy, public_key, name):
    value = {"private_network": "nat", "endpoint_services": ["ssm"]}[name]
    with pytest.raises(ArgumentError, match=f"{name} is for a server that the internet doesn't"):
        deploy(lambda: Workbench("lab", {"public_key": public_key, name: value}))

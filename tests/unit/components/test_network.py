import pulumi
import pulumi_aws as aws
import pytest

from workbench import Network
from workbench import Server
from workbench.components.errors import ArgumentError
from workbench.components.late import after
from workbench.components.subnet_ranges import free_range
from workbench.components.subnet_ranges import parts_of


def test_has_one_public_subnet_with_a_way_to_the_internet(deploy):
    done = deploy(lambda: Network("net", {}))

    assert done.one(":Vpc").inputs["cidrBlock"] == "10.20.0.0/16"
    subnet = done.one(":Subnet")
    assert subnet.inputs["cidrBlock"] == "10.20.0.0/24"
    assert subnet.inputs["mapPublicIpOnLaunch"] is True
    route = done.one(":Route").inputs
    assert route["destinationCidrBlock"] == "0.0.0.0/0"
    assert route["gatewayId"] == "net-internet-gateway-id"
    association = done.one(":RouteTableAssociation").inputs
    assert association["subnetId"] == "net-subnet-id"
    assert association["routeTableId"] == route["routeTableId"]


def test_chooses_the_zone_once(deploy):
    subnet = deploy(lambda: Network("net", {"instance_type": "t3.medium"})).one(":Subnet")

    assert subnet.inputs["availabilityZone"] == "us-east-1a"
    assert list(subnet.request.ignoreChanges) == ["availabilityZone"]


@pytest.mark.parametrize("args", [{}, {"instance_type": "t3.medium"}])
def test_no_local_zone_is_chosen(deploy, args):
    done = deploy(lambda: Network("net", args))

    asked = {token: arguments for token, arguments, _ in done.calls}
    zones = asked["aws:index/getAvailabilityZones:getAvailabilityZones"]
    assert zones["state"] == "available"
    assert zones["filters"] == [{"name": "opt-in-status", "values": ["opt-in-not-required"]}]
    # It is the first of those that offer the type.
    assert done.one(":Subnet").inputs["availabilityZone"] != "us-east-1-atl-2a"


def test_follows_the_zone_it_is_given(deploy):
    subnet = deploy(lambda: Network("net", {"availability_zone": "us-east-1f"})).one(":Subnet")

    assert subnet.inputs["availabilityZone"] == "us-east-1f"
    assert not subnet.request.ignoreChanges


def test_an_existing_subnet_is_used_and_nothing_made(deploy):
    network = {}
    done = deploy(lambda: network.update(it=Network("net", {"subnet_id": "subnet-theirs"})))

    assert [each.type for each in done.resources] == ["workbench:index:Network"]
    assert done.outputs[done.resources[0].urn] == {
        "vpcId": "vpc-theirs",
        "subnetId": "subnet-theirs",
        "publicSubnetIds": [],
        "privateSubnetIds": [],
        "availabilityZone": "us-east-1c",
    }


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"cidr_block": "10.20.0.0"}, "cidr_block is '10.20.0.0', which is one address"),
        ({"cidr_block": "10.0.0.0/8"}, "from /16 to /28"),
        ({"cidr_block": "fd00::/64"}, "IPv4"),
        ({"subnet_cidr_block": "10.30.0.0/24"}, "isn't a part of 10.20.0.0/16"),
        ({"subnet_id": "subnet-1", "cidr_block": "10.20.0.0/16"}, "with an existing subnet"),
        ({"subnet_id": "subnet-1", "private_network": "nat"}, "with an existing subnet"),
        ({"private_network": "yes"}, "'yes', but must be one of: nat, endpoints"),
        ({"private_network": "nat", "cidr_block": "10.20.0.0/25"}, "no room for the four subnets"),
        ({"private_network": "nat", "subnet_cidr_block": "10.20.0.0/24"}, "makes four"),
        ({"endpoint_services": ["ssm"]}, "there is no private_network"),
        (
            {"private_network": "nat", "endpoint_services": ["s3"]},
            r"endpoint_services\[0\] is 's3', which has its own endpoint already",
        ),
        (
            {"private_network": "nat", "endpoint_services": ["com/ssm"]},
            "isn't a service's name",
        ),
        ({"private_network": "nat", "endpoint_services": ["ssm", "ssm"]}, "a service twice"),
    ],
)
def test_refuses(deploy, args, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        deploy(lambda: Network("net", args))


def test_a_small_range_becomes_one_subnet(deploy):
    done = deploy(lambda: Network("net", {"cidr_block": "10.9.8.0/26"}))

    assert done.one(":Subnet").inputs["cidrBlock"] == "10.9.8.0/26"


@pytest.mark.parametrize(
    ("zone", "taken", "chosen"),
    [
        ("us-east-1a", [], "10.20.0.0/24"),
        ("us-east-1b", [], "10.20.1.0/24"),
        # An older workbench's, whose first zone wasn't a.
        ("us-east-1a", ["10.20.0.0/24"], "10.20.1.0/24"),
        ("us-east-1b", ["10.20.0.0/23"], "10.20.2.0/24"),
        ("us-east-1-atl-2a", [], "10.20.0.0/24"),
    ],
)
def test_a_subnet_in_another_zone_has_other_addresses(zone, taken, chosen):
    assert free_range(parts_of("10.20.0.0/16"), zone, taken) == chosen


def test_a_range_without_room_for_another_subnet_is_told():
    with pytest.raises(ArgumentError, match="no room for another subnet in us-east-1b"):
        free_range(parts_of("10.9.8.0/26"), "us-east-1b", ["10.9.8.0/26"])


def has(*subnets):
    """Return what answers that the VPC has these subnets: (zone, addresses, name)."""
    known = {
        f"subnet-{number}": {
            "availabilityZone": zone,
            "cidrBlock": addresses,
            "tags": {"Name": name},
        }
        for number, (zone, addresses, name) in enumerate(subnets)
    }

    def answer(token, arguments):
        if token.endswith(":getSubnets"):
            assert arguments["filters"] == [{"name": "vpc-id", "values": ["net-vpc-id"]}]
            return {"ids": list(known)}
        return known[arguments["id"]] if token.endswith(":getSubnet") else None

    return answer


@pytest.mark.parametrize("args", [{}, {"availability_zone": "us-east-1c"}])
def test_a_subnet_that_is_there_keeps_its_addresses(deploy, args):
    there = has(("us-east-1c", "10.20.7.0/24", "x"), ("us-east-1c", "10.20.0.0/24", "net"))
    done = deploy(lambda: Network("net", args), answer=there)

    assert done.one(":Subnet").inputs["cidrBlock"] == "10.20.0.0/24"


def test_the_next_subnet_can_be_made_before_the_old_one_goes(deploy):
    args = {"availability_zone": "us-east-1b"}
    done = deploy(lambda: Network("net", args), answer=has(("us-east-1a", "10.20.0.0/24", "net")))

    assert done.one(":Subnet").inputs["cidrBlock"] == "10.20.1.0/24"


def waits_for(done, type_, property_):
    """Return the names of what one resource's property waits for."""
    names = {each.urn: each.name for each in done.resources}
    found = done.one(type_).options.propertyDependencies[property_].urns
    return {names[urn] for urn in found}


@pytest.mark.parametrize(
    ("given", "ways"),
    [
        ({}, {"net-route", "net-route-table-association"}),
        (
            {"private_network": "nat"},
            {
                "net-private-route",
                "net-private-route-table-association",
                "net-s3-endpoint",
            },
        ),
        (
            {"private_network": "endpoints", "endpoint_services": ["ssm"]},
            {"net-private-route-table-association", "net-s3-endpoint", "net-ssm-endpoint"},
        ),
    ],
)
@pytest.mark.parametrize("preview", [False, True])
def test_a_server_of_the_same_program_waits_for_the_way_out(deploy, given, ways, preview):
    def program():
        network = Network("net", given)
        args = {"subnet_id": network.subnet_id, "security_group_ids": ["sg-1"], "key_name": "k"}
        Server("server", args)

    done = deploy(program, preview=preview)

    assert waits_for(done, ":Instance", "subnetId") >= ways


def test_a_load_balancer_of_the_same_program_waits_for_the_internet(deploy):
    def program():
        network = Network("net", {"private_network": "nat"})
        aws.lb.LoadBalancer("lb", subnets=network.public_subnet_ids)

    waits = waits_for(deploy(program), ":LoadBalancer", "subnets")
    assert waits >= {"net-route", "net-route-table-association"}
    assert "net-second-route-table-association" in waits
    assert "net-private-route" not in waits


def test_a_way_that_is_new_leaves_the_subnet_known(deploy):
    known = []

    def program():
        there = pulumi.Output.from_input("subnet-1")
        gateway = aws.ec2.InternetGateway("gateway")
        known.append(after(there, [gateway]))
        gateway.id.apply(lambda _: pytest.fail("its ID is known"))
        aws.ec2.NatGateway("nat", subnet_id=known[0])

    assert deploy(program, preview=True).one(":NatGateway").inputs["subnetId"] == "subnet-1"

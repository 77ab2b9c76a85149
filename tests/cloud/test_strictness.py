"""The rehearsal's EC2 refuses what EC2 refuses, with EC2's own codes."""

import base64
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends
from moto.ssm.models import ssm_backends
from settling import settle

from workbench.rehearsal.api.parameters import image_id
from workbench.rehearsal.api.parameters import machine_architecture
from workbench.rehearsal.api.parameters import publish_images
from workbench.rehearsal.api.server import Api

REGION = "us-east-1"
ZONE = "us-east-1a"
TYPE = "t3.medium" if machine_architecture() == "x86_64" else "t4g.medium"
OTHER_ARCHITECTURE = "t4g.medium" if machine_architecture() == "x86_64" else "t3.medium"

Client = Any
Refused = Callable[..., str]


# Its loader keeps the service models: reading EC2's takes most of a second.
SESSION = boto3.Session(
    region_name=REGION, aws_access_key_id="rehearsal", aws_secret_access_key="rehearsal"
)


@dataclass
class Cloud:
    api: Api
    url: str
    images: dict[str, str]

    @property
    def ec2(self) -> Any:
        return self.api.ec2


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Api, str]]:
    api = Api(REGION)
    yield api, api.start()
    api.stop()


@pytest.fixture(autouse=True)
def api(server: tuple[Api, str]) -> Cloud:
    """An empty cloud."""
    api, url = server
    ec2_backends.clear()
    ssm_backends.clear()
    return Cloud(api, url, publish_images(api.ec2, ["debian-12"]))


def client(api: Cloud, service: str) -> Client:
    retries = Config(retries={"total_max_attempts": 1})
    return SESSION.client(service, endpoint_url=api.url, config=retries)


@pytest.fixture(scope="module")
def ec2(server: tuple[Api, str]) -> Iterator[Client]:
    retries = Config(retries={"total_max_attempts": 1})
    ec2 = SESSION.client("ec2", endpoint_url=server[1], config=retries)
    yield ec2
    ec2.close()


@pytest.fixture
def ami(api: Cloud) -> str:
    return api.images["debian-12"]


def code(call: Callable[..., object], **arguments: object) -> str:
    """Return the error code a call is refused with."""
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    return str(refusal.value.response["Error"]["Code"])


def run(ec2: Client, ami: str, **arguments: Any) -> str:
    given = {"ImageId": ami, "InstanceType": TYPE, "MinCount": 1, "MaxCount": 1, **arguments}
    return str(ec2.run_instances(**given)["Instances"][0]["InstanceId"])


@pytest.fixture
def instance(api: Cloud, ec2: Client, ami: str) -> str:
    """A running instance in the default VPC's subnet of the first zone."""
    made = run(ec2, ami, Placement={"AvailabilityZone": ZONE})
    settle(api.ec2)
    return made


def state(ec2: Client, instance: str) -> str:
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return str(found["State"]["Name"])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"InstanceType": "t9.huge"}, "InvalidParameterValue"),
        ({"InstanceType": OTHER_ARCHITECTURE}, "InvalidParameterValue"),
        ({"ImageId": "ami-0123456789abcdef0"}, "InvalidAMIID.NotFound"),
        ({"KeyName": "nobody"}, "InvalidKeyPair.NotFound"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
        ({"IamInstanceProfile": {"Name": "nobody"}}, "InvalidParameterValue"),
        ({"UserData": "#!/bin/sh\n" + "x" * 17000}, "InvalidParameterValue"),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 2}}]},
            "InvalidBlockDeviceMapping",
        ),
    ],
)
def test_an_instance_that_cannot_be_is_refused_and_leaves_nothing(
    ec2: Client, ami: str, arguments: dict[str, Any], expected: str
) -> None:
    given = {"ImageId": ami, "InstanceType": TYPE, "MinCount": 1, "MaxCount": 1, **arguments}
    assert code(ec2.run_instances, **given) == expected
    assert ec2.describe_instances()["Reservations"] == []


def test_an_instance_type_that_a_zone_does_not_have_is_refused(ec2: Client, ami: str) -> None:
    subnets = ec2.describe_subnets(
        Filters=[{"Name": "availability-zone", "Values": ["us-east-1e"]}]
    )["Subnets"]
    offered = {
        each["InstanceType"]
        for page in ec2.get_paginator("describe_instance_type_offerings").paginate(
            LocationType="availability-zone",
            Filters=[{"Name": "location", "Values": ["us-east-1e"]}],
        )
        for each in page["InstanceTypeOfferings"]
    }
    assert "m7i.large" not in offered
    given = {"ImageId": ami, "InstanceType": "m7i.large", "MinCount": 1, "MaxCount": 1}
    assert code(ec2.run_instances, SubnetId=subnets[0]["SubnetId"], **given) in {
        "Unsupported",
        "InvalidParameterValue",
    }


def test_a_retried_request_makes_no_second_instance(ec2: Client, ami: str) -> None:
    first = run(ec2, ami, ClientToken="one")
    assert run(ec2, ami, ClientToken="one") == first
    assert run(ec2, ami, ClientToken="two") != first


def test_an_instance_is_pending_until_its_machine_runs(api: Cloud, ec2: Client, ami: str) -> None:
    made = run(ec2, ami)
    assert state(ec2, made) == "pending"
    settle(api.ec2)
    assert state(ec2, made) == "running"
    ec2.stop_instances(InstanceIds=[made])
    assert state(ec2, made) == "stopping"
    assert code(ec2.start_instances, InstanceIds=[made]) == "IncorrectInstanceState"
    settle(api.ec2)
    ec2.start_instances(InstanceIds=[made])
    assert state(ec2, made) == "pending"
    settle(api.ec2)
    ec2.terminate_instances(InstanceIds=[made])
    assert state(ec2, made) == "shutting-down"
    settle(api.ec2)
    assert state(ec2, made) == "terminated"
    assert code(ec2.start_instances, InstanceIds=[made]) == "IncorrectInstanceState"
    assert ec2.describe_volumes()["Volumes"] == []
    assert ec2.describe_network_interfaces()["NetworkInterfaces"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"InstanceType": {"Value": TYPE.replace("medium", "large")}},
        {"UserData": {"Value": b"#!/bin/sh\n"}},
    ],
)
def test_a_running_instance_keeps_its_type_and_user_data(
    api: Cloud, ec2: Client, instance: str, change: dict[str, Any]
) -> None:
    modify = ec2.modify_instance_attribute
    assert code(modify, InstanceId=instance, **change) == "IncorrectInstanceState"
    ec2.stop_instances(InstanceIds=[instance])
    settle(api.ec2)
    modify(InstanceId=instance, **change)
    attribute = next(iter(change))
    name = attribute[0].lower() + attribute[1:]
    found = ec2.describe_instance_attribute(InstanceId=instance, Attribute=name)[attribute]
    expected = change[attribute]["Value"]
    if isinstance(expected, bytes):
        expected = base64.b64encode(expected).decode()
    assert found["Value"] == expected


def test_a_stopped_instance_takes_only_types_of_its_architecture(
    api: Cloud, ec2: Client, instance: str
) -> None:
    ec2.stop_instances(InstanceIds=[instance])
    settle(api.ec2)
    modify = ec2.modify_instance_attribute
    refused = {"InstanceId": instance, "InstanceType": {"Value": OTHER_ARCHITECTURE}}
    assert code(modify, **refused) == "InvalidParameterValue"
    unknown = {"InstanceId": instance, "InstanceType": {"Value": "t9.huge"}}
    assert code(modify, **unknown) == "InvalidInstanceAttributeValue"


def test_a_protected_instance_is_not_terminated(api: Cloud, ec2: Client, instance: str) -> None:
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": True})
    assert code(ec2.terminate_instances, InstanceIds=[instance]) == "OperationNotPermitted"
    assert state(ec2, instance) == "running"
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[instance])
    assert state(ec2, instance) == "shutting-down"


def test_the_shutdown_behaviour_can_be_changed_and_groups_stay(ec2: Client, instance: str) -> None:
    before = ec2.describe_instance_attribute(InstanceId=instance, Attribute="groupSet")["Groups"]
    ec2.modify_instance_attribute(
        InstanceId=instance, InstanceInitiatedShutdownBehavior={"Value": "terminate"}
    )
    assert (
        ec2.describe_instance_attribute(InstanceId=instance, Attribute="groupSet")["Groups"]
        == before
    )


def test_a_volume_never_shrinks(api: Cloud, ec2: Client) -> None:
    volume = ec2.create_volume(Size=4, AvailabilityZone=ZONE)["VolumeId"]
    settle(api.ec2)
    assert code(ec2.modify_volume, VolumeId=volume, Size=2) == "InvalidParameterValue"
    ec2.modify_volume(VolumeId=volume, Size=8)
    found = ec2.describe_volumes_modifications(VolumeIds=[volume])["VolumesModifications"]
    assert [each["ModificationState"] for each in found] == ["modifying"]
    again = {"VolumeId": volume, "Size": 9}
    assert code(ec2.modify_volume, **again) == "IncorrectModificationState"
    settle(api.ec2)
    ec2.modify_volume(VolumeId=volume, Size=9)


def test_with_aws_s_rule_a_volume_changes_once_in_six_hours(api: Cloud, ec2: Client) -> None:
    api.ec2.modification_hours = 6
    volume = ec2.create_volume(Size=4, AvailabilityZone=ZONE)["VolumeId"]
    settle(api.ec2)
    ec2.modify_volume(VolumeId=volume, Size=5)
    settle(api.ec2)
    again = {"VolumeId": volume, "Size": 6}
    assert code(ec2.modify_volume, **again) == "VolumeModificationRateExceeded"


def test_a_volume_is_attached_once_in_its_zone_under_a_free_name(
    api: Cloud, ec2: Client, instance: str
) -> None:
    here = ec2.create_volume(Size=1, AvailabilityZone=ZONE)["VolumeId"]
    more = ec2.create_volume(Size=1, AvailabilityZone=ZONE)["VolumeId"]
    elsewhere = ec2.create_volume(Size=1, AvailabilityZone="us-east-1b")["VolumeId"]
    settle(api.ec2)

    def refused(volume: str, device: str) -> str:
        return code(ec2.attach_volume, VolumeId=volume, InstanceId=instance, Device=device)

    assert refused(elsewhere, "/dev/sdf") == "InvalidVolume.ZoneMismatch"
    assert refused(here, "data") == "InvalidParameterValue"
    ec2.attach_volume(VolumeId=here, InstanceId=instance, Device="/dev/sdf")
    assert refused(more, "/dev/sdf") == "InvalidParameterValue"
    assert refused(here, "/dev/sdg") == "VolumeInUse"
    assert code(ec2.delete_volume, VolumeId=here) == "VolumeInUse"
    settle(api.ec2)
    assert ec2.detach_volume(VolumeId=here)["State"] == "detaching"
    settle(api.ec2)
    assert code(ec2.detach_volume, VolumeId=here) == "IncorrectState"
    ec2.delete_volume(VolumeId=here)
    assert code(ec2.describe_volumes, VolumeIds=[here]) == "InvalidVolume.NotFound"


def test_a_snapshot_keeps_its_size_when_its_volume_grows(api: Cloud, ec2: Client) -> None:
    volume = ec2.create_volume(Size=4, AvailabilityZone=ZONE)["VolumeId"]
    settle(api.ec2)
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ec2.modify_volume(VolumeId=volume, Size=8)
    found = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]
    assert (found["VolumeSize"], found["State"]) == (4, "pending")
    smaller = {"Size": 2, "SnapshotId": snapshot, "AvailabilityZone": ZONE}
    assert code(ec2.create_volume, **smaller) == "InvalidParameterValue"


def test_what_a_network_holds_keeps_it_from_being_deleted(
    api: Cloud, ec2: Client, ami: str
) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone=ZONE)
    subnet = subnet["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    route = {
        "RouteTableId": table,
        "DestinationCidrBlock": "0.0.0.0/0",
        "GatewayId": gateway,
    }
    assert code(ec2.create_route, **route) == "InvalidParameterValue"
    made = run(ec2, ami, SubnetId=subnet, SecurityGroupIds=[group])
    settle(api.ec2)
    address = ec2.allocate_address(Domain="vpc")
    association = {"AllocationId": address["AllocationId"], "InstanceId": made}
    assert code(ec2.associate_address, **association) == "Gateway.NotAttached"
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_route(**route)
    ec2.associate_address(**association)

    assert code(ec2.delete_security_group, GroupId=group) == "DependencyViolation"
    assert code(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    detach = {"InternetGatewayId": gateway, "VpcId": vpc}
    assert code(ec2.detach_internet_gateway, **detach) == "DependencyViolation"
    release = {"AllocationId": address["AllocationId"]}
    assert code(ec2.release_address, **release) == "InvalidIPAddress.InUse"

    ec2.terminate_instances(InstanceIds=[made])
    assert code(ec2.delete_subnet, SubnetId=subnet) == "DependencyViolation"
    settle(api.ec2)
    assert "AssociationId" not in ec2.describe_addresses()["Addresses"][0]
    ec2.release_address(**release)
    ec2.delete_subnet(SubnetId=subnet)
    assert code(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    ec2.delete_security_group(GroupId=group)
    ec2.delete_route_table(RouteTableId=table)
    assert code(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    ec2.detach_internet_gateway(**detach)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_vpc(VpcId=vpc)


@dataclass
class Vpc:
    """A VPC with a public subnet and a private one, each with a route table of its own."""

    ec2: Client
    public: str
    private: str
    table: str
    id: str


@pytest.fixture
def vpc(ec2: Client, api: Cloud) -> Vpc:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnets, tables = [], []
    for number in (0, 1):
        made = ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=ZONE)
        subnets.append(made["Subnet"]["SubnetId"])
        tables.append(ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"])
        ec2.associate_route_table(RouteTableId=tables[-1], SubnetId=subnets[-1])
    ec2.create_route(RouteTableId=tables[0], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    return Vpc(ec2, subnets[0], subnets[1], tables[1], vpc)


def allocate(ec2: Client) -> str:
    return str(ec2.allocate_address(Domain="vpc")["AllocationId"])


def nat_state(ec2: Client, gateway: str) -> tuple[str, str | None]:
    (found,) = ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"]
    return found["State"], found.get("FailureCode")


def test_a_nat_gateway_takes_its_time_and_holds_its_address(
    api: Cloud, ec2: Client, vpc: Vpc
) -> None:
    assert code(ec2.create_nat_gateway, SubnetId=vpc.public) == "MissingParameter"
    address = allocate(ec2)
    made = ec2.create_nat_gateway(SubnetId=vpc.public, AllocationId=address)["NatGateway"]
    gateway = made["NatGatewayId"]
    assert made["State"] == "pending"
    settle(api.ec2)
    assert nat_state(ec2, gateway) == ("available", None)

    # Its address has no room for another gateway, and stays.
    other = ec2.create_nat_gateway(SubnetId=vpc.public, AllocationId=address)["NatGateway"]
    settle(api.ec2)
    failed = ("failed", "Resource.AlreadyAssociated")
    assert nat_state(ec2, other["NatGatewayId"]) == failed
    (found,) = ec2.describe_addresses()["Addresses"]
    assert found["AssociationId"]
    taken = {"AssociationId": found["AssociationId"]}
    assert code(ec2.disassociate_address, **taken) == "AuthFailure"
    assert code(ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
    assert code(ec2.delete_subnet, SubnetId=vpc.public) == "DependencyViolation"

    ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert nat_state(ec2, gateway) == ("deleting", None)
    assert code(ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
    settle(api.ec2)
    assert nat_state(ec2, gateway) == ("deleted", None)
    ec2.release_address(AllocationId=address)
    ec2.delete_subnet(SubnetId=vpc.public)
    gone = "nat-0123456789abcdef0"
    assert code(ec2.describe_nat_gateways, NatGatewayIds=[gone]) == "NatGatewayNotFound"
    assert code(ec2.delete_nat_gateway, NatGatewayId=gone) == "NatGatewayNotFound"
    route = {"RouteTableId": vpc.table, "DestinationCidrBlock": "0.0.0.0/0"}
    assert code(ec2.create_route, **route, NatGatewayId=gateway) == "InvalidNatGatewayID.NotFound"


def test_a_nat_gateway_fails_where_its_network_has_no_internet_gateway(
    api: Cloud, ec2: Client
) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    made = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=allocate(ec2))["NatGateway"]
    settle(api.ec2)
    assert nat_state(ec2, made["NatGatewayId"]) == ("failed", "Gateway.NotAttached")


def test_an_instance_reaches_out_by_what_its_subnet_leads_to(
    api: Cloud, ec2: Client, vpc: Vpc, ami: str
) -> None:
    def reaches(instance: str, *hosts: str) -> list[bool]:
        interface = api.ec2.get_instance(instance).nics[0]
        services = [api.ec2.reaches_service(interface, f"{each}.amazonaws.com") for each in hosts]
        return [api.ec2.reaches_internet(interface), *services]

    private, public = (run(ec2, ami, SubnetId=each) for each in (vpc.private, vpc.public))
    settle(api.ec2)
    s3, ssm = f"s3.{REGION}", f"ssm.{REGION}"
    assert reaches(private, s3, ssm) == [False, False, False]
    # An internet gateway is for who has a public address.
    assert reaches(public, s3) == [False, False]
    ec2.associate_address(AllocationId=allocate(ec2), InstanceId=public)
    assert reaches(public, s3, ssm) == [True, True, True]

    group = ec2.create_security_group(GroupName="e", Description="e", VpcId=vpc.id)["GroupId"]
    endpoint = {"VpcId": vpc.id, "ServiceName": f"com.amazonaws.{REGION}.s3"}
    ec2.create_vpc_endpoint(**endpoint, RouteTableIds=[vpc.table])
    interface = {
        "VpcId": vpc.id,
        "ServiceName": f"com.amazonaws.{REGION}.ssm",
        "VpcEndpointType": "Interface",
        "SubnetIds": [vpc.private],
        "SecurityGroupIds": [group],
        "PrivateDnsEnabled": True,
    }
    assert code(ec2.create_vpc_endpoint, **interface) == "InvalidParameter"
    ec2.modify_vpc_attribute(VpcId=vpc.id, EnableDnsHostnames={"Value": True})
    ec2.create_vpc_endpoint(**interface)
    settle(api.ec2)
    assert reaches(private, s3, ssm) == [False, True, False]
    let_in = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ranges = [{"CidrIp": "10.0.0.0/16"}]
    ec2.authorize_security_group_ingress(
        GroupId=group, IpPermissions=[{**let_in, "IpRanges": ranges}]
    )
    assert reaches(private, s3, ssm) == [False, True, True]

    nat = ec2.create_nat_gateway(SubnetId=vpc.public, AllocationId=allocate(ec2))["NatGateway"]
    ec2.create_route(
        RouteTableId=vpc.table,
        DestinationCidrBlock="0.0.0.0/0",
        NatGatewayId=nat["NatGatewayId"],
    )
    assert reaches(private)[0] is False
    settle(api.ec2)
    assert reaches(private, f"ec2.{REGION}") == [True, True]
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    assert reaches(private) == [False]


def test_endpoints_are_of_services_that_have_them(api: Cloud, ec2: Client, vpc: Vpc) -> None:
    def refused(service: str, **more: Any) -> str:
        name = f"com.amazonaws.{REGION}.{service}"
        return code(ec2.create_vpc_endpoint, VpcId=vpc.id, ServiceName=name, **more)

    interface = {"VpcEndpointType": "Interface", "SubnetIds": [vpc.private]}
    assert refused("ssm") == "InvalidServiceName"
    assert refused("nothing", **interface) == "InvalidServiceName"
    assert refused("s3", SubnetIds=[vpc.private]) == "InvalidParameter"
    s3 = {"VpcId": vpc.id, "ServiceName": f"com.amazonaws.{REGION}.s3"}
    made = ec2.create_vpc_endpoint(**s3, RouteTableIds=[vpc.table])["VpcEndpoint"]
    assert refused("s3", RouteTableIds=[vpc.table]) == "RouteAlreadyExists"
    both = [vpc.private, vpc.public]
    more = {"VpcEndpointType": "Interface", "SubnetIds": both, "PrivateDnsEnabled": False}
    assert refused("ssm", **more) == "DuplicateSubnetsInSameZone"

    # What is there keeps its VPC, and is gone at once.
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    one = {"VpcEndpointIds": [made["VpcEndpointId"]]}
    assert code(ec2.describe_vpc_endpoints, **one) == "InvalidVpcEndpointId.NotFound"
    routes = ec2.describe_route_tables(RouteTableIds=[vpc.table])["RouteTables"][0]["Routes"]
    assert [each.get("DestinationCidrBlock") for each in routes] == ["10.0.0.0/16"]


def test_a_security_group_that_another_names_stays(ec2: Client) -> None:
    first, second = (
        ec2.create_security_group(GroupName=each, Description=each)["GroupId"] for each in "ab"
    )
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "UserIdGroupPairs": [{"GroupId": first}],
    }
    ec2.authorize_security_group_ingress(GroupId=second, IpPermissions=[permission])
    assert code(ec2.delete_security_group, GroupId=first) == "DependencyViolation"
    default = ec2.describe_security_groups(GroupNames=["default"])["SecurityGroups"][0]
    assert code(ec2.delete_security_group, GroupId=default["GroupId"]) == "CannotDelete"


def test_public_addresses_are_loopback_ones(api: Cloud, ec2: Client, instance: str) -> None:
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    elastic = ec2.allocate_address(Domain="vpc")["PublicIp"]
    for address in (found["PublicIpAddress"], elastic):
        assert address.startswith("127.")
        assert not address.startswith("127.0.")


def test_an_account_has_five_elastic_ips(ec2: Client) -> None:
    for _ in range(5):
        ec2.allocate_address(Domain="vpc")
    assert code(ec2.allocate_address, Domain="vpc") == "AddressLimitExceeded"


def test_public_parameters_name_the_images_there_are(api: Cloud, ami: str) -> None:
    ssm = client(api, "ssm")
    architecture = "amd64" if machine_architecture() == "x86_64" else "arm64"
    debian = f"/aws/service/debian/release/12/latest/{architecture}"
    assert ssm.get_parameter(Name=debian)["Parameter"]["Value"] == ami
    ubuntu = (
        "/aws/service/canonical/ubuntu/server/24.04/stable/current/"
        f"{architecture}/hvm/ebs-gp3/ami-id"
    )
    # Played by the machine image there is.
    assert ssm.get_parameter(Name=ubuntu)["Parameter"]["Value"] == image_id("ubuntu-24.04")
    ssm.close()


def test_managed_policies_are_there(api: Cloud) -> None:
    iam = client(api, "iam")
    core = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    assert iam.get_policy(PolicyArn=core)["Policy"]["PolicyName"] == "AmazonSSMManagedInstanceCore"
    iam.close()


def test_the_root_volume_goes_with_the_instance_unless_told_otherwise(
    api: Cloud, ec2: Client, ami: str
) -> None:
    def root(keep: bool) -> dict[str, Any]:
        return {
            "DeviceName": "/dev/xvda",
            "Ebs": {"VolumeSize": 20, "VolumeType": "gp3", "Encrypted": True}
            | ({"DeleteOnTermination": False} if keep else {}),
        }

    goes = run(ec2, ami, BlockDeviceMappings=[root(keep=False)])
    kept = run(ec2, ami, BlockDeviceMappings=[root(keep=True)])
    settle(api.ec2)
    ec2.terminate_instances(InstanceIds=[goes, kept])
    settle(api.ec2)
    assert [each["Size"] for each in ec2.describe_volumes()["Volumes"]] == [20]

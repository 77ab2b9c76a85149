"""What needs a new object, what doesn't, and what may be left out: as with the official plugin."""

from typing import Any

import grpc
import pytest
from plugin_world import FAMILY
from plugin_world import INSTANCE
from plugin_world import World

ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
OTHER_FAMILY = "t4g" if FAMILY == "t3" else "t3"


def without(inputs: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if key not in keys}


def test_a_type_of_another_architecture_needs_a_new_instance(world: World) -> None:
    made = world.instance()
    larger = world.engine.diff(made, {**made.inputs, "instanceType": f"{FAMILY}.large"})
    assert (list(larger.replaces), list(larger.diffs)) == ([], ["instanceType"])
    other = world.engine.diff(made, {**made.inputs, "instanceType": f"{OTHER_FAMILY}.medium"})
    assert list(other.replaces) == ["instanceType"]
    # Refused when it is asked for, and nothing is replaced for it.
    unknown = world.engine.diff(made, {**made.inputs, "instanceType": "z9.medium"})
    assert list(unknown.replaces) == []


def test_an_instance_is_optimized_for_volumes_from_its_start(world: World) -> None:
    made = world.instance(ebsOptimized=True)
    assert made.outputs["ebsOptimized"] is True
    answer = world.engine.diff(made, {**made.inputs, "ebsOptimized": False})
    assert list(answer.replaces) == ["ebsOptimized"]


def test_a_root_volume_that_is_not_described_any_more_is_an_update(world: World) -> None:
    made = world.instance(rootBlockDevice={"volumeSize": 20, "encrypted": True})
    news = without(made.inputs, "rootBlockDevice")
    answer = world.engine.diff(made, news)
    assert (list(answer.replaces), list(answer.diffs)) == ([], ["rootBlockDevice"])
    updated = world.engine.update(made, news)
    assert updated.outputs["rootBlockDevice"]["volumeSize"] == 20
    assert world.engine.diff(updated, news).changes == answer.DIFF_NONE


def test_security_groups_go_by_name_in_the_default_network_alone(world: World, aws: Any) -> None:
    made = world.instance()
    assert made.outputs["vpcSecurityGroupIds"] == [world.group.id]
    assert made.outputs["securityGroups"] == []
    default = [{"Name": "default-for-az", "Values": ["true"]}]
    subnet = aws("ec2").describe_subnets(Filters=default)["Subnets"][0]
    groups = aws("ec2").describe_security_groups(
        Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}]
    )["SecurityGroups"]
    ids = [group["GroupId"] for group in groups if group["GroupName"] == "default"]
    named = world.instance(subnetId=subnet["SubnetId"], vpcSecurityGroupIds=ids)
    assert named.outputs["securityGroups"] == ["default"]
    # What neither of them has.
    for key in ("instanceLifecycle", "outpostArn", "passwordData", "spotInstanceRequestId"):
        assert made.outputs[key] == ""


@pytest.mark.parametrize("source", ["cidrIpv6", "referencedSecurityGroupId"])
def test_a_rule_for_another_kind_of_source_is_another_rule(world: World, source: str) -> None:
    made = world.create(
        INGRESS,
        securityGroupId=world.group.id,
        ipProtocol="tcp",
        fromPort=22,
        toPort=22,
        cidrIpv4="10.0.0.1/32",
    )
    other = "2001:db8::/64" if source == "cidrIpv6" else world.group.id
    answer = world.engine.diff(made, {**without(made.inputs, "cidrIpv4"), source: other})
    assert set(answer.replaces) == {"cidrIpv4", source}
    elsewhere = world.engine.diff(made, {**made.inputs, "cidrIpv4": "10.0.0.2/32"})
    assert list(elsewhere.replaces) == []


def test_a_subnet_changes_its_route_table_twice_and_goes(world: World, aws: Any) -> None:
    tables = [
        world.create("aws:ec2/routeTable:RouteTable", vpcId=world.vpc.id).id for _ in range(3)
    ]
    made = world.create(ASSOCIATION, routeTableId=tables[0], subnetId=world.subnet.id)
    for table in tables[1:]:
        news = {**made.inputs, "routeTableId": table}
        assert list(world.engine.diff(made, news).replaces) == []
        made = world.engine.update(made, news)
        found = world.engine.read(made)
        assert (found.id, found.outputs["routeTableId"]) == (made.id, table)
    # Another's association isn't taken for it.
    ours = [{"Name": "association.subnet-id", "Values": [world.subnet.id]}]
    (table,) = aws("ec2").describe_route_tables(Filters=ours)["RouteTables"]
    (association,) = table["Associations"]
    aws("ec2").replace_route_table_association(
        AssociationId=association["RouteTableAssociationId"], RouteTableId=tables[0]
    )
    assert world.engine.read(made) is None
    aws("ec2").replace_route_table_association(
        AssociationId=aws("ec2").describe_route_tables(Filters=ours)["RouteTables"][0][
            "Associations"
        ][0]["RouteTableAssociationId"],
        RouteTableId=tables[2],
    )
    world.engine.delete(made)
    assert aws("ec2").describe_route_tables(Filters=ours)["RouteTables"] == []


def test_a_record_becomes_one_of_another_type_in_one_change(world: World, aws: Any) -> None:
    zone = world.create("aws:route53/zone:Zone", name="replacing.example.org", forceDestroy=True)
    made = world.create(
        "aws:route53/record:Record",
        zoneId=zone.id,
        name="www",
        type="A",
        ttl=60,
        records=["192.0.2.1"],
    )
    news = {**made.inputs, "type": "AAAA", "records": ["2001:db8::1"]}
    assert list(world.engine.diff(made, news).replaces) == []
    made = world.engine.update(made, news)
    assert world.engine.read(made).outputs["type"] == "AAAA"
    sets = aws("route53").list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    assert [each["Type"] for each in sets if "www" in each["Name"]] == ["AAAA"]


def test_an_object_is_called_as_its_resource_unless_told_else(world: World) -> None:
    bucket = world.create("aws:s3/bucket:Bucket", forceDestroy=True)
    made = world.create(OBJECT, bucket=bucket.outputs["bucket"], content="what to do")
    assert made.outputs["key"] == made.urn.rsplit("::", 1)[1]


@pytest.mark.parametrize(
    ("kind", "given", "missing"),
    [
        ("aws:ec2/vpc:Vpc", {}, "cidrBlock"),
        ("aws:ec2/subnet:Subnet", {"vpcId": "vpc-1"}, "cidrBlock"),
        ("aws:ec2/route:Route", {"routeTableId": "rtb-1"}, "destinationCidrBlock"),
    ],
)
def test_what_a_program_may_leave_out_is_refused_when_it_is_made(
    world: World, kind: str, given: dict[str, Any], missing: str
) -> None:
    assert world.engine.checked(kind, "it", given)
    with pytest.raises(grpc.RpcError, match=f"must contain the parameter {missing}"):
        world.engine.create(kind, "it", given)


@pytest.mark.parametrize(
    ("kind", "given", "said"),
    [
        (INSTANCE, {"instanceType": "t3.medium"}, "Instance needs 'ami'"),
        (INSTANCE, {"ami": "ami-1"}, "Instance needs 'instanceType'"),
        (ASSOCIATION, {"routeTableId": "rtb-1"}, "RouteTableAssociation needs 'subnetId'"),
    ],
)
def test_one_of_several_ways_has_to_be_given(
    world: World, kind: str, given: dict[str, Any], said: str
) -> None:
    (failure,) = world.engine.check(kind, "it", given, {}).failures
    assert said in failure.reason

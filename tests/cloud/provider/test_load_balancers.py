"""Load balancers and certificates, by the plugin: as strict as AWS, and the same when read."""

from typing import Any

import grpc
import pytest
from plugin_world import World

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
# What workbench up knows it by (workbench.tasks.unfinished.refusals).
STOPPED_TARGET = "not in a running state and cannot be registered"
HTTP = {"type": "fixed-response", "fixedResponse": {"contentType": "text/plain"}}


@pytest.fixture
def subnets(world: World) -> list[str]:
    """Give two subnets of two zones, in a network with a way to the internet."""
    world.create("aws:ec2/internetGateway:InternetGateway", vpcId=world.vpc.id)
    other = world.create(
        "aws:ec2/subnet:Subnet",
        vpcId=world.vpc.id,
        cidrBlock="10.6.2.0/24",
        availabilityZone="us-east-1b",
    )
    return [world.subnet.id, other.id]


def balancer(world: World, subnets: list[str], **more: Any) -> Any:
    return world.create(
        BALANCER, subnets=subnets, securityGroups=[world.group.id], idleTimeout=3600, **more
    )


def refusal(make: Any) -> str:
    with pytest.raises(grpc.RpcError) as refused:
        make()
    return str(refused.value.details())


def test_one_is_made_read_changed_and_deleted(
    world: World, engine: Any, aws: Any, subnets: list[str]
) -> None:
    made = balancer(world, subnets, tags={"Name": "lab"})
    assert made.outputs["dnsName"].endswith(".us-east-1.elb.amazonaws.com")
    _, difference = world.refreshed_diff(made)
    assert not difference.diffs, difference
    # An address in each zone, which holds the security group.
    interfaces = aws("ec2").describe_network_interfaces(
        Filters=[{"Name": "group-id", "Values": [world.group.id]}]
    )["NetworkInterfaces"]
    assert {each["SubnetId"] for each in interfaces} == set(subnets)

    changed = engine.update(made, {**made.inputs, "idleTimeout": 120})
    assert changed.outputs["idleTimeout"] == 120
    told = aws("elbv2").describe_load_balancer_attributes(LoadBalancerArn=made.id)["Attributes"]
    assert {"Key": "idle_timeout.timeout_seconds", "Value": "120"} in told


def test_a_protected_one_is_not_deleted(world: World, engine: Any, subnets: list[str]) -> None:
    made = balancer(world, subnets, enableDeletionProtection=True)
    assert "deletion protection is enabled" in refusal(lambda: engine.delete(made))
    engine.update(made, {**made.inputs, "enableDeletionProtection": False})


def test_one_zone_is_not_enough(world: World, subnets: list[str]) -> None:
    said = refusal(lambda: balancer(world, subnets[:1]))
    assert "At least two subnets in two different Availability Zones" in said


def test_listener_and_targets(world: World, engine: Any, aws: Any, subnets: list[str]) -> None:
    group = world.create(
        "aws:lb/targetGroup:TargetGroup",
        vpcId=world.vpc.id,
        port=443,
        protocol="HTTPS",
        deregistrationDelay=30,
        healthCheck={"path": "/", "interval": 10, "timeout": 5, "matcher": "200"},
    )
    made = balancer(world, subnets)
    listener = world.create(
        LISTENER,
        loadBalancerArn=made.id,
        port=80,
        protocol="HTTP",
        defaultActions=[{"type": "forward", "targetGroupArn": group.id}],
    )
    instance = world.instance()
    target = world.create(
        "aws:lb/targetGroupAttachment:TargetGroupAttachment",
        targetGroupArn=group.id,
        targetId=instance.id,
    )
    for each in (group, listener, target):
        _, difference = world.refreshed_diff(each)
        assert not difference.diffs, (each.type, difference)
    health = aws("elbv2").describe_target_health(TargetGroupArn=group.id)
    (described,) = health["TargetHealthDescriptions"]
    assert described["TargetHealth"]["State"] == "initial"

    redirect = {"type": "redirect", "redirect": {"protocol": "HTTPS", "statusCode": "HTTP_301"}}
    engine.update(listener, {**listener.inputs, "defaultActions": [redirect]})
    actions = aws("elbv2").describe_listeners(ListenerArns=[listener.id])["Listeners"][0]
    assert actions["DefaultActions"][0]["RedirectConfig"]["Host"] == "#{host}"
    aws("elbv2").deregister_targets(TargetGroupArn=group.id, Targets=[{"Id": instance.id}])
    assert engine.read(target) is None
    world.made.remove(target)


def test_only_a_running_server_is_put_behind_one(world: World, aws: Any) -> None:
    group = world.create(
        "aws:lb/targetGroup:TargetGroup", vpcId=world.vpc.id, port=443, protocol="HTTPS"
    )
    instance = world.instance()
    aws("ec2").stop_instances(InstanceIds=[instance.id])
    said = refusal(
        lambda: world.create(
            "aws:lb/targetGroupAttachment:TargetGroupAttachment",
            targetGroupArn=group.id,
            targetId=instance.id,
        )
    )
    assert STOPPED_TARGET in said
    assert instance.id in said


# botocore's models don't have all of the service's codes, and moto warns about it.
@pytest.mark.filterwarnings("ignore:.*does not match an error shape")
def test_a_certificate_is_issued_once_its_records_are_there(
    world: World, engine: Any, subnets: list[str]
) -> None:
    zone = world.create("aws:route53/zone:Zone", name="lab.test")
    certificate = world.create(
        "aws:acm/certificate:Certificate",
        domainName="lab.test",
        subjectAlternativeNames=["*.lab.test"],
        validationMethod="DNS",
    )
    assert certificate.outputs["status"] == "PENDING_VALIDATION"
    _, difference = world.refreshed_diff(certificate)
    assert not difference.diffs, difference
    options = certificate.outputs["domainValidationOptions"]
    assert {each["domainName"] for each in options} == {"lab.test", "*.lab.test"}
    # A name and its wildcard are proved by one record.
    (proof,) = {(each["resourceRecordName"], each["resourceRecordValue"]) for each in options}
    https = {
        "loadBalancerArn": balancer(world, subnets).id,
        "port": 443,
        "protocol": "HTTPS",
        "certificateArn": certificate.id,
        "defaultActions": [HTTP],
    }
    assert "UnsupportedCertificate" in refusal(lambda: world.create(LISTENER, **https))

    world.create(
        "aws:route53/record:Record",
        zoneId=zone.id,
        name=proof[0],
        type="CNAME",
        ttl=300,
        records=[proof[1]],
    )
    validated = world.create(
        "aws:acm/certificateValidation:CertificateValidation",
        certificateArn=certificate.id,
        validationRecordFqdns=[proof[0].rstrip(".")],
    )
    assert engine.read(certificate).outputs["status"] == "ISSUED"
    assert engine.read(validated) is not None
    listener = world.create(LISTENER, **https)
    assert listener.outputs["certificateArn"] == certificate.id

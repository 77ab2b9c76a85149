"""Lookups find what is there, and say plainly when it isn't."""

import inspect
import json
import re
from typing import Any

import grpc
import pulumi_aws.ec2 as aws_ec2
import pulumi_aws.iam as aws_iam
import pytest

from workbench.rehearsal.api.parameters import image_id
from workbench.rehearsal.api.parameters import machine_architecture

X86 = machine_architecture() == "x86_64"
TYPE = "t3.medium" if X86 else "t4g.medium"


def refused(engine: Any, token: str, **arguments: Any) -> str:
    with pytest.raises(grpc.RpcError) as refusal:
        engine.invoke(token, **arguments)
    return str(refusal.value.details())


def test_the_default_vpc_and_its_subnets(engine: Any) -> None:
    vpc = engine.invoke("aws:ec2/getVpc:getVpc", default=True)
    assert vpc["default"] is True
    assert engine.invoke("aws:ec2/getVpc:getVpc", id=vpc["id"])["cidrBlock"] == vpc["cidrBlock"]
    mine = [{"name": "vpc-id", "values": [vpc["id"]]}]
    subnets = engine.invoke("aws:ec2/getSubnets:getSubnets", filters=mine)["ids"]
    assert len(subnets) >= 2
    subnet = engine.invoke("aws:ec2/getSubnet:getSubnet", id=subnets[0])
    assert subnet["vpcId"] == vpc["id"]
    assert "subnets match" in refused(engine, "aws:ec2/getSubnet:getSubnet", vpcId=vpc["id"])


def test_a_vpc_that_is_not_there(engine: Any) -> None:
    sentence = refused(engine, "aws:ec2/getVpc:getVpc", cidrBlock="192.168.99.0/24")
    assert sentence.startswith("No VPC matches.")


def test_an_instance_type(engine: Any) -> None:
    found = engine.invoke("aws:ec2/getInstanceType:getInstanceType", instanceType=TYPE)
    assert found["memorySize"] == 4096
    assert found["defaultVcpus"] == 2
    assert found["supportedArchitectures"] == [machine_architecture()]
    # By the official plugin's names.
    told = inspect.signature(aws_ec2.GetInstanceTypeResult.__init__).parameters
    assert set(found) <= {camel(name) for name in told}
    sentence = refused(
        engine, "aws:ec2/getInstanceType:getInstanceType", instanceType="t9.enormous"
    )
    assert "t9.enormous" in sentence
    assert "InvalidInstanceType" in sentence


def camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match.group(1).upper(), name)


def test_where_an_instance_type_is_offered(engine: Any) -> None:
    filters = [{"name": "instance-type", "values": [TYPE]}]
    found = engine.invoke(
        "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings",
        filters=filters,
        locationType="availability-zone",
    )
    assert "us-east-1a" in found["locations"]


def test_where_one_is(engine: Any) -> None:
    assert engine.invoke("aws:index/getRegion:getRegion")["name"] == "us-east-1"
    assert engine.invoke("aws:index/getPartition:getPartition")["partition"] == "aws"
    assert engine.invoke("aws:index/getCallerIdentity:getCallerIdentity")["accountId"].isdigit()
    zones = engine.invoke("aws:index/getAvailabilityZones:getAvailabilityZones", state="available")
    assert zones["names"][0] == "us-east-1a"
    elsewhere = engine.invoke(
        "aws:index/getAvailabilityZones:getAvailabilityZones", region="eu-west-1"
    )
    assert elsewhere["names"][0] == "eu-west-1a"


def test_a_parameter_that_is_not_there(engine: Any) -> None:
    assert "ParameterNotFound" in refused(engine, "aws:ssm/getParameter:getParameter", name="/no")


def test_a_machine_image_by_its_id(engine: Any) -> None:
    def asked(image: str, **more: Any) -> Any:
        filters = [{"name": "image-id", "values": [image]}]
        return engine.invoke("aws:ec2/getAmi:getAmi", filters=filters, **more)

    found = asked(image_id("debian-12"), includeDeprecated=True)
    assert (found["id"], found["architecture"]) == (image_id("debian-12"), machine_architecture())
    told = inspect.signature(aws_ec2.GetAmiResult.__init__).parameters
    assert set(found) <= {camel(name) for name in told}
    assert asked(image_id("debian-12"), owners=[found["ownerId"]])["id"] == found["id"]
    with pytest.raises(grpc.RpcError, match="No machine image matches"):
        asked("ami-00000000")


def test_a_security_group_and_its_vpc(engine: Any) -> None:
    vpc = engine.create("aws:ec2/vpc:Vpc", "it", {"cidrBlock": "10.8.0.0/16"})
    given = {"vpcId": vpc.id, "description": "theirs"}
    group = engine.create("aws:ec2/securityGroup:SecurityGroup", "it", given)
    found = engine.invoke("aws:ec2/getSecurityGroup:getSecurityGroup", id=group.id)
    assert (found["vpcId"], found["description"]) == (vpc.id, "theirs")
    told = inspect.signature(aws_ec2.GetSecurityGroupResult.__init__).parameters
    assert set(found) <= {camel(name) for name in told}
    engine.delete(group)
    engine.delete(vpc)
    sentence = refused(engine, "aws:ec2/getSecurityGroup:getSecurityGroup", id=group.id)
    assert sentence.startswith("No security group matches.")


def test_an_instance_profile_and_its_role(engine: Any) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}}
    document = {"Version": "2012-10-17", "Statement": [trust | {"Action": "sts:AssumeRole"}]}
    given = {"assumeRolePolicy": json.dumps(document)}
    role = engine.create("aws:iam/role:Role", "it", given)
    profile = engine.create("aws:iam/instanceProfile:InstanceProfile", "it", {"role": role.id})
    found = engine.invoke("aws:iam/getInstanceProfile:getInstanceProfile", name=profile.id)
    assert (found["name"], found["roleName"]) == (profile.id, role.id)
    assert found["roleArn"] == role.outputs["arn"]
    told = inspect.signature(aws_iam.GetInstanceProfileResult.__init__).parameters
    # The region is added to every answer.
    assert set(found) - {"region"} <= {camel(name) for name in told}
    engine.delete(profile)
    engine.delete(role)
    token = "aws:iam/getInstanceProfile:getInstanceProfile"
    assert "NoSuchEntity" in refused(engine, token, name=profile.id)


def test_a_hosted_zone_by_name(engine: Any) -> None:
    made = engine.create("aws:route53/zone:Zone", "it", {"name": "lookup.example.org"})
    found = engine.invoke("aws:route53/getZone:getZone", name="lookup.example.org.")
    assert found["zoneId"] == made.id
    assert found["nameServers"] == made.outputs["nameServers"]
    engine.delete(made)
    sentence = refused(engine, "aws:route53/getZone:getZone", name="lookup.example.org")
    assert sentence.startswith("No hosted zone matches.")

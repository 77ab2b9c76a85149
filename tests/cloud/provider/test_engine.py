"""The real engine, a program as people write them, the plugin, and the rehearsal's AWS API."""

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from pulumi_project import Pulumi
from pulumi_project import make_pulumi

from workbench.rehearsal.api.parameters import machine_architecture

FAMILY, ARCHITECTURE = ("t3", "amd64") if machine_architecture() == "x86_64" else ("t4g", "arm64")
# What the program makes, with the stack itself.
RESOURCES = 27
SECRET = "correct horse battery staple"

PROJECT = """\
name: whole
runtime: python
main: program
"""

PROGRAM = f"""\
import json

import pulumi
import pulumi_aws as aws

config = pulumi.Config()
ami = aws.ssm.get_parameter_output(name="/aws/service/debian/release/12/latest/{ARCHITECTURE}")
vpc = aws.ec2.Vpc("vpc", cidr_block="10.20.0.0/16", enable_dns_hostnames=True, tags={{"Name": "v"}})
subnet = aws.ec2.Subnet(
    "subnet", vpc_id=vpc.id, cidr_block="10.20.1.0/24", availability_zone="us-east-1a",
    map_public_ip_on_launch=True)
gateway = aws.ec2.InternetGateway("gateway", vpc_id=vpc.id)
table = aws.ec2.RouteTable("table", vpc_id=vpc.id)
route = aws.ec2.Route(
    "route", route_table_id=table.id, destination_cidr_block="0.0.0.0/0", gateway_id=gateway.id)
aws.ec2.RouteTableAssociation("association", route_table_id=table.id, subnet_id=subnet.id)
group = aws.ec2.SecurityGroup("group", vpc_id=vpc.id)
for port in config.require_object("ports"):
    aws.vpc.SecurityGroupIngressRule(
        f"port-{{port}}", security_group_id=group.id, ip_protocol="tcp", from_port=port,
        to_port=port, cidr_ipv4="0.0.0.0/0")
aws.vpc.SecurityGroupEgressRule(
    "out", security_group_id=group.id, ip_protocol="-1", cidr_ipv4="0.0.0.0/0")
trust = json.dumps({{"Version": "2012-10-17", "Statement": [{{
    "Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {{"Service": "ec2.amazonaws.com"}}}}]}})
role = aws.iam.Role("role", assume_role_policy=trust)
aws.iam.RolePolicyAttachment(
    "core", role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore")
profile = aws.iam.InstanceProfile("profile", role=role.name)
bucket = aws.s3.Bucket("bucket", force_destroy=True)
aws.s3.BucketVersioning(
    "versions", bucket=bucket.bucket, versioning_configuration={{"status": "Enabled"}})
aws.s3.BucketPublicAccessBlock(
    "private", bucket=bucket.bucket, block_public_acls=True, block_public_policy=True)
aws.s3.BucketObjectv2(
    "file", bucket=bucket.bucket, key="file", source=pulumi.FileAsset("recipe.txt"))
aws.s3.BucketObjectv2(
    "secret", bucket=bucket.bucket, key="secret", content=config.require_secret("phrase"))
aws.iam.RolePolicy("read", role=role.name, policy=bucket.arn.apply(lambda arn: json.dumps({{
    "Version": "2012-10-17",
    "Statement": [{{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{{arn}}/*"}}]}})))
server = aws.ec2.Instance(
    "server", ami=ami.insecure_value, instance_type=config.require("type"), subnet_id=subnet.id,
    vpc_security_group_ids=[group.id], iam_instance_profile=profile.name,
    user_data="#!/bin/sh\\ntrue\\n", metadata_options={{"http_tokens": "required"}},
    root_block_device={{"volume_size": 20, "encrypted": True}}, tags={{"Name": "server"}},
    opts=pulumi.ResourceOptions(ignore_changes=["ami", "user_data"], depends_on=[route]))
volume = aws.ebs.Volume(
    "data", availability_zone=subnet.availability_zone, size=config.require_int("size"),
    encrypted=True)
aws.ec2.VolumeAttachment(
    "attachment", device_name="/dev/sdf", instance_id=server.id, volume_id=volume.id,
    stop_instance_before_detaching=True)
address = aws.ec2.Eip("address", domain="vpc")
aws.ec2.EipAssociation("here", allocation_id=address.id, instance_id=server.id)
zone = aws.route53.Zone("zone", name="whole.example.org", force_destroy=True)
aws.route53.Record(
    "www", zone_id=zone.zone_id, name="www.whole.example.org", type="A", ttl=60,
    records=[address.public_ip])
pulumi.export("instance", server.id)
pulumi.export("type", server.instance_type)
pulumi.export("ip", address.public_ip)
pulumi.export("group", group.id)
pulumi.export("names", zone.name_servers)
"""


@pytest.fixture(scope="module")
def pulumi(
    tmp_path_factory: pytest.TempPathFactory, provider_config: dict[str, Any]
) -> Iterator[Pulumi]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "Pulumi.yaml").write_text(PROJECT)
    (folder / "program").mkdir()
    (folder / "program" / "__main__.py").write_text(PROGRAM)
    (folder / "program" / "recipe.txt").write_text("what to do")
    pulumi = make_pulumi(folder)
    pulumi.init("whole", provider_config)
    pulumi.set("ports", "[22, 443]")
    pulumi.set("type", f"{FAMILY}.medium")
    pulumi.set("size", 10)
    pulumi.set("phrase", SECRET, "--secret")
    yield pulumi
    pulumi.run("destroy", "--yes", "--skip-preview")


def test_a_stack_lives(pulumi: Pulumi, aws: Callable[[str], Any]) -> None:
    ec2 = aws("ec2")
    before = objects(aws)

    # A preview of everything, with nothing made yet; then all of it.
    assert pulumi.counts("preview")["create"] == RESOURCES
    assert pulumi.up() == {"create": RESOURCES}

    # Nothing differs: for an up, for a preview, for a refresh.
    assert pulumi.up() == {}
    assert pulumi.counts("preview", "--diff", "--expect-no-changes") == {}
    assert pulumi.refresh() == {}
    assert pulumi.counts("preview", "--refresh", "--expect-no-changes") == {}

    # The secret is in the bucket, and nowhere in the state.
    bucket = aws("s3").list_buckets()["Buckets"][-1]["Name"]
    assert aws("s3").get_object(Bucket=bucket, Key="secret")["Body"].read().decode() == SECRET
    assert SECRET not in pulumi.run("stack", "export")

    # Changed in the program: in place, on the same instance.
    instance = pulumi.output("instance")
    pulumi.set("type", f"{FAMILY}.large")
    pulumi.set("size", 20)
    pulumi.set("ports", "[22, 80, 443]")
    assert pulumi.up() == {"create": 1, "update": 2}
    assert pulumi.output("instance") == instance
    assert pulumi.output("type") == f"{FAMILY}.large"
    assert pulumi.counts("preview", "--expect-no-changes") == {}

    # Changed behind Pulumi's back: found by a refresh, repaired by an up.
    rules = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [pulumi.output("group")]}]
    )["SecurityGroupRules"]
    ssh = next(rule for rule in rules if rule.get("FromPort") == 22)
    ec2.revoke_security_group_ingress(
        GroupId=ssh["GroupId"], SecurityGroupRuleIds=[ssh["SecurityGroupRuleId"]]
    )
    ec2.terminate_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_terminated").wait(
        InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 20}
    )
    # The rule and the instance, with the attachment and the address's association to it.
    assert pulumi.refresh() == {"delete": 4}
    assert pulumi.up() == {"create": 4}
    assert pulumi.output("instance") != instance
    assert pulumi.refresh() == {}
    assert pulumi.counts("preview", "--expect-no-changes") == {}

    # All of it goes.
    assert pulumi.counts("destroy", "--yes", "--skip-preview") == {"delete": RESOURCES + 1}
    assert objects(aws) == before


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('aws.sns.Topic("topic")', "does not know the resource type aws:sns/topic:Topic"),
        (
            'aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", ipv6_netmask_length=56)',
            "does not know the property 'ipv6NetmaskLength'",
        ),
        ("aws.get_billing_service_account()", "does not know the lookup"),
    ],
)
def test_what_the_plugin_does_not_know_is_said_in_a_preview(
    pulumi: Pulumi, line: str, sentence: str
) -> None:
    program = pulumi.folder / "program" / "__main__.py"
    before = program.read_text()
    program.write_text(f"import pulumi_aws as aws\n{line}\n")
    try:
        said = pulumi.run("preview", exit_code=1)
    finally:
        program.write_text(before)
    assert sentence in said


def objects(aws: Callable[[str], Any]) -> dict[str, int]:
    """Return how many objects of each kind there are."""
    ec2, iam = aws("ec2"), aws("iam")
    running = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopped"]}]
    return {
        "vpcs": len(ec2.describe_vpcs()["Vpcs"]),
        "groups": len(ec2.describe_security_groups()["SecurityGroups"]),
        "volumes": len(ec2.describe_volumes()["Volumes"]),
        "addresses": len(ec2.describe_addresses()["Addresses"]),
        "instances": len(ec2.describe_instances(Filters=running)["Reservations"]),
        "roles": len(iam.list_roles()["Roles"]),
        "profiles": len(iam.list_instance_profiles()["InstanceProfiles"]),
        "buckets": len(aws("s3").list_buckets()["Buckets"]),
        "zones": len(aws("route53").list_hosted_zones()["HostedZones"]),
    }

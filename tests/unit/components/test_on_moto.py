"""The components make real objects in moto, by the API calls that the rehearsal's plugin makes.

What AWS would refuse, such as a subnet outside its VPC or a rule asked for twice, fails here.
"""

import json
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from workbench import Workbench
from workbench.components.errors import ArgumentError
from workbench.host.pack import pack_recipe
from workbench.rehearsal.api.parameters import image_id
from workbench.rehearsal.api.parameters import publish_images
from workbench.rehearsal.provider import checking
from workbench.rehearsal.provider.cloud import Cloud
from workbench.rehearsal.provider.settings import Settings
from workbench.rehearsal.provider.table import find_invoke
from workbench.rehearsal.provider.table import find_type
from workbench.rehearsal.provider.values import Asset
from workbench.rehearsal.provider.values import decode_struct

REGION = "us-east-1"
DEFAULT_TAGS = {"team": "blue"}


class MotoCloud:
    """Creates what a program registers."""

    def __init__(self) -> None:
        self._cloud = Cloud(
            lambda service, region: boto3.client(service, region), Settings(region=REGION)
        )

    def create(self, request: Any) -> tuple[str, dict[str, Any]]:
        row, inputs = find_type(request.type), decode_struct(request.object)
        assert not checking.check(row, inputs)
        added = checking.additions(
            row, request.name, {}, inputs, request.name.encode(), DEFAULT_TAGS
        )
        id_, state = row.create(self._cloud, {**inputs, **added})
        return id_, {key: each for key, each in state.items() if not isinstance(each, Asset)}

    def look_up(self, token: str, arguments: dict[str, Any]) -> dict[str, Any] | str:
        try:
            return find_invoke(token)(self._cloud, arguments)
        except Exception as error:
            return str(error)


@pytest.fixture(scope="module")
def cloud(plain_moto):
    # mock_aws sets keys of its own, and keeps every call in this process.
    with mock_aws(config={"iam": {"load_aws_managed_policies": True}}):
        publish_images(ec2_backends[DEFAULT_ACCOUNT_ID][REGION], ["debian-12"])
        yield MotoCloud()


@pytest.fixture(scope="module")
def done(deploy, cloud, public_key):
    args = {
        "public_key": public_key,
        "os": "debian-12",
        "domain": "lab.example.org",
        "create_zone": True,
        "ssh_from": ["203.0.113.7/32"],
        "extra_ports": [{"port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
    }
    return deploy(lambda: Workbench("lab", args), cloud=cloud)


@pytest.fixture(scope="module")
def ec2(done):
    return boto3.client("ec2", REGION)


def the_instance(ec2):
    (reservation,) = ec2.describe_instances(
        Filters=[{"Name": "tag:Name", "Values": ["lab-server"]}]
    )["Reservations"]
    return reservation["Instances"][0]


def test_the_server_is_in_its_subnet_with_its_address_role_and_volume(done, ec2):
    instance = the_instance(ec2)

    whole = done.outputs[done.one(":Workbench").urn]
    assert instance["InstanceId"] == whole["instanceId"]
    assert instance["PublicIpAddress"] == whole["address"]
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert instance["IamInstanceProfile"]["Arn"].split("/")[-1].startswith("lab-access-instance")
    devices = {each["DeviceName"]: each["Ebs"] for each in instance["BlockDeviceMappings"]}
    assert devices["/dev/sdf"]["VolumeId"] == whole["dataVolumeId"]
    attached = [each["VolumeId"] for each in devices.values()]
    for volume in ec2.describe_volumes(VolumeIds=attached)["Volumes"]:
        assert volume["Encrypted"]
        assert volume["AvailabilityZone"] == instance["Placement"]["AvailabilityZone"]


def test_only_what_was_asked_for_is_open(done, ec2):
    group = the_instance(ec2)["SecurityGroups"]

    rules = ec2.describe_security_group_rules(
        Filters=[{"Name": "group-id", "Values": [each["GroupId"] for each in group]}]
    )["SecurityGroupRules"]
    assert sorted(
        (rule["FromPort"], rule["CidrIpv4"]) for rule in rules if not rule["IsEgress"]
    ) == [(22, "203.0.113.7/32"), (80, "0.0.0.0/0"), (443, "0.0.0.0/0")]


def test_the_names_lead_to_the_elastic_ip(done):
    route53 = boto3.client("route53", REGION)

    (zone,) = route53.list_hosted_zones()["HostedZones"]
    records = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    ip = done.outputs[done.one(":Workbench").urn]["address"]
    assert {each["Name"]: each["ResourceRecords"] for each in records if each["Type"] == "A"} == {
        name: [{"Value": ip}] for name in ("lab.example.org.", "www.lab.example.org.")
    }


def test_the_bucket_holds_the_recipe_and_settings_that_name_it(done):
    s3 = boto3.client("s3", REGION)
    bucket = done.outputs[done.one(":Workbench").urn]["bucket"]

    settings = json.load(s3.get_object(Bucket=bucket, Key="settings.json")["Body"])
    recipe = s3.get_object(Bucket=bucket, Key=settings["recipe"]["key"])["Body"].read()
    assert recipe == pack_recipe().content
    assert settings["recipe"]["sha256"] == pack_recipe().sha256
    assert settings["data_volume"]["id"].startswith("vol-")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"


def test_what_can_be_tagged_has_the_providers_default_tags(done, ec2):
    instance = the_instance(ec2)
    data_volume = done.outputs[done.one(":Workbench").urn]["dataVolumeId"]

    for tags in (
        instance["Tags"],
        ec2.describe_vpcs(VpcIds=[instance["VpcId"]])["Vpcs"][0]["Tags"],
        ec2.describe_volumes(VolumeIds=[data_volume])["Volumes"][0]["Tags"],
    ):
        assert {"Key": "team", "Value": "blue"} in tags
        assert "Name" in {tag["Key"] for tag in tags}


def test_a_restored_snapshot_keeps_its_size(deploy, cloud, public_key):
    ec2 = boto3.client("ec2", REGION)
    zone = f"{REGION}b"
    old = ec2.create_volume(AvailabilityZone=zone, Size=33, Encrypted=True)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=old)["SnapshotId"]
    args = {"public_key": public_key, "os": "debian-12", "data_snapshot_id": snapshot}

    done = deploy(lambda: Workbench("restored", args), cloud=cloud)

    volume = done.outputs[done.one(":Workbench").urn]["dataVolumeId"]
    (restored,) = ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
    assert (restored["Size"], restored["SnapshotId"]) == (33, snapshot)


KEY = "arn:aws:kms:us-east-1:123456789012:key/0123abcd-0123-0123-0123-0123456789ab"


def test_what_an_organization_asks_for_is_there(deploy, cloud, public_key):
    ec2, iam, s3 = (boto3.client(service, REGION) for service in ("ec2", "iam", "s3"))
    subnet = ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])
    place = subnet["Subnets"][0]
    group = ec2.create_security_group(
        GroupName="theirs", Description="theirs", VpcId=place["VpcId"]
    )["GroupId"]
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*"}}
    document["Statement"]["Resource"] = "*"
    boundary = iam.create_policy(PolicyName="team", PolicyDocument=json.dumps(document))
    arn = boundary["Policy"]["Arn"]
    args = {
        "public_key": public_key,
        "os": "debian-12",
        "subnet_id": place["SubnetId"],
        "ami": image_id("debian-12"),
        "security_group_ids": [group],
        "role": {"path": "/team/", "permissions_boundary": arn, "policy_arns": [arn]},
        "kms_key_id": KEY,
    }

    done = deploy(lambda: Workbench("theirs", args), cloud=cloud)

    whole = done.outputs[done.one(":Workbench").urn]
    found = ec2.describe_instances(InstanceIds=[whole["instanceId"]])["Reservations"][0]
    (instance,) = found["Instances"]
    assert {each["GroupId"] for each in instance["SecurityGroups"]} == {
        group,
        whole["securityGroupId"],
    }
    volumes = [each["Ebs"]["VolumeId"] for each in instance["BlockDeviceMappings"]]
    keys = [each["KmsKeyId"] for each in ec2.describe_volumes(VolumeIds=volumes)["Volumes"]]
    assert keys == [KEY, KEY]
    assert s3.head_object(Bucket=whole["bucket"], Key="settings.json")["SSEKMSKeyId"] == KEY
    role = iam.get_role(RoleName=whole["roleName"])["Role"]
    assert role["Path"] == "/team/"
    assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    attached = iam.list_attached_role_policies(RoleName=whole["roleName"])["AttachedPolicies"]
    assert [each["PolicyArn"] for each in attached] == [arn]


def test_an_existing_profiles_role_is_left_as_it_is(deploy, cloud, public_key):
    iam = boto3.client("iam", REGION)
    iam.create_role(RoleName="of-theirs", AssumeRolePolicyDocument="{}")
    iam.create_instance_profile(InstanceProfileName="of-theirs")
    iam.add_role_to_instance_profile(InstanceProfileName="of-theirs", RoleName="of-theirs")
    args = {"public_key": public_key, "os": "debian-12", "instance_profile": "of-theirs"}

    done = deploy(lambda: Workbench("profiled", args), cloud=cloud)

    assert done.outputs[done.one(":Workbench").urn]["roleName"] == "of-theirs"
    assert iam.list_role_policies(RoleName="of-theirs")["PolicyNames"] == []


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"ami": "ami-00000000"}, "AWS does not show the image 'ami-00000000' in this region"),
        ({"instance_profile": "none"}, "AWS does not show the instance profile 'none'"),
        (
            {"subnet_id": "subnet-0", "security_group_ids": ["sg-00000000"]},
            "AWS does not show the subnet 'subnet-0'",
        ),
    ],
)
def test_what_is_not_there_is_named(deploy, cloud, public_key, more, sentence):
    args = {"public_key": public_key, "os": "debian-12", **more}
    # What was made before is still there: each has a name of its own.
    name = f"missing-{'-'.join(more).replace('_', '')}"[:27]
    with pytest.raises(ArgumentError, match=sentence):
        deploy(lambda: Workbench(name, args), cloud=cloud)

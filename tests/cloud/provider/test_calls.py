"""Every resource type is created, read back, compared, changed and deleted as AWS does it.

The cases are data: what the resource needs, what a program says of it, what it then says in
place of that, and whether that changes the object or needs a new one.
"""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from typing import Any

import pytest

from workbench.rehearsal.api.parameters import machine_architecture
from workbench.rehearsal.provider import table

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ec2.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
READ = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
)
LIST = READ.replace("GetObject", "ListBucket")
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE6Z0VnDPkpR6BEc3C1nUNJ6WXLBEQGmUOBDXdDbZ6vX me@here"
OTHER_KEY = KEY.replace("vX me", "vY me")
ACCESS = "AmazonSSMManagedInstanceCore"

# What a case may need, by name; "{vpc.id}" is an output of another need, "{unique}" a new word.
NEEDS: dict[str, tuple[str, dict[str, Any]]] = {
    "vpc": ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"}),
    "subnet": (
        "aws:ec2/subnet:Subnet",
        {"vpcId": "{vpc.id}", "cidrBlock": "10.9.1.0/24", "availabilityZone": "us-east-1a"},
    ),
    "other_subnet": (
        "aws:ec2/subnet:Subnet",
        {"vpcId": "{vpc.id}", "cidrBlock": "10.9.3.0/24", "availabilityZone": "us-east-1a"},
    ),
    "gateway": ("aws:ec2/internetGateway:InternetGateway", {"vpcId": "{vpc.id}"}),
    "table": ("aws:ec2/routeTable:RouteTable", {"vpcId": "{vpc.id}"}),
    "other_table": ("aws:ec2/routeTable:RouteTable", {"vpcId": "{vpc.id}"}),
    "group": ("aws:ec2/securityGroup:SecurityGroup", {"vpcId": "{vpc.id}"}),
    "other_group": ("aws:ec2/securityGroup:SecurityGroup", {"vpcId": "{vpc.id}"}),
    "role": ("aws:iam/role:Role", {"assumeRolePolicy": TRUST}),
    "other_role": ("aws:iam/role:Role", {"assumeRolePolicy": TRUST}),
    "profile": ("aws:iam/instanceProfile:InstanceProfile", {"role": "{role.name}"}),
    "instance": (
        "aws:ec2/instance:Instance",
        {
            "ami": "{ami}",
            "instanceType": "{family}.medium",
            "subnetId": "{subnet.id}",
            "vpcSecurityGroupIds": ["{group.id}"],
        },
    ),
    "volume": (
        "aws:ebs/volume:Volume",
        {"availabilityZone": "{subnet.availabilityZone}", "size": 8},
    ),
    "address": ("aws:ec2/eip:Eip", {"domain": "vpc"}),
    "other_address": ("aws:ec2/eip:Eip", {"domain": "vpc"}),
    "bucket": ("aws:s3/bucket:Bucket", {}),
    "versioned": (
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "{bucket.bucket}", "versioningConfiguration": {"status": "Enabled"}},
    ),
    "nat_subnet": (
        "aws:ec2/subnet:Subnet",
        {"vpcId": "{gateway.vpcId}", "cidrBlock": "10.9.4.0/24", "availabilityZone": "us-east-1a"},
    ),
    "zone_b_subnet": (
        "aws:ec2/subnet:Subnet",
        {"vpcId": "{gateway.vpcId}", "cidrBlock": "10.9.5.0/24", "availabilityZone": "us-east-1b"},
    ),
    "zone": ("aws:route53/zone:Zone", {"name": "{unique}.example.org"}),
    "vault": ("aws:backup/vault:Vault", {}),
}
DEEPER = {
    "subnet": ["vpc"],
    "other_subnet": ["vpc"],
    "gateway": ["vpc"],
    "table": ["vpc"],
    "other_table": ["vpc"],
    "group": ["vpc"],
    "other_group": ["vpc"],
    "profile": ["role"],
    "instance": ["subnet", "group"],
    "volume": ["subnet"],
    "nat_subnet": ["gateway"],
    "zone_b_subnet": ["gateway"],
    "versioned": ["bucket"],
}


@dataclass(frozen=True)
class Case:
    """One resource type: ``change`` in place, ``replacement`` a change that needs a new object."""

    type: str
    inputs: dict[str, Any]
    needs: list[str] = field(default_factory=list)
    change: dict[str, Any] = field(default_factory=dict)
    replacement: dict[str, Any] = field(default_factory=dict)
    # A bucket that was once versioned can't be made one that never was.
    stays: bool = False


TAGS = {"tags": {"Name": "a", "team": "b"}}
OTHER_TAGS = {"tags": {"Name": "c", "cost": "d"}}
CASES = [
    Case(
        "aws:ec2/vpc:Vpc",
        {"cidrBlock": "10.8.0.0/16", "enableDnsSupport": True, **TAGS},
        change={"enableDnsHostnames": True, **OTHER_TAGS},
        replacement={"cidrBlock": "10.7.0.0/16"},
    ),
    Case(
        "aws:ec2/subnet:Subnet",
        {"vpcId": "{vpc.id}", "cidrBlock": "10.9.2.0/24", "availabilityZone": "us-east-1b", **TAGS},
        needs=["vpc"],
        change={"mapPublicIpOnLaunch": True, **OTHER_TAGS},
        replacement={"availabilityZone": "us-east-1c"},
    ),
    Case(
        "aws:ec2/internetGateway:InternetGateway",
        {"vpcId": "{vpc.id}", **TAGS},
        needs=["vpc"],
        change=OTHER_TAGS,
    ),
    Case(
        "aws:ec2/natGateway:NatGateway",
        {"subnetId": "{nat_subnet.id}", "allocationId": "{address.allocationId}", **TAGS},
        needs=["nat_subnet", "address", "other_address"],
        change=OTHER_TAGS,
        replacement={"allocationId": "{other_address.allocationId}"},
    ),
    Case(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": "{vpc.id}",
            "serviceName": "com.amazonaws.us-east-1.s3",
            "vpcEndpointType": "Gateway",
            "routeTableIds": ["{table.id}"],
            **TAGS,
        },
        needs=["table", "other_table"],
        change={"routeTableIds": ["{other_table.id}", "{table.id}"], **OTHER_TAGS},
        replacement={"serviceName": "com.amazonaws.us-east-1.dynamodb"},
    ),
    Case(
        "aws:ec2/vpcEndpoint:VpcEndpoint",
        {
            "vpcId": "{vpc.id}",
            "serviceName": "com.amazonaws.us-east-1.ssm",
            "vpcEndpointType": "Interface",
            "subnetIds": ["{subnet.id}"],
            "securityGroupIds": ["{group.id}"],
        },
        needs=["subnet", "group", "other_group"],
        change={"securityGroupIds": ["{other_group.id}"]},
        replacement={"serviceName": "com.amazonaws.us-east-1.ssmmessages"},
    ),
    Case(
        "aws:ec2/routeTable:RouteTable",
        {"vpcId": "{vpc.id}", **TAGS},
        needs=["vpc"],
        change=OTHER_TAGS,
        replacement={"vpcId": "vpc-1"},
    ),
    Case(
        "aws:ec2/route:Route",
        {
            "routeTableId": "{table.id}",
            "destinationCidrBlock": "0.0.0.0/0",
            "gatewayId": "{gateway.id}",
        },
        needs=["table", "gateway"],
        replacement={"destinationCidrBlock": "10.0.0.0/8"},
    ),
    Case(
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {"routeTableId": "{table.id}", "subnetId": "{subnet.id}"},
        needs=["table", "other_table", "subnet", "other_subnet"],
        # At once, by a call of its own, after which it has another id.
        change={"routeTableId": "{other_table.id}"},
        replacement={"subnetId": "{other_subnet.id}"},
    ),
    Case(
        "aws:ec2/securityGroup:SecurityGroup",
        {
            "vpcId": "{vpc.id}",
            "description": "what it is for",
            "ingress": [
                {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidrBlocks": ["10.0.0.1/32"]}
            ],
            "egress": [{"protocol": "-1", "fromPort": 0, "toPort": 0, "cidrBlocks": ["0.0.0.0/0"]}],
            **TAGS,
        },
        needs=["vpc"],
        change={
            "ingress": [
                {"protocol": "tcp", "fromPort": 80, "toPort": 80, "cidrBlocks": ["0.0.0.0/0"]},
                {"protocol": "tcp", "fromPort": 9, "toPort": 9, "self": True},
            ],
            **OTHER_TAGS,
        },
        replacement={"description": "something else"},
    ),
    Case(
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {
            "securityGroupId": "{group.id}",
            "ipProtocol": "tcp",
            "fromPort": 22,
            "toPort": 22,
            "cidrIpv4": "10.0.0.1/32",
            "description": "ssh",
            **TAGS,
        },
        needs=["group", "other_group"],
        change={"cidrIpv4": "10.0.0.2/32", "description": "ssh from elsewhere"},
        replacement={"securityGroupId": "{other_group.id}"},
    ),
    Case(
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        {"securityGroupId": "{group.id}", "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"},
        needs=["group", "other_group"],
        change={"cidrIpv4": "10.0.0.0/8"},
        replacement={"securityGroupId": "{other_group.id}"},
    ),
    Case(
        "aws:ec2/keyPair:KeyPair",
        {"publicKey": KEY, **TAGS},
        change=OTHER_TAGS,
        replacement={"publicKey": OTHER_KEY},
    ),
    Case(
        "aws:iam/role:Role",
        {"assumeRolePolicy": TRUST, "description": "what it is for", **TAGS},
        change={
            "assumeRolePolicy": TRUST.replace("ec2.", "backup."),
            "description": "something else",
            "maxSessionDuration": 7200,
            **OTHER_TAGS,
        },
        replacement={"path": "/people/"},
    ),
    Case(
        "aws:iam/rolePolicy:RolePolicy",
        {"role": "{role.name}", "policy": READ},
        needs=["role", "other_role"],
        change={"policy": LIST},
        replacement={"role": "{other_role.name}"},
    ),
    Case(
        "aws:iam/policy:Policy",
        {"policy": READ, **TAGS},
        change={"policy": LIST, **OTHER_TAGS},
        replacement={"description": "what it is for"},
    ),
    Case(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "{role.name}", "policyArn": f"arn:aws:iam::aws:policy/{ACCESS}"},
        needs=["role", "other_role"],
        replacement={"role": "{other_role.name}"},
    ),
    Case(
        "aws:iam/instanceProfile:InstanceProfile",
        {"role": "{role.name}", **TAGS},
        needs=["role", "other_role"],
        change={"role": "{other_role.name}", **OTHER_TAGS},
        replacement={"path": "/people/"},
    ),
    Case(
        "aws:ebs/volume:Volume",
        {"availabilityZone": "us-east-1a", "size": 10, "type": "gp3", "encrypted": True, **TAGS},
        change={"size": 20, "iops": 4000, **OTHER_TAGS},
        replacement={"availabilityZone": "us-east-1b"},
    ),
    Case(
        "aws:ec2/volumeAttachment:VolumeAttachment",
        {"deviceName": "/dev/sdf", "instanceId": "{instance.id}", "volumeId": "{volume.id}"},
        needs=["instance", "volume"],
        change={"stopInstanceBeforeDetaching": True},
        replacement={"deviceName": "/dev/sdg"},
    ),
    Case(
        "aws:ec2/instance:Instance",
        {
            "ami": "{ami}",
            "instanceType": "{family}.medium",
            "subnetId": "{subnet.id}",
            "vpcSecurityGroupIds": ["{group.id}"],
            "iamInstanceProfile": "{profile.name}",
            "userData": "#!/bin/bash\necho one\n",
            "metadataOptions": {"httpTokens": "required", "httpEndpoint": "enabled"},
            "rootBlockDevice": {"volumeSize": 20, "volumeType": "gp3", "encrypted": True},
            **TAGS,
        },
        needs=["subnet", "group", "other_group", "profile"],
        change={
            "instanceType": "{family}.large",
            "userData": "#!/bin/bash\necho two\n",
            "vpcSecurityGroupIds": ["{other_group.id}"],
            "rootBlockDevice": {"volumeSize": 30, "volumeType": "gp3", "encrypted": True},
            "metadataOptions": {
                "httpTokens": "required",
                "httpEndpoint": "enabled",
                "httpPutResponseHopLimit": 2,
            },
            "disableApiTermination": False,
            **OTHER_TAGS,
        },
        replacement={"ami": "{other_ami}"},
    ),
    Case(
        "aws:ec2transitgateway/instanceConnectEndpoint:InstanceConnectEndpoint",
        {
            "subnetId": "{subnet.id}",
            "securityGroupIds": ["{group.id}"],
            "preserveClientIp": False,
            **TAGS,
        },
        needs=["subnet", "other_subnet", "group"],
        change=OTHER_TAGS,
        replacement={"subnetId": "{other_subnet.id}"},
    ),
    Case(
        "aws:ec2/eip:Eip",
        {"domain": "vpc", **TAGS},
        needs=["instance", "gateway"],
        change={"instance": "{instance.id}", **OTHER_TAGS},
    ),
    Case(
        "aws:ec2/eipAssociation:EipAssociation",
        {"allocationId": "{address.id}", "instanceId": "{instance.id}"},
        needs=["address", "other_address", "instance", "gateway"],
        replacement={"allocationId": "{other_address.id}"},
    ),
    Case(
        "aws:s3/bucket:Bucket",
        {"forceDestroy": False, **TAGS},
        change={"forceDestroy": True, **OTHER_TAGS},
        replacement={"bucket": "another-{unique}"},
    ),
    Case(
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": "{bucket.bucket}", "versioningConfiguration": {"status": "Enabled"}},
        needs=["bucket"],
        change={"versioningConfiguration": {"status": "Suspended"}},
        stays=True,
        replacement={"bucket": "another"},
    ),
    Case(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {"bucket": "{bucket.bucket}", "blockPublicAcls": True, "blockPublicPolicy": True},
        needs=["bucket"],
        change={"ignorePublicAcls": True, "restrictPublicBuckets": True},
        replacement={"bucket": "another"},
    ),
    Case(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {
            "bucket": "{bucket.bucket}",
            "rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}],
        },
        needs=["bucket"],
        change={
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": "arn:aws:kms:us-east-1:123456789012:key/0123abcd",
                    },
                    "bucketKeyEnabled": True,
                    "blockedEncryptionTypes": ["SSE-C"],
                }
            ]
        },
        replacement={"bucket": "another"},
    ),
    Case(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        {"bucket": "{bucket.bucket}", "key": "settings.json", "content": "{}", **TAGS},
        needs=["versioned"],
        change={"content": '{"version": 1}', "contentType": "application/json", **OTHER_TAGS},
        replacement={"key": "other.json"},
    ),
    Case(
        "aws:lb/loadBalancer:LoadBalancer",
        {
            "subnets": ["{nat_subnet.id}", "{zone_b_subnet.id}"],
            "securityGroups": ["{group.id}"],
            "idleTimeout": 3600,
            **TAGS,
        },
        needs=["nat_subnet", "zone_b_subnet", "group", "other_group"],
        change={"idleTimeout": 120, "securityGroups": ["{other_group.id}"], **OTHER_TAGS},
        replacement={"internal": True},
    ),
    Case(
        "aws:lb/targetGroup:TargetGroup",
        {
            "vpcId": "{vpc.id}",
            "port": 443,
            "protocol": "HTTPS",
            "deregistrationDelay": 30,
            "healthCheck": {"path": "/", "interval": 10, "timeout": 5, "matcher": "200"},
            **TAGS,
        },
        needs=["vpc"],
        change={
            "deregistrationDelay": 60,
            "healthCheck": {"path": "/health", "interval": 20, "timeout": 5, "matcher": "200"},
            **OTHER_TAGS,
        },
        replacement={"port": 8443},
    ),
    Case(
        "aws:acm/certificate:Certificate",
        {"domainName": "{unique}.example.org", "validationMethod": "DNS", **TAGS},
        change=OTHER_TAGS,
        replacement={"domainName": "other.example.org"},
    ),
    Case(
        "aws:route53/zone:Zone",
        {"name": "{unique}.example.org", "comment": "what it is for", **TAGS},
        change={"comment": "something else", **OTHER_TAGS},
        replacement={"name": "other.example.org"},
    ),
    Case(
        "aws:route53/record:Record",
        {
            "zoneId": "{zone.zoneId}",
            "name": "www",
            "type": "A",
            "ttl": 60,
            "records": ["192.0.2.1", "192.0.2.2"],
        },
        needs=["zone"],
        # Another type, too: Route 53 takes the two records as one change.
        change={"type": "CNAME", "records": ["other.example.org"], "ttl": 300},
        replacement={"name": "web"},
    ),
    Case(
        "aws:backup/vault:Vault",
        TAGS,
        change=OTHER_TAGS,
        replacement={"name": "another"},
    ),
    Case(
        "aws:backup/plan:Plan",
        {
            "name": "{unique}",
            "rules": [
                {
                    "ruleName": "daily",
                    "targetVaultName": "{vault.name}",
                    "schedule": "cron(0 4 * * ? *)",
                    "lifecycle": {"deleteAfter": 14},
                }
            ],
            **TAGS,
        },
        needs=["vault"],
        change=OTHER_TAGS,
        replacement={"name": "another"},
    ),
]


@pytest.fixture
def surroundings(engine: Any, aws: Any) -> Iterator["Surroundings"]:
    """Give what the cases need, made through the plugin too; removed afterwards."""
    images = aws("ec2").describe_images()["Images"]
    around = Surroundings(engine, sorted(image["ImageId"] for image in images))
    yield around
    for made in reversed(list(around.made.values())):
        engine.delete(made)


class Surroundings:
    """What the cases need, made when asked for."""

    def __init__(self, engine: Any, images: list[str]) -> None:
        self.engine = engine
        self.made: dict[str, Any] = {}
        self.words = {
            "ami": images[0],
            "other_ami": images[1],
            "family": "t3" if machine_architecture() == "x86_64" else "t4g",
            "unique": f"w{uuid.uuid4().hex[:8]}",
        }

    def ensure(self, names: list[str]) -> None:
        for name in names:
            if name not in self.made:
                self.ensure(DEEPER.get(name, []))
                kind, inputs = NEEDS[name]
                unique = f"{name.replace('_', '-')}-{self.words['unique']}"
                self.made[name] = self.engine.create(kind, unique, self.fill(inputs))

    def fill(self, value: Any) -> Any:
        """Return a case's value with the ids of what was made for it."""
        if isinstance(value, dict):
            return {key: self.fill(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.fill(item) for item in value]
        return (
            re.sub(r"\{([a-z_]+)(?:\.(\w+))?\}", self._word, value)
            if isinstance(value, str)
            else value
        )

    def _word(self, match: re.Match[str]) -> str:
        name, output = match.groups()
        if output is None:
            return self.words[name]
        made = self.made[name]
        return made.id if output == "id" else str(made.outputs[output])


def test_every_type_of_the_table_has_a_case() -> None:
    elsewhere = {
        "aws:backup/selection:Selection",  # test_backup_selection.py: moto has none
        # test_load_balancers.py: what they need is a load balancer that lives on.
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:lb/listener:Listener",
        "aws:lb/targetGroupAttachment:TargetGroupAttachment",
    }
    assert {case.type for case in CASES} == set(table.TYPES) - elsewhere


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.type.rsplit(":", 1)[-1])
def test_a_resource_lives_as_in_aws(case: Case, engine: Any, surroundings: Surroundings) -> None:
    surroundings.ensure(case.needs)
    name = f"it-{surroundings.words['unique']}"
    inputs = surroundings.fill(case.inputs)

    made = engine.create(case.type, name, inputs)
    assert_has(made.outputs, inputs)

    # Read back, it is what was made, and nothing differs from what the program says.
    found = engine.read(made)
    assert found.id == made.id
    assert found.outputs == made.outputs
    assert_no_changes(engine, found, engine.checked(case.type, name, inputs, made.inputs))

    if case.replacement:
        news = {**inputs, **surroundings.fill(case.replacement)}
        answer = engine.diff(found, engine.checked(case.type, name, news, made.inputs))
        assert set(answer.replaces) == set(case.replacement)
        kinds = [answer.detailedDiff[key].kind for key in case.replacement]
        assert all(kind in (1, 3, 5) for kind in kinds), "each is a …_REPLACE"

    if case.change:
        news = engine.checked(
            case.type, name, {**inputs, **surroundings.fill(case.change)}, made.inputs
        )
        answer = engine.diff(found, news)
        assert answer.changes == answer.DIFF_SOME
        assert not answer.replaces
        changed = {key for key in case.change if inputs.get(key) != news.get(key)}
        assert changed <= set(answer.diffs) | set(table.TYPES[case.type].defaults)
        found = engine.update(found, news)
        assert_has(found.outputs, surroundings.fill(case.change))
        again = engine.read(found)
        assert again.outputs == found.outputs
        assert_no_changes(engine, again, news)
        found = again

    assert_same_when_imported(engine, found)
    engine.delete(found)
    assert case.stays or engine.read(found) is None
    engine.delete(found)  # what is gone already is no error


def assert_has(outputs: dict[str, Any], inputs: dict[str, Any]) -> None:
    """Assert that each input is an output, in nested blocks too."""
    for key, value in inputs.items():
        if isinstance(value, dict) and key != "tags":
            assert_has(outputs[key], value)
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            assert len(outputs[key]) == len(value)
        elif isinstance(value, list):
            assert sorted(outputs[key]) == sorted(value), key
        else:
            assert outputs.get(key) == value, key
    if "tags" in inputs:
        assert outputs["tagsAll"] == {"project": "workbench", **inputs["tags"]}


def assert_no_changes(engine: Any, made: Any, news: dict[str, Any]) -> None:
    answer = engine.diff(made, news)
    assert answer.changes == answer.DIFF_NONE, answer.diffs


IMPORT_IDS = {
    "aws:ec2/route:Route": "{routeTableId}_{destinationCidrBlock}",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "{subnetId}/{routeTableId}",
    "aws:ec2/volumeAttachment:VolumeAttachment": "{deviceName}:{volumeId}:{instanceId}",
    "aws:route53/record:Record": "{zoneId}_{name}_{type}",
}


def assert_same_when_imported(engine: Any, made: Any) -> None:
    """Assert that the object is found by its id alone, with what AWS can say about it."""
    identifier = IMPORT_IDS.get(made.type, "").format(**made.outputs) or made.id
    imported = engine.read(replace(made, id=identifier, inputs={}, outputs={}))
    assert imported is not None
    row = table.TYPES[made.type]
    for key in row.computed & imported.outputs.keys() & made.outputs.keys():
        assert imported.outputs[key] == made.outputs[key]
    assert set(imported.inputs) <= row.accepted

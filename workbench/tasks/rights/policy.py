"""The policy with the rights that a workbench needs, and what to ask of it, right by right."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from workbench.components.names import DEFAULT_NAME

# Of these, workbench makes do without: it says then that it doesn't know a price or a quota.
ADVICE = "Advice"
DOMAIN = "Domain"
# Needed only where a boundary of roles that are there becomes another one.
BOUNDARY = "Boundary"
# Needed only for a server that the internet doesn't reach, in a network that is made for it.
PRIVATE_NETWORK = "PrivateNetwork"
# Needed for a load balancer only, which a program makes.
ENTRANCE = "Entrance"
# For administration without an open port.
INSTANCE_CONNECT = ("InstanceConnect", "InstanceConnectService")
# Those of AWS Backup.
SNAPSHOTS = ("Snapshots", "SnapshotsKey", "SnapshotsService")
# AWS answers about whole names of actions only: what to ask about instead of a pattern.
SAMPLES = {
    "backup:Describe*": ("backup:DescribeBackupVault",),
    "backup:Get*": ("backup:GetBackupPlan", "backup:GetBackupSelection"),
    "backup:List*": ("backup:ListTags", "backup:ListRecoveryPointsByBackupVault"),
    "ec2:Describe*": ("ec2:DescribeInstances", "ec2:DescribeVpcs", "ec2:DescribeVolumes"),
    "iam:Get*": ("iam:GetRole", "iam:GetRolePolicy"),
    "iam:List*": ("iam:ListRolePolicies", "iam:ListAttachedRolePolicies"),
    "route53:Get*": ("route53:GetHostedZone", "route53:GetChange"),
    "route53:List*": ("route53:ListHostedZones", "route53:ListResourceRecordSets"),
    "s3:DeleteObject*": ("s3:DeleteObject", "s3:DeleteObjectVersion"),
    "s3:Get*": ("s3:GetBucketPolicy", "s3:GetBucketVersioning"),
    "s3:GetObject*": ("s3:GetObject", "s3:GetObjectTagging"),
    "s3:List*": ("s3:ListBucket", "s3:ListBucketVersions"),
    "s3:Put*": ("s3:PutBucketVersioning", "s3:PutBucketPublicAccessBlock"),
    "s3:PutObject*": ("s3:PutObject", "s3:PutObjectTagging"),
}


# What isn't asked about, as most workbenches do without.
SELDOM = (ADVICE, BOUNDARY, PRIVATE_NETWORK, ENTRANCE)


@dataclass(frozen=True)
class Question:
    """Actions that must all be allowed on a resource, an ARN or ``*``."""

    actions: tuple[str, ...]
    resource: str


def read_policy(partition: str = "aws", name: str = DEFAULT_NAME) -> dict[str, Any]:
    """Return the policy document for a partition (AWS's own, China's, …) and a workbench's name."""
    text = files("workbench.tasks.rights").joinpath("policy.json").read_text(encoding="utf-8")
    text = text.replace("arn:aws:", f"arn:{partition}:").replace(f"{DEFAULT_NAME}-*", f"{name}-*")
    document: dict[str, Any] = json.loads(text)
    return document


def print_policy() -> None:
    """Print the policy as AWS takes it."""
    print(json.dumps(read_policy(), indent=2))


def questions(
    partition: str,
    region: str,
    account: str,
    *,
    name: str = DEFAULT_NAME,
    without: tuple[str, ...] = (),
) -> list[Question]:
    """Return what to ask; ``without`` names statements that aren't needed.

    What is allowed under a condition only isn't asked: AWS would need to be told of each key.
    """
    by_resource: dict[str, list[str]] = {}
    for statement in read_policy(partition, name)["Statement"]:
        if "Condition" not in statement and statement["Sid"] not in (*SELDOM, *without):
            resource = _example(statement["Resource"], region, account)
            by_resource.setdefault(resource, []).extend(_whole(statement["Action"]))
    return [Question(tuple(actions), resource) for resource, actions in by_resource.items()]


def _whole(actions: list[str]) -> Iterator[str]:
    for action in actions:
        yield from SAMPLES[action] if action.endswith("*") else (action,)


def _example(resource: str, region: str, account: str) -> str:
    """Return the ARN of something that a pattern stands for."""
    if resource == "*":
        return resource
    *head, place, owner, name = resource.split(":", 5)
    # AWS's own parameters, with the machine images, are in nobody's account.
    owner = owner.replace("*", "" if head[-1] == "ssm" else account)
    return ":".join([*head, place.replace("*", region), owner, name.replace("*", "example")])

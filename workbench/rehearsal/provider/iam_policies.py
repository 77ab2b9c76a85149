"""IAM policies: managed ones, those inside a role, and attachments."""

from typing import Any

from .cloud import Cloud
from .documents import keep_written
from .documents import same_document
from .resource import AutoName
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import changed_tags
from .tags import read_tags
from .tags import tag_list
from .tags import tags_of
from .values import Properties

# AWS keeps at most five versions of a policy.
MOST_VERSIONS = 5


def put_role_policy(cloud: Cloud, inputs: Properties) -> str:
    """Write a policy into a role; the id is "ROLE:POLICY"."""
    cloud.client("iam").put_role_policy(
        RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
    )
    return f"{inputs['role']}:{inputs['name']}"


def read_role_policy(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a policy in a role."""
    role, _, name = identifier.partition(":")
    answer = cloud.client("iam").get_role_policy(RoleName=role, PolicyName=name)
    return {
        "role": role,
        "name": name,
        "policy": keep_written(state, "policy", answer["PolicyDocument"]),
    }


def update_role_policy(cloud: Cloud, identifier: str, change: Change) -> None:
    """Write the new policy over the old one."""
    put_role_policy(cloud, change.new)


def delete_role_policy(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a policy in a role."""
    role, _, name = identifier.partition(":")
    cloud.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


def create_policy(cloud: Cloud, inputs: Properties) -> str:
    """Create a managed policy; the id is its ARN."""
    note = {"Description": inputs["description"]} if inputs.get("description") else {}
    policy = cloud.client("iam").create_policy(
        PolicyName=inputs["name"],
        Path=inputs.get("path", "/"),
        PolicyDocument=inputs["policy"],
        Tags=tag_list(tags_of(inputs)),
        **note,
    )["Policy"]
    return str(policy["Arn"])


def read_policy(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a managed policy in its default version."""
    iam = cloud.client("iam")
    policy = iam.get_policy(PolicyArn=identifier)["Policy"]
    version = iam.get_policy_version(PolicyArn=identifier, VersionId=policy["DefaultVersionId"])
    return {
        "arn": identifier,
        "name": policy["PolicyName"],
        "path": policy["Path"],
        "policyId": policy["PolicyId"],
        "attachmentCount": policy["AttachmentCount"],
        "description": policy.get("Description") or None,
        "policy": keep_written(state, "policy", version["PolicyVersion"]["Document"]),
        **read_tags(cloud, policy.get("Tags"), state),
    }


def update_policy(cloud: Cloud, identifier: str, change: Change) -> None:
    """Make a new default version of a policy; change its tags."""
    iam = cloud.client("iam")
    if "policy" in change:
        versions = _versions(iam, identifier)
        if len(versions) >= MOST_VERSIONS - 1:
            _delete_versions(iam, identifier, versions[:1])
        iam.create_policy_version(
            PolicyArn=identifier, PolicyDocument=change.new["policy"], SetAsDefault=True
        )
    if change.any_of("tags", "tagsAll"):
        removed, added = changed_tags(change)
        if removed:
            iam.untag_policy(PolicyArn=identifier, TagKeys=removed)
        if added:
            iam.tag_policy(PolicyArn=identifier, Tags=tag_list(added))


def _versions(iam: Any, arn: str) -> list[str]:
    """Return the versions that are not the default one, oldest first."""
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    return [
        one["VersionId"]
        for one in sorted(versions, key=lambda one: one["CreateDate"])
        if not one["IsDefaultVersion"]
    ]


def _delete_versions(iam: Any, arn: str, versions: list[str]) -> None:
    for version in versions:
        iam.delete_policy_version(PolicyArn=arn, VersionId=version)


def delete_policy(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a managed policy with all its versions."""
    iam = cloud.client("iam")
    _delete_versions(iam, identifier, _versions(iam, identifier))
    iam.delete_policy(PolicyArn=identifier)


def attach_policy(cloud: Cloud, inputs: Properties) -> str:
    """Attach a policy to a role; the id is "ROLE/POLICY ARN", as an import's."""
    cloud.client("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
    return f"{inputs['role']}/{inputs['policyArn']}"


def read_attachment(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read whether a policy is attached to a role."""
    role, _, arn = identifier.partition("/")
    pages = cloud.client("iam").get_paginator("list_attached_role_policies")
    for page in pages.paginate(RoleName=role):
        if any(policy["PolicyArn"] == arn for policy in page["AttachedPolicies"]):
            return {"role": role, "policyArn": arn}
    return None


def detach_policy(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Detach a policy from a role."""
    role, _, arn = identifier.partition("/")
    cloud.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)


ROLE_POLICY = ResourceType(
    type="aws:iam/rolePolicy:RolePolicy",
    calls=Calls(put_role_policy, read_role_policy, delete_role_policy, update_role_policy),
    inputs=names("name namePrefix policy role"),
    required=names("policy role"),
    replaces=names("name namePrefix role"),
    normalise={"policy": same_document},
    name=AutoName(longest=128),
    regional=False,
)
POLICY = ResourceType(
    type="aws:iam/policy:Policy",
    calls=Calls(create_policy, read_policy, delete_policy, update_policy),
    inputs=names("description name namePrefix path policy"),
    required=names("policy"),
    computed=names("arn attachmentCount policyId"),
    replaces=names("description name namePrefix path"),
    defaults={"path": "/"},
    normalise={"policy": same_document},
    name=AutoName(longest=128),
    tags=True,
    regional=False,
)
ROLE_POLICY_ATTACHMENT = ResourceType(
    type="aws:iam/rolePolicyAttachment:RolePolicyAttachment",
    calls=Calls(attach_policy, read_attachment, detach_policy),
    inputs=names("policyArn role"),
    required=names("policyArn role"),
    regional=False,
)
ROWS = (ROLE_POLICY, POLICY, ROLE_POLICY_ATTACHMENT)

"""IAM roles and instance profiles."""

from typing import Any

from .cloud import Cloud
from .documents import keep_written
from .documents import same_document
from .lookups import only
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


def create_role(cloud: Cloud, inputs: Properties) -> str:
    """Create a role."""
    wanted = {
        "Description": inputs.get("description"),
        "MaxSessionDuration": inputs.get("maxSessionDuration"),
        "PermissionsBoundary": inputs.get("permissionsBoundary"),
    }
    role = cloud.client("iam").create_role(
        RoleName=inputs["name"],
        Path=inputs.get("path", "/"),
        AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
        Tags=tag_list(tags_of(inputs)),
        **{key: value for key, value in wanted.items() if value},
    )["Role"]
    return str(role["RoleName"])


def _attached(iam: Any, role: str) -> list[str]:
    found = _pages(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=role)
    return sorted(str(policy["PolicyArn"]) for policy in found)


def read_role(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a role."""
    iam = cloud.client("iam")
    role = iam.get_role(RoleName=identifier)["Role"]
    return {
        "arn": role["Arn"],
        "name": role["RoleName"],
        "path": role["Path"],
        "uniqueId": role["RoleId"],
        "createDate": role["CreateDate"].isoformat(),
        "description": role.get("Description") or None,
        "maxSessionDuration": role.get("MaxSessionDuration", 3600),
        "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "assumeRolePolicy": keep_written(
            state, "assumeRolePolicy", role["AssumeRolePolicyDocument"]
        ),
        **read_tags(cloud, role.get("Tags"), state),
    }


def _pages(iam: Any, call: str, key: str, **arguments: str) -> list[Any]:
    return [item for page in iam.get_paginator(call).paginate(**arguments) for item in page[key]]


def update_role(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a role's trust policy, description, session length, boundary and tags."""
    iam, new = cloud.client("iam"), change.new
    if "assumeRolePolicy" in change:
        iam.update_assume_role_policy(RoleName=identifier, PolicyDocument=new["assumeRolePolicy"])
    if change.any_of("description", "maxSessionDuration"):
        iam.update_role(
            RoleName=identifier,
            Description=new.get("description", ""),
            MaxSessionDuration=new.get("maxSessionDuration", 3600),
        )
    if "permissionsBoundary" in change and new.get("permissionsBoundary"):
        iam.put_role_permissions_boundary(
            RoleName=identifier, PermissionsBoundary=new["permissionsBoundary"]
        )
    elif "permissionsBoundary" in change:
        iam.delete_role_permissions_boundary(RoleName=identifier)
    _update_tags(iam, "role", {"RoleName": identifier}, change)


def _update_tags(iam: Any, kind: str, target: dict[str, str], change: Change) -> None:
    if not change.any_of("tags", "tagsAll"):
        return
    removed, added = changed_tags(change)
    if removed:
        getattr(iam, f"untag_{kind}")(**target, TagKeys=removed)
    if added:
        getattr(iam, f"tag_{kind}")(**target, Tags=tag_list(added))


def delete_role(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a role; it leaves the instance profiles it is in."""
    iam = cloud.client("iam")
    profiles = _pages(
        iam, "list_instance_profiles_for_role", "InstanceProfiles", RoleName=identifier
    )
    for profile in profiles:
        iam.remove_role_from_instance_profile(
            InstanceProfileName=profile["InstanceProfileName"], RoleName=identifier
        )
    if state.get("forceDetachPolicies"):
        _detach_policies(iam, identifier)
    iam.delete_role(RoleName=identifier)


def _detach_policies(iam: Any, role: str) -> None:
    for arn in _attached(iam, role):
        iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    for name in _pages(iam, "list_role_policies", "PolicyNames", RoleName=role):
        iam.delete_role_policy(RoleName=role, PolicyName=name)


def create_profile(cloud: Cloud, inputs: Properties) -> str:
    """Create an instance profile."""
    profile = cloud.client("iam").create_instance_profile(
        InstanceProfileName=inputs["name"],
        Path=inputs.get("path", "/"),
        Tags=tag_list(tags_of(inputs)),
    )["InstanceProfile"]
    return str(profile["InstanceProfileName"])


def settle_profile(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Put the role into an instance profile, in the place of another."""
    iam, wanted = cloud.client("iam"), inputs.get("role")
    for role in _roles_in(iam, identifier):
        if role == wanted:
            return
        iam.remove_role_from_instance_profile(InstanceProfileName=identifier, RoleName=role)
    if wanted:
        iam.add_role_to_instance_profile(InstanceProfileName=identifier, RoleName=wanted)


def _roles_in(iam: Any, profile: str) -> list[str]:
    answer = iam.get_instance_profile(InstanceProfileName=profile)
    return [role["RoleName"] for role in answer["InstanceProfile"]["Roles"]]


def read_profile(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read an instance profile."""
    answer = cloud.client("iam").get_instance_profile(InstanceProfileName=identifier)
    profile = answer["InstanceProfile"]
    return {
        "arn": profile["Arn"],
        "name": profile["InstanceProfileName"],
        "path": profile["Path"],
        "uniqueId": profile["InstanceProfileId"],
        "createDate": profile["CreateDate"].isoformat(),
        "role": profile["Roles"][0]["RoleName"] if profile["Roles"] else None,
        **read_tags(cloud, profile.get("Tags"), state),
    }


def get_profile(cloud: Cloud, arguments: Properties) -> Properties:
    """Look an instance profile up by its name."""
    name = arguments["name"]
    profile = cloud.client("iam").get_instance_profile(InstanceProfileName=name)["InstanceProfile"]
    # The official plugin, too, can't do without a role in it.
    role = only(profile["Roles"], f"role in the instance profile {name}")
    return {
        "id": profile["InstanceProfileId"],
        "arn": profile["Arn"],
        "name": name,
        "path": profile["Path"],
        "createDate": profile["CreateDate"].isoformat(),
        "roleArn": role["Arn"],
        "roleId": role["RoleId"],
        "roleName": role["RoleName"],
    }


def update_profile(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change an instance profile's role and tags."""
    if "role" in change:
        settle_profile(cloud, identifier, change.new)
    target = {"InstanceProfileName": identifier}
    _update_tags(cloud.client("iam"), "instance_profile", target, change)


def delete_profile(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Empty and delete an instance profile."""
    settle_profile(cloud, identifier, {})
    cloud.client("iam").delete_instance_profile(InstanceProfileName=identifier)


ROLE = ResourceType(
    type="aws:iam/role:Role",
    calls=Calls(create_role, read_role, delete_role, update_role),
    inputs=names(
        "assumeRolePolicy description forceDetachPolicies maxSessionDuration name namePrefix path "
        "permissionsBoundary"
    ),
    required=names("assumeRolePolicy"),
    computed=names("arn createDate uniqueId"),
    replaces=names("name namePrefix path"),
    defaults={"path": "/", "maxSessionDuration": 3600, "forceDetachPolicies": False},
    normalise={"assumeRolePolicy": same_document},
    name=AutoName(longest=64),
    tags=True,
    regional=False,
)
INSTANCE_PROFILE = ResourceType(
    type="aws:iam/instanceProfile:InstanceProfile",
    calls=Calls(create_profile, read_profile, delete_profile, update_profile, settle_profile),
    inputs=names("name namePrefix path role"),
    computed=names("arn createDate uniqueId"),
    replaces=names("name namePrefix path"),
    defaults={"path": "/"},
    name=AutoName(longest=128),
    tags=True,
    regional=False,
)
ROWS = (ROLE, INSTANCE_PROFILE)

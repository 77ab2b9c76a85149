"""The policies of a user or a role, from moto's IAM."""

from collections.abc import Iterator
from typing import Any

from moto.iam.access_control import IAMPolicy
from moto.iam.exceptions import NoSuchEntity
from moto.iam.exceptions import NotFoundException

from workbench.rehearsal.iam.policies import Document


def policies_of(backend: Any, arn: str) -> list[list[Document]] | None:
    """Return a principal's policies, then its permissions boundary's; None where there is none.

    Each of the lists must allow what is to be allowed.
    """
    kind, _, path = arn.rpartition(":")[2].partition("/")
    name = path.rpartition("/")[2]
    try:
        if kind == "user":
            backend.get_user(name)
            return [[document_of(each) for each in _of_user(backend, name)]]
        if kind == "role":
            role = backend.get_role(name)
            return [
                [document_of(each) for each in _of_role(backend, name)],
                *boundary(backend, role),
            ]
    except (NoSuchEntity, NotFoundException):
        return None
    return None


def boundary(backend: Any, role: Any) -> list[list[Document]]:
    """Return the list with a role's permissions boundary; none where it has no boundary."""
    if not role.permissions_boundary_arn:
        return []
    policy = backend.managed_policies.get(role.permissions_boundary_arn)
    return [[document_of(policy)] if policy is not None else []]


def document_of(policy: Any) -> Document:
    """Return a policy's document.

    Moto keeps inline policies as text or in a dict, managed ones with their versions; its own
    reader of them knows all of those.
    """
    document: Document = IAMPolicy(policy)._policy_json
    return document


def _of_user(backend: Any, name: str) -> Iterator[Any]:
    for policy in backend.list_user_policies(name):
        yield backend.get_user_policy(name, policy)
    yield from backend.list_attached_user_policies(name)[0]
    for group in backend.get_groups_for_user(name):
        for policy in backend.list_group_policies(group.name):
            yield backend.get_group_policy(group.name, policy)
        yield from backend.list_attached_group_policies(group.name)[0]


def _of_role(backend: Any, name: str) -> Iterator[Any]:
    for policy in backend.list_role_policies(name):
        yield backend.get_role_policy(name, policy)[1]
    yield from backend.list_attached_role_policies(name)[0]

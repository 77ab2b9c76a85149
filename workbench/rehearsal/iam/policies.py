"""Evaluate IAM policy documents as AWS does.

Moto finds a key's policies, but its own evaluation takes no account of NotResource, of most
conditions, and takes a Deny without a Resource for an Allow; a rehearsal that allows more
than AWS would is worth nothing.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Iterable
from collections.abc import Mapping
from enum import Enum
from typing import Any

from workbench.rehearsal.iam.conditions import Context
from workbench.rehearsal.iam.conditions import holds
from workbench.rehearsal.iam.conditions import matches

Document = Mapping[str, Any]


class Decision(Enum):
    """What policies say of an action: an explicit deny beats every allow."""

    DENY = "explicit deny"
    ALLOW = "allow"
    NOTHING = "nothing"


def evaluate(
    documents: Iterable[Document],
    action: str,
    resource: str,
    context: Context,
    principals: Mapping[str, set[str]] | None = None,
) -> Decision:
    """Return what policies say of ``action`` ("s3:GetObject") on ``resource`` (an ARN).

    ``principals`` is who asks, by kind ("AWS", "Service"): for policies of a resource, whose
    statements name a Principal; None for those of an identity, whose statements don't.
    """
    decision = Decision.NOTHING
    for document in documents:
        for statement in _listed(document.get("Statement")):
            if not _applies(statement, action, resource, context, principals):
                continue
            if statement.get("Effect") == "Deny":
                return Decision.DENY
            if statement.get("Effect") == "Allow":
                decision = Decision.ALLOW
    return decision


def _applies(
    statement: Document,
    action: str,
    resource: str,
    context: Context,
    principals: Mapping[str, set[str]] | None,
) -> bool:
    return (
        _names_action(statement, action)
        and _names_resource(statement, resource, context, identity=principals is None)
        and (principals is None or _names_principal(statement, principals))
        and holds(statement.get("Condition") or {}, context)
    )


def _names_action(statement: Document, action: str) -> bool:
    if "NotAction" in statement:
        return not _any_action(statement["NotAction"], action)
    return _any_action(statement.get("Action"), action)


def _any_action(patterns: Any, action: str) -> bool:
    return any(matches(each, action, ignore_case=True) for each in _listed(patterns))


def _names_resource(
    statement: Document, resource: str, context: Context, *, identity: bool
) -> bool:
    if "NotResource" in statement:
        return not _any_resource(statement["NotResource"], resource, context)
    if "Resource" in statement:
        return _any_resource(statement["Resource"], resource, context)
    # A role's trust policy has no Resource; a policy of an identity without one says nothing.
    return not identity


def _any_resource(patterns: Any, resource: str, context: Context) -> bool:
    return any(
        matches(filled, resource)
        for each in _listed(patterns)
        if (filled := context.fill(each)) is not None
    )


def _names_principal(statement: Document, principals: Mapping[str, set[str]]) -> bool:
    if "NotPrincipal" in statement:
        return not _any_principal(statement["NotPrincipal"], principals)
    return _any_principal(statement.get("Principal"), principals)


def _any_principal(named: Any, principals: Mapping[str, set[str]]) -> bool:
    if named == "*":
        return True
    if not isinstance(named, Mapping):
        return False
    return any(
        each == "*" or each in principals.get(kind, set())
        for kind, values in named.items()
        for each in _listed(values)
    )


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]

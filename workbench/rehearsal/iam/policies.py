"""Evaluate IAM policy documents as AWS does.

Moto finds a key's policies, but its own evaluation takes no account of NotResource, of most
conditions, and takes a Deny without a Resource for an Allow; a rehearsal that allows more
than AWS would is worth nothing.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import operator
import re
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from enum import Enum
from functools import lru_cache
from typing import Any

Document = Mapping[str, Any]
VARIABLE = re.compile(r"\$\{([^}]+)\}")


class UnknownOperatorError(Exception):
    """A statement has a condition operator that the rehearsal doesn't know, which this names."""


@dataclass(frozen=True)
class Context:
    """The keys that a request can be judged by; their names are not case-sensitive."""

    values: Mapping[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        """Return a key's value, or None when the request has none."""
        wanted = key.lower()
        return next((value for name, value in self.values.items() if name.lower() == wanted), None)

    def fill(self, text: str) -> str | None:
        """Put values in for ``${aws:PrincipalArn}`` and the like; None if one is missing."""
        found = {name: self.get(name) for name in VARIABLE.findall(text)}
        if None in found.values():
            return None
        return VARIABLE.sub(lambda match: found[match[1]] or "", text)


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
    statements name a Principal; None for those of an identity, whose statements don't. Raises
    UnknownOperatorError where a statement that is about this has such a condition.
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
        and _holds_all(statement.get("Condition") or {}, context)
    )


def _names_action(statement: Document, action: str) -> bool:
    if "NotAction" in statement:
        return not _any_action(statement["NotAction"], action)
    return _any_action(statement.get("Action"), action)


def _any_action(patterns: Any, action: str) -> bool:
    return any(_matches(each, action, re.IGNORECASE) for each in _listed(patterns))


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
        _matches(filled, resource)
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


def _matches(pattern: str, value: str, flags: re.RegexFlag = re.NOFLAG) -> bool:
    """Whether a value fits a pattern with ``*`` and ``?``."""
    return _expression(pattern, flags).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _expression(pattern: str, flags: re.RegexFlag) -> re.Pattern[str]:
    parts = ({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in pattern)
    return re.compile("".join(parts), re.DOTALL | flags)


# By name: whether it is negated, and the comparison of (actual, expected). Those that roles and
# people's policies here have: what isn't known is refused by its name.
OPERATORS: dict[str, tuple[bool, Callable[[str, str], bool]]] = {
    "StringEquals": (False, operator.eq),
    "StringNotEquals": (True, operator.eq),
    "StringLike": (False, lambda actual, expected: _matches(expected, actual)),
    "StringNotLike": (True, lambda actual, expected: _matches(expected, actual)),
    "ArnEquals": (False, lambda actual, expected: _matches(expected, actual)),
    "ArnLike": (False, lambda actual, expected: _matches(expected, actual)),
    "Bool": (False, lambda actual, expected: actual.lower() == expected.lower()),
}


def _holds_all(block: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether every condition of a statement holds."""
    return all(
        _holds(name, context.get(key), _listed(expected), context)
        for name, keys in block.items()
        for key, expected in keys.items()
    )


def _holds(name: str, actual: str | None, expected: list[Any], context: Context) -> bool:
    plain = name.removesuffix("IfExists")
    if plain not in OPERATORS:
        raise UnknownOperatorError(name)
    negated, compare = OPERATORS[plain]
    if actual is None:
        # A key that isn't there differs from everything.
        return negated or plain != name
    filled = (context.fill(str(each)) for each in expected)
    return any(each is not None and compare(actual, each) for each in filled) != negated

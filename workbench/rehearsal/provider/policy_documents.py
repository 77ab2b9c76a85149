"""The lookup that writes an IAM policy document; it asks AWS nothing."""

import json
import zlib
from typing import Any

from .cloud import Cloud
from .failures import ProviderError
from .values import Properties

_LISTS = {
    "actions": "Action",
    "notActions": "NotAction",
    "resources": "Resource",
    "notResources": "NotResource",
}


def get_policy_document(cloud: Cloud, arguments: Properties) -> Properties:
    """Write a policy document from statements and other documents."""
    statements: list[dict[str, Any]] = []
    for text in [*_texts(arguments, "sourcePolicyDocuments", "sourceJson")]:
        statements += _statements_of(text)
    _refuse_same_ids(statements)
    own = [_statement(one) for one in arguments.get("statements") or []]
    for statement in own:
        _put(statements, statement)
    for text in _texts(arguments, "overridePolicyDocuments", "overrideJson"):
        for statement in _statements_of(text):
            _put(statements, statement)
    document: dict[str, Any] = {"Version": arguments.get("version") or "2012-10-17"}
    if arguments.get("policyId"):
        document["Id"] = arguments["policyId"]
    document["Statement"] = statements
    text = json.dumps(document, indent=2)
    return {
        "id": str(zlib.crc32(text.encode())),
        "json": text,
        "minifiedJson": json.dumps(document, separators=(",", ":")),
    }


def _texts(arguments: Properties, many: str, one: str) -> list[str]:
    return [*(arguments.get(many) or []), *([arguments[one]] if arguments.get(one) else [])]


def _statements_of(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text).get("Statement", [])
    except (ValueError, AttributeError) as error:
        raise ProviderError(f"A policy document to merge is not JSON: {error}.") from error
    return found if isinstance(found, list) else [found]


def _refuse_same_ids(statements: list[dict[str, Any]]) -> None:
    ids = [statement["Sid"] for statement in statements if statement.get("Sid")]
    for name in ids:
        if ids.count(name) > 1:
            raise ProviderError(
                f"Two of the policy documents to merge have a statement {name}.",
                "Give each statement its own sid.",
            )


def _put(statements: list[dict[str, Any]], statement: dict[str, Any]) -> None:
    """Add a statement, in the place of one with the same id."""
    for index, other in enumerate(statements):
        if statement.get("Sid") and other.get("Sid") == statement["Sid"]:
            statements[index] = statement
            return
    statements.append(statement)


def _statement(given: Properties) -> dict[str, Any]:
    result: dict[str, Any] = {"Sid": given["sid"]} if given.get("sid") else {}
    result["Effect"] = given.get("effect") or "Allow"
    for ours, theirs in _LISTS.items():
        if given.get(ours):
            result[theirs] = _one_or_many(given[ours])
    for ours, theirs in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        if given.get(ours):
            result[theirs] = _principals(given[ours])
    if given.get("conditions"):
        result["Condition"] = _conditions(given["conditions"])
    return result


def _one_or_many(values: list[str]) -> str | list[str]:
    # In descending order, as the official plugin writes them.
    return values[0] if len(values) == 1 else sorted(values, reverse=True)


def _principals(given: list[Properties]) -> Any:
    if any(one["type"] == "*" for one in given):
        return "*"
    merged: dict[str, list[str]] = {}
    for one in given:
        merged.setdefault(one["type"], []).extend(one["identifiers"])
    return {kind: _one_or_many(values) for kind, values in merged.items()}


def _conditions(given: list[Properties]) -> dict[str, dict[str, Any]]:
    result: dict[str, dict[str, Any]] = {}
    for one in given:
        result.setdefault(one["test"], {})[one["variable"]] = (
            one["values"][0] if len(one["values"]) == 1 else one["values"]
        )
    return result

"""Describe the table as a Pulumi schema, which programs in YAML and other languages ask for.

Names are the table's. Kinds are those of the AWS SDK for Python, as far as the engine needs them to
read a program: what isn't text, a number, true or false, or a list or dictionary of these is
anything. Those who make an SDK want the official plugin's schema.
"""

import collections.abc
import importlib
import inspect
import re
import typing
import warnings
from collections.abc import Iterable
from typing import Any

from . import table

_ANY = {"$ref": "pulumi.json#/Any"}
_SCALARS = {str: "string", bool: "boolean", int: "integer", float: "number"}


def describe(version: str) -> dict[str, Any]:
    """Return the schema of all the resource types and lookups that the table has."""
    # The SDK warns about its own deprecated classes when it is looked through.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "name": "aws",
            "version": version,
            "description": "What the rehearsal's AWS plugin knows of AWS.",
            "provider": {"inputProperties": _properties(_member("aws:index/p:Provider"))},
            "resources": {token: _resource(token) for token in table.TYPES},
            "functions": {token: _function(token) for token in table.INVOKES},
        }


def _resource(token: str) -> dict[str, Any]:
    row, made = table.TYPES[token], _member(token)
    inputs = _properties(made)
    outputs = _outputs(made)
    return {
        "inputProperties": {key: inputs.get(key, _ANY) for key in sorted(row.accepted)},
        "requiredInputs": sorted(row.required),
        "properties": {
            key: outputs.get(key, _ANY) for key in sorted(row.accepted | row.computed | row.empty)
        },
        "required": sorted(row.computed | row.required),
    }


def _function(token: str) -> dict[str, Any]:
    name = re.sub(r"([A-Z])", r"_\1", token.rsplit(":", 1)[-1]).lower()
    call = _member(token, name)
    # Its answer is one class with "Awaitable" before its name, and one without.
    answer = inspect.signature(call).return_annotation.__mro__[1]
    return {
        "inputs": {"properties": _kinds(inspect.signature(call).parameters.values())},
        "outputs": {"properties": _outputs(answer)},
    }


def _member(token: str, name: str = "") -> Any:
    """Return a class or a function of the SDK, by its token."""
    service = token.split(":")[1].split("/")[0]
    module = "pulumi_aws" if service == "index" else f"pulumi_aws.{service}"
    return getattr(importlib.import_module(module), name or token.rsplit(":", 1)[-1])


def _properties(resource: Any) -> dict[str, Any]:
    return _kinds(inspect.signature(resource._internal_init).parameters.values())


def _kinds(parameters: Iterable[inspect.Parameter]) -> dict[str, Any]:
    inner = ("__self__", "__props__", "resource_name", "opts")
    return {_camel(p.name): _kind(p.annotation) for p in parameters if p.name not in inner}


def _outputs(made: Any) -> dict[str, Any]:
    found = inspect.getmembers(made, lambda member: isinstance(member, property))
    kinds = {name: member.fget.__annotations__.get("return") for name, member in found}
    return {_camel(name): _kind(kind) for name, kind in kinds.items()}


def _kind(annotation: object) -> dict[str, Any]:
    """Return the schema's word for an annotation: its first part says what it is."""
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and annotation in _SCALARS:
        return {"type": _SCALARS[annotation]}
    if origin is collections.abc.Sequence:
        return {"type": "array", "items": _kind(parts[0])}
    if origin is collections.abc.Mapping:
        return {"type": "object", "additionalProperties": _kind(parts[1])}
    return _kind(parts[0]) if parts else _ANY


def _camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), name)

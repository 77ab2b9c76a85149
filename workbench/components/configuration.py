"""The stack's configuration: read and checked once, before anything is registered."""

import difflib
import json
import typing
from typing import Any
from typing import cast

import pulumi
import pulumi.runtime.config

from workbench.components import validation
from workbench.components.component import unwrap
from workbench.components.errors import ArgumentError
from workbench.components.names import camel_case
from workbench.components.workbench_args import WorkbenchArgs
from workbench.components.workbench_args import check_argument

NAMESPACE = "workbench"
DEFAULT_NAME = "do4ds-lab"


def read_name() -> str:
    """Return the workbench's name, ``workbench:name``, or the book's."""
    return validation.check_name(_read("name") or DEFAULT_NAME, f"{NAMESPACE}:name")


def read_configuration() -> WorkbenchArgs:
    """Return the stack's configuration as the arguments of a ``Workbench``."""
    _refuse_unknown_keys()
    args: dict[str, Any] = {}
    for name, annotation in WorkbenchArgs.__annotations__.items():
        key = f"{NAMESPACE}:{camel_case(name)}"
        text = _read(camel_case(name))
        try:
            value = None if text is None else _parse(text, unwrap(annotation)[0], key)
            check_argument(name, value, key)
        except ArgumentError as error:
            raise ArgumentError(error.message, _how_to_set(error.hint, name, key)) from None
        if value is not None:
            args[name] = value
    return cast(WorkbenchArgs, args)


def configuration_keys() -> list[str]:
    """Return every key the program reads, without the namespace."""
    return ["name", *(camel_case(name) for name in WorkbenchArgs.__annotations__)]


def _read(key: str) -> str | None:
    return pulumi.Config(NAMESPACE).get(key)


def _refuse_unknown_keys() -> None:
    present = {**pulumi.runtime.config.get_config_env(), **pulumi.runtime.config.CONFIG.get()}
    for full_key in sorted(present):
        namespace, _, key = full_key.partition(":")
        if namespace == NAMESPACE and key not in configuration_keys():
            near = difflib.get_close_matches(key, configuration_keys(), n=1)
            raise ArgumentError(
                f"The stack's configuration has {full_key}, which is no key of this program"
                + (f"; did you mean {NAMESPACE}:{near[0]}?" if near else "."),
                f"Take it out with: pulumi config rm {full_key}",
            )


def _how_to_set(hint: str, name: str, key: str) -> str:
    kind, _ = unwrap(WorkbenchArgs.__annotations__[name])
    item = typing.get_args(kind)[0] if typing.get_origin(kind) is list else str
    if typing.is_typeddict(item):
        # A list of objects isn't one value: each key of each of them is set.
        key = f"--path '{key}[0].{camel_case(next(iter(item.__annotations__)))}'"
    if typing.is_typeddict(kind):
        key = f"--path '{key}.{next(iter(kind.__annotations__))}[0]'"
    value = '"$(cat ~/.ssh/id_ed25519.pub)"' if name == "public_key" else "VALUE"
    command = f"Set it with: pulumi config set {key} {value}"
    return f"{hint}\n  {command}" if hint else command


def _parse(text: str, kind: object, key: str) -> object:
    if kind is str:
        return text
    if kind is bool:
        return validation.check_flag({"true": True, "false": False}.get(text.lower(), text), key)
    if kind is int:
        return int(text) if text.strip().isdecimal() else text
    if isinstance(kind, type) and typing.is_typeddict(kind):
        return _parse_item(_from_json(text), kind, key)
    return _parse_list(text, typing.get_args(kind)[0], key)


def _parse_list(text: str, item_type: type, key: str) -> list[object]:
    """Return a list from JSON or, for texts, from words with commas between them."""
    value = _from_json(text)
    if isinstance(value, str) and item_type is str:
        return [word.strip() for word in value.split(",") if word.strip()]
    if not isinstance(value, list):
        raise ArgumentError(f"{key} is {text!r}, but must be a list.")
    if item_type is str:
        return value
    return [_parse_item(item, item_type, f"{key}[{index}]") for index, item in enumerate(value)]


def _from_json(text: str) -> object:
    """Return what JSON says; other text as it is."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _parse_item(item: object, item_type: type, what: str) -> dict[str, object]:
    names = {camel_case(name): name for name in item_type.__annotations__}
    if not isinstance(item, dict) or not set(item) <= set(names):
        raise ArgumentError(
            f"{what} is {item!r}, but must be an object with some of {', '.join(names)}."
        )
    required: frozenset[str] = getattr(item_type, "__required_keys__", frozenset())
    missing = [key for key, name in names.items() if name in required and key not in item]
    if missing:
        raise ArgumentError(f"{what} is {item!r}, but needs {' and '.join(missing)} too.")
    return {names[key]: value for key, value in item.items()}

"""The stack's configuration: read and checked once, before anything is registered."""

import json
import typing
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import cast

import pulumi
import pulumi.runtime.config

from workbench.components import validation
from workbench.components.component import Spelling
from workbench.components.component import check_kind
from workbench.components.component import no_such
from workbench.components.component import unwrap
from workbench.components.errors import ArgumentError
from workbench.components.names import DEFAULT_NAME
from workbench.components.names import NAMESPACE
from workbench.components.names import camel_case
from workbench.components.names import key_of
from workbench.components.workbench_args import KEYS
from workbench.components.workbench_args import WorkbenchArgs
from workbench.components.workbench_args import check_argument

_SPELLING = Spelling("key", "an object", camel_case)


def read_name() -> str:
    """Return the workbench's name, ``workbench:name``, or the book's."""
    given = pulumi.Config(NAMESPACE).get("name")
    return validation.check_name(given or DEFAULT_NAME, key_of("name"))


def read_configuration() -> WorkbenchArgs:
    """Return the stack's configuration as the arguments of a ``Workbench``."""
    _refuse_unknown_keys()
    config, args = pulumi.Config(NAMESPACE), {}
    for name in KEYS:
        try:
            value = _parse(config.get(camel_case(name)), name)
            check_argument(name, value, key_of(name))
        except ArgumentError as error:
            raise ArgumentError(error.message, _how_to_set(error.hint, name)) from None
        if value is not None:
            args[name] = value
    return cast(WorkbenchArgs, args)


def read_value(configuration: Mapping[str, str], name: str) -> Any:
    """Return what a stack's configuration says of one argument: its default where nothing.

    ``configuration`` has texts, as Pulumi hands them to programs. Raises ArgumentError where the
    text isn't of the argument's kind; the program alone checks what else it must be.
    """
    if name == "name":
        return configuration.get(key_of(name)) or DEFAULT_NAME
    value = _parse(configuration.get(key_of(name)), name)
    if value is None:
        return KEYS[name].default
    check_kind(WorkbenchArgs.__annotations__[name], value, key_of(name), "the program")
    return value


def configuration_keys() -> list[str]:
    """Return every key the program reads, without the namespace."""
    return ["name", *map(camel_case, KEYS)]


def _refuse_unknown_keys() -> None:
    present = {**pulumi.runtime.config.get_config_env(), **pulumi.runtime.config.CONFIG.get()}
    known = ["name", *KEYS]
    for full_key in sorted(present):
        namespace, _, key = full_key.partition(":")
        if namespace == NAMESPACE and key not in configuration_keys():
            raise ArgumentError(
                no_such("The program", full_key, known, Spelling("key", "an object", key_of)),
                f"Remove it with: pulumi config rm {full_key}",
            )


def _how_to_set(hint: str, name: str) -> str:
    key = key_of(name)
    kind = _kind(name)
    item = unwrap(typing.get_args(kind)[0])[0] if typing.get_origin(kind) else str
    if typing.is_typeddict(item):
        # A list of objects isn't one value: each key of each of them is set.
        key = f"--path '{key}[0].{camel_case(next(iter(item.__annotations__)))}'"
    if typing.is_typeddict(kind):
        key = f"--path '{key}.{next(iter(kind.__annotations__))}[0]'"
    value = '"$(cat ~/.ssh/id_ed25519.pub)"' if name == "public_key" else "VALUE"
    command = f"Set it with: pulumi config set {key} {value}"
    return f"{hint}\n  {command}" if hint else command


def _kind(name: str) -> Any:
    return unwrap(WorkbenchArgs.__annotations__[name])[0]


def _parse(text: str | None, name: str) -> object:
    """Return a text as its argument's kind, where it is one; the checks say what it isn't."""
    kind, key = _kind(name), key_of(name)
    if text is None or kind is str:
        return text
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower(), text)
    if kind is int:
        return int(text) if text.strip().isdecimal() else text
    value = _from_json(text)
    is_texts = typing.get_origin(kind) in (list, Sequence) and not _has_objects(kind)
    if isinstance(value, str) and is_texts:
        return [word.strip() for word in value.split(",") if word.strip()]
    check_kind(kind, value, key, "the program", _SPELLING)
    return _in_python(value, kind)


def _has_objects(kind: object) -> bool:
    return typing.is_typeddict(unwrap(typing.get_args(kind)[0])[0])


def _from_json(text: str) -> object:
    """Return what JSON says; other text as it is."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _in_python(value: Any, kind: Any) -> Any:
    """Return objects with the names that Python has for their keys."""
    if isinstance(value, list):
        item = unwrap(typing.get_args(kind)[0])[0]
        return [_in_python(each, item) for each in value]
    if isinstance(value, dict) and typing.is_typeddict(kind):
        names = {camel_case(name): name for name in kind.__annotations__}
        return {names[key]: each for key, each in value.items()}
    return value

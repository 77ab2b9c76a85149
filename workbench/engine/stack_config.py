"""A stack's configuration: read it, and change what differs."""

import json
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from workbench.engine.state import short_name
from workbench.errors import ConfigError

# One argument of a program holds up to 128 KiB on Linux.
LARGEST = 100_000
# What a file says of how its secrets are encrypted.
_OF_ENCRYPTION = ("encryptionsalt", "encryptedkey", "secretsprovider")


@dataclass(frozen=True)
class Secret:
    """A value that is encrypted in the stack's configuration and never shown."""

    value: str

    def __repr__(self) -> str:
        return "Secret(…)"


@dataclass(frozen=True)
class Default:
    """A value that is set only where the configuration has none: a person's choice stays.

    ``unless`` says of a configuration that the default isn't for it, or was taken out on purpose.
    """

    value: "str | bool | int | float | list[Any] | dict[str, Any]"
    unless: Callable[[Mapping[str, str]], bool] | None = None

    def is_wanted(self, current: Mapping[str, str]) -> bool:
        """Whether a configuration without the value gets it."""
        return self.unless is None or not self.unless(current)


Value = str | bool | int | float | list[Any] | dict[str, Any] | Secret | Default | None


def config_file(stack_name: str, project_dir: Path) -> Path:
    """Return the file with the stack's configuration."""
    return project_dir / f"Pulumi.{short_name(stack_name)}.yaml"


def read_config_file(path: Path) -> dict[str, str] | None:
    """Return a stack's configuration as the program gets it: text, or JSON as text.

    None where a value is encrypted, and so for the engine to read. A key without a namespace is
    the project's.
    """
    if not path.exists():
        return {}
    try:
        return read_config_text(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigError(
            f"{path} can't be read as a stack's configuration ({str(error).splitlines()[0]}).",
            f"workbench recover --stack {stack_of(path)}   brings back the one of the last up;\n"
            "  or correct it (pulumi config shows what it should look like), and try again",
        ) from error


def read_config_text(text: str) -> dict[str, str] | None:
    """Return what ``read_config_file`` does, of a text; raise ValueError where it is damaged."""
    try:
        content = yaml.safe_load(text) or {}
        values = content.get("config") or {}
        found = {str(key): as_text(value) for key, value in values.items()}
    except (yaml.YAMLError, AttributeError) as error:
        raise ValueError(str(error)) from error
    encrypted = any(_is_encrypted(value) for value in values.values())
    return None if encrypted or "environment" in content else found


def without_secrets(text: str) -> tuple[str, list[str]]:
    """Return a configuration without what nobody can decrypt any more, and the keys it had."""
    values = (yaml.safe_load(text) or {}).get("config") or {}
    gone = [str(key) for key, value in values.items() if _is_encrypted(value)]
    if not gone:
        # Line by line, so that a person's comments stay.
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith(_OF_ENCRYPTION)), []
    content = {k: v for k, v in yaml.safe_load(text).items() if k not in _OF_ENCRYPTION}
    content["config"] = {key: value for key, value in values.items() if key not in gone}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True), gone


def stack_of(path: Path) -> str:
    """Return the stack whose configuration a file is."""
    return path.name.removeprefix("Pulumi.").removesuffix(".yaml")


def as_text(value: object) -> str:
    """Return a value as the engine hands it to programs."""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def is_text_of(text: str, value: object) -> bool:
    """Say whether a text is a value as the engine hands it to programs."""
    if isinstance(value, list) and text.startswith("["):
        # Pulumi puts the keys of objects in an order of its own.
        return bool(json.loads(text) == value)
    return text == as_text(value)


def config_json(values: Mapping[str, Value]) -> str:
    """Return plain values in the form of ``pulumi config --json``, which set-all reads."""
    entries: dict[str, object] = {}
    for key, value in values.items():
        entries[key] = {"value": as_text(value), "secret": False}
        if isinstance(value, list | dict):
            entries[key] = {"value": as_text(value), "objectValue": value, "secret": False}
    text = json.dumps(entries)
    if len(text) > LARGEST:
        raise ConfigError(
            f"The stack's configuration would hold {len(text)} characters, and"
            f" {LARGEST} are the most that can be set at once.",
            "Shorten the longest value, for example a list of CA certificates.",
        )
    return text


def differing(
    values: Mapping[str, Value], current: Mapping[str, str]
) -> tuple[dict[str, Value], dict[str, Secret], list[str]]:
    """Return what has to be set as plain text, what encrypted, and which keys to take out."""
    plain: dict[str, Value] = {}
    secrets: dict[str, Secret] = {}
    for key, given in values.items():
        if isinstance(given, Default) and (key in current or not given.is_wanted(current)):
            continue
        value = given.value if isinstance(given, Default) else given
        if isinstance(value, Secret):
            if current.get(key) != value.value:
                secrets[key] = value
        elif value is not None and current.get(key) != as_text(value):
            plain[key] = value
    return (
        plain,
        secrets,
        [key for key, value in values.items() if value is None and key in current],
    )


def _is_encrypted(value: object) -> bool:
    if isinstance(value, dict):
        return "secure" in value or any(_is_encrypted(each) for each in value.values())
    return isinstance(value, list) and any(_is_encrypted(each) for each in value)

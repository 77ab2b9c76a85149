"""A stack without what only a lost passphrase can decrypt."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from typing import Any

from workbench.engine.copies import Copy
from workbench.engine.stack_config import without_secrets
from workbench.engine.state import SIGNATURE

# The mark of an encrypted value in the engine's own state.
_ENCRYPTED = "1b47061264138c4ac30d75fd1eb44270"


@dataclass(frozen=True)
class Stripped:
    """What is left of a copy, and what is lost of it: keys of the configuration, resources."""

    copy: Copy
    secrets: tuple[str, ...]


def without_passphrase(copy: Copy) -> Stripped:
    """Return a copy without its encrypted values, for another passphrase.

    The next up sets again what follows from the configuration.
    """
    configuration, keys = without_secrets(copy.configuration)
    deployment = {k: v for k, v in copy.deployment.items() if k != "secrets_providers"}
    resources, lost = [], list(keys)
    for each in deployment.get("resources") or []:
        resource = {
            name: _plain(value) if name in ("inputs", "outputs") else value
            for name, value in each.items()
        }
        if resource != each:
            lost.append(each["urn"].rpartition("::")[2])
        resources.append(resource)
    deployment |= {"resources": resources} if resources else {}
    return Stripped(replace(copy, deployment=deployment, configuration=configuration), tuple(lost))


def _plain(value: Any) -> Any:
    """Return a value without its encrypted parts."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items() if not _is_encrypted(each)}
    if isinstance(value, list):
        return [_plain(each) for each in value if not _is_encrypted(each)]
    return value


def _is_encrypted(value: Any) -> bool:
    return isinstance(value, Mapping) and value.get(SIGNATURE) == _ENCRYPTED

"""Lists in a stack's configuration, as the program reads them."""

import json
from collections.abc import Mapping

from workbench.errors import ConfigError

PUBLIC_KEY = "workbench:publicKey"
FURTHER_KEYS = "workbench:administratorKeys"
SSH_FROM = "workbench:sshFrom"


def read_texts(config: Mapping[str, str], key: str) -> list[str]:
    """Return a list of texts: JSON, or words with commas between them."""
    text = config.get(key, "")
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if isinstance(value, str):
        return [word.strip() for word in value.split(",") if word.strip()]
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigError(
            f"{key} isn't a list of texts.",
            "docs/configuration.md shows how such a list is written",
        )
    return value


def administrator_keys(config: Mapping[str, str]) -> list[str]:
    """Return the administrator's public keys, the one of the key pair first."""
    first = config.get(PUBLIC_KEY, "").strip()
    return [*([first] if first else []), *read_texts(config, FURTHER_KEYS)]

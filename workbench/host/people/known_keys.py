"""Every SSH key that the settings ever gave a person: whose a key in another's account is.

On the data volume, by name; a public key is no secret. Standard library only.
"""

import json
from collections.abc import Iterable
from collections.abc import Mapping
from pathlib import Path

from workbench.host import places

KNOWN = places.ACCOUNTS / "keys.json"


def read_known(path: Path = KNOWN) -> dict[str, list[str]]:
    """Return each person's keys, as their data."""
    try:
        return {
            str(name): list(map(str, keys)) for name, keys in json.loads(path.read_text()).items()
        }
    except (FileNotFoundError, ValueError):
        return {}


def with_keys(
    known: Mapping[str, list[str]], now: Iterable[tuple[str, str]]
) -> dict[str, list[str]]:
    """Return what is known with the keys that people have now."""
    found = {name: list(keys) for name, keys in known.items()}
    for name, key in now:
        words = key.split()
        if len(words) > 1 and words[1] not in found.setdefault(name, []):
            found[name].append(words[1])
    return found


def as_text(known: Mapping[str, list[str]]) -> str:
    """Return the file's text."""
    return json.dumps(dict(sorted(known.items())), indent=1) + "\n"

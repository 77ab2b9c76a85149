"""Check a resource's inputs: only what the table knows, with a name and the default tags."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from .failures import ProviderError
from .resource import ResourceType
from .values import UNKNOWN
from .values import Properties
from .values import has_unknown

# Where the checked inputs remember which of them the plugin chose (as the official one does).
DEFAULTS = "__defaults"


@dataclass(frozen=True)
class Failure:
    """Why an input can't be used."""

    property: str
    reason: str


def check(row: ResourceType, news: Properties) -> list[Failure]:
    """Return what is wrong with the inputs, one plain sentence each."""
    failures = [
        Failure(
            key,
            f"The rehearsal's AWS plugin does not know the property '{key}' of "
            f"{row.type}; it knows {', '.join(sorted(row.inputs))}.",
        )
        for key in sorted(news)
        if key not in row.accepted and not key.startswith("__")
    ]
    failures += [
        Failure(key, f"{row.short_name} needs '{key}'.")
        for key in sorted(row.required)
        if key not in news
    ]
    for group in row.required_one:
        if not group & news.keys():
            first, *others = sorted(group)
            wanted = f"one of {', '.join((first, *others))}" if others else f"'{first}'"
            failures.append(Failure(first, f"{row.short_name} needs {wanted}."))
    return failures


def additions(
    row: ResourceType,
    resource: str,
    olds: Properties,
    news: Properties,
    seed: bytes,
    default_tags: Mapping[str, str],
) -> Properties:
    """Return what the plugin adds to the inputs: a physical name, and all tags."""
    added: Properties = {}
    chosen = row.name.property if row.name else ""
    if row.name and chosen not in news and f"{chosen}Prefix" not in news:
        kept = olds.get(chosen) if chosen in olds.get(DEFAULTS, []) else None
        added[chosen] = kept or make_name(row, resource, seed)
        added[DEFAULTS] = [chosen]
    elif row.name and chosen not in news:
        prefix = news[f"{chosen}Prefix"]
        kept = olds.get(chosen) if olds.get(f"{chosen}Prefix") == prefix else None
        added[chosen] = kept or (UNKNOWN if prefix is UNKNOWN else f"{prefix}{_suffix(seed)}")
    if row.tags:
        added["tagsAll"] = all_tags(news, default_tags)
    return added


def all_tags(inputs: Properties, default_tags: Mapping[str, str]) -> object:
    """Return the provider's default tags and the resource's own."""
    tags = inputs.get("tags", {})
    return UNKNOWN if has_unknown(tags) else {**default_tags, **tags}


def make_name(row: ResourceType, resource: str, seed: bytes) -> str:
    """Return the resource's name, most often with seven digits, as the official plugin does.

    Raises ProviderError for a name that is too long then: the official plugin shortens none.
    """
    assert row.name is not None  # noqa: S101 - a row without a name has nothing to ask here
    base = resource.lower() if row.name.lower else resource
    if not row.name.digits:
        return base
    name = f"{base}-{_suffix(seed)}"
    if len(name) > row.name.longest:
        raise ProviderError(
            f"Could not make instance of '{row.type}': name '{base}-' plus 7 random chars is longer"
            f" than maximum length {row.name.longest}.",
            f"Give the resource a shorter name, or a '{row.name.property}' of its own.",
        )
    return name


def _suffix(seed: bytes) -> str:
    return hashlib.sha256(seed).hexdigest()[:7]

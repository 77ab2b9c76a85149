"""Compare what a program says now with what it said before (or with what a refresh saw)."""

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Literal

from .resource import Change
from .resource import Reach
from .resource import ResourceType
from .values import UNKNOWN
from .values import Asset
from .values import Properties
from .values import has_unknown

Kind = Literal["add", "delete", "update"]
_MISSING: Any = object()


@dataclass(frozen=True)
class Difference:
    """One difference, at a path as "tags.Name" or "cidrBlocks[0]"."""

    path: str
    kind: Kind

    @property
    def key(self) -> str:
        """The top-level property it is in."""
        return self.path.split(".", 1)[0].split("[", 1)[0]


def compare(row: ResourceType, old: Properties, new: Properties) -> list[Difference]:
    """Return the differences between two sets of inputs."""
    return [
        difference
        for key in sorted(old.keys() | new.keys())
        if not key.startswith("__")
        for difference in _compare_property(row, key, old, new)
    ]


def _compare_property(
    row: ResourceType, key: str, old: Properties, new: Properties
) -> Iterator[Difference]:
    # A region that isn't said is the provider's, which is where the object was found.
    if key not in new and (key in row.chosen or key == "region"):
        if key in row.missed and key in old:
            yield Difference(key, "delete")
        return
    default = row.defaults.get(key, _MISSING)
    before, after = old.get(key, default), new.get(key, default)
    normalise = row.normalise.get(key)
    both = before is not _MISSING and after is not _MISSING and not has_unknown(after)
    if normalise and both and normalise(before) == normalise(after):
        return
    yield from _walk(key, before, after)


def _walk(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if _same(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys()):
            yield from _walk(
                f"{path}{_step(key)}", before.get(key, _MISSING), after.get(key, _MISSING)
            )
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from _walk(f"{path}[{index}]", one, other)
    else:
        kind: Kind = "add" if before is _MISSING else "delete" if after is _MISSING else "update"
        yield Difference(path, kind)


def _step(key: str) -> str:
    return f".{key}" if key.replace("_", "a").isalnum() else f'["{key}"]'


def _same(before: Any, after: Any) -> bool:
    if after is UNKNOWN or before is UNKNOWN:
        return False
    if isinstance(before, Asset) and isinstance(after, Asset):
        return before.hash == after.hash if before.hash and after.hash else before == after
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after
    if _empty(before) and _empty(after):
        return True
    return bool(before == after)


def _empty(value: Any) -> bool:
    # The official plugin doesn't tell "not given" from an empty list or map either.
    return value is _MISSING or value in ([], {})


def replacing(
    row: ResourceType, change: Change, differences: list[Difference], reach: Reach
) -> set[str]:
    """Return the paths among ``differences`` that need a new object."""
    paths = row.replaces | (row.replaces_also(change, reach) if row.replaces_also else frozenset())
    paths |= {"region"} if row.regional else set()
    if row.calls.update is None:
        paths |= row.inputs
    return {
        difference.path
        for difference in differences
        if any(_within(difference.path, path) for path in paths)
        and not (difference.kind == "delete" and difference.path in row.missed)
    }


def _within(path: str, ancestor: str) -> bool:
    bare = "".join(part.split("]", 1)[-1] for part in path.split("["))
    return (
        bare == ancestor
        or bare.startswith(f"{ancestor}.")
        or (
            # All of a nested block appeared or went, and one property in it needs a new object.
            ancestor.startswith(f"{bare}.")
        )
    )


def change_of(
    row: ResourceType, old: Properties, state: Properties, new: Properties
) -> tuple[Change, list[Difference]]:
    """Return the change between two sets of inputs, and its differences one by one."""
    differences = compare(row, old, new)
    keys = frozenset(difference.key for difference in differences)
    return Change(old, state, new, keys), differences


def refreshed_inputs(row: ResourceType, inputs: Properties, outputs: Properties) -> Properties:
    """Return the inputs a program would have to give for what AWS has now.

    What the program doesn't say stays unsaid, unless it drifted from AWS's default.
    """
    result = {
        key: value
        for key, value in inputs.items()
        if key in outputs or key not in row.accepted or _empty(value)
    }
    for key in row.accepted & outputs.keys():
        seen = outputs[key]
        if key in inputs:
            candidate = _project(inputs[key], seen) if key not in ("tags", "tagsAll") else seen
            if compare(row, {key: inputs[key]}, {key: candidate}):
                result[key] = candidate
        elif key in row.defaults and compare(row, {}, {key: seen}):
            result[key] = seen
    if row.tags and "tags" not in inputs and outputs.get("tags"):
        result["tags"] = outputs["tags"]
    return result


def _project(given: Any, seen: Any) -> Any:
    # A nested block is compared only in what the program gave of it.
    if isinstance(given, Mapping) and isinstance(seen, Mapping):
        return {key: _project(value, seen[key]) for key, value in given.items() if key in seen}
    if isinstance(given, list) and isinstance(seen, list) and len(given) == len(seen):
        return [_project(one, other) for one, other in zip(given, seen, strict=True)]
    return seen


def imported_inputs(row: ResourceType, outputs: Properties) -> Properties:
    """Return the inputs of an object that was found by its id."""
    return {
        key: value
        for key, value in outputs.items()
        if key in row.accepted
        # The provider's own, which a program doesn't say.
        and key != "region"
        and not _empty(value)
        and (key not in row.defaults or compare(row, {}, {key: value}))
    }

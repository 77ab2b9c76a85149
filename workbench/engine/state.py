"""Read a stack's state: what exists, what is unfinished, its outputs."""

import json
import re
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any

from workbench.engine.damage import StateDamagedError
from workbench.engine.environment import backend_dir
from workbench.rehearsal.names import rehearsal_of

# The key by which the engine marks a secret, an asset or an archive in its state.
SIGNATURE = "4dabf18193072939515e22adb298388d"
_ARN = re.compile(r"arn:[\w-]+:ec2:(?P<region>[\w-]+):(?P<account>\d+):")
_DEFAULT_PROVIDER = "::pulumi:providers:aws::default"
ROOT = "pulumi:pulumi:Stack"
# More resources than this are only counted.
MOST_NAMED = 20


@dataclass(frozen=True)
class Resource:
    """One resource in the state, by its type (``aws:ec2/instance:Instance``) and name.

    ``changed`` are the properties that a step on it changes, ``inputs`` what is wanted of it then,
    and ``before`` what was wanted until then.
    """

    type: str
    name: str
    id: str = ""
    changed: tuple[str, ...] = field(default=(), compare=False)
    inputs: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    before: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def __str__(self) -> str:
        return f"{short_type(self.type)} {self.name}"


@dataclass(frozen=True)
class Place:
    """Where an object of AWS is: the account's number, and the region."""

    account: str
    region: str


@dataclass(frozen=True)
class State:
    """What the engine knows of a stack; without components and providers.

    ``places`` are those of the objects in EC2 that the stack made.
    """

    resources: tuple[Resource, ...] = ()
    pending: tuple[tuple[str, Resource], ...] = ()
    outputs: Mapping[str, Any] = field(default_factory=dict)
    places: frozenset[Place] = frozenset()

    def told(self) -> str:
        """Return a sentence on what exists."""
        if not self.resources:
            return "Nothing exists."
        named = ", ".join(str(each) for each in self.resources[:MOST_NAMED])
        more = len(self.resources) - MOST_NAMED
        return f"What exists: {named}{f' and {more} more' if more > 0 else ''}."


def short_name(stack_name: str) -> str:
    """Return a stack's name without its organization and project."""
    return stack_name.rpartition("/")[2]


def short_type(urn_type: str) -> str:
    """Return the last word of a type: ``Instance`` of ``aws:ec2/instance:Instance``."""
    return urn_type.rpartition(":")[2]


def urn_resource(urn: str, id_: str = "") -> Resource:
    """Return the resource that a URN names."""
    *_, kinds, name = urn.split("::")
    return Resource(kinds.rpartition("$")[2], name, id_)


def parse_state(deployment: Mapping[str, Any]) -> State:
    """Return what a deployment (``pulumi stack export``) says."""
    listed = deployment.get("resources") or []
    return State(
        resources=tuple(
            urn_resource(each["urn"], each.get("id", ""))
            for each in listed
            if each.get("custom") and not each["type"].startswith("pulumi:")
        ),
        pending=tuple(
            (each["type"], urn_resource(each["resource"]["urn"]))
            for each in deployment.get("pending_operations") or []
        ),
        outputs=next((each.get("outputs") or {} for each in listed if each["type"] == ROOT), {}),
        places=frozenset(_places(listed)),
    )


def _places(listed: Iterable[Mapping[str, Any]]) -> Iterator[Place]:
    """Give the places that the ARNs in EC2 name; those of other services may name none."""
    for each in listed:
        # A program's own providers have credentials and regions of their own.
        if _DEFAULT_PROVIDER not in each.get("provider", ""):
            continue
        # What was only looked up may be shared by another account.
        arn = "" if each.get("external") else (each.get("outputs") or {}).get("arn")
        if found := _ARN.match(str(arn)):
            yield Place(found["account"], found["region"])


def read_state_file(stack_name: str) -> State | None:
    """Return a rehearsal stack's state, from its file: a millisecond, and no engine.

    None where there is no such stack, or it isn't a rehearsal's. Raises StateDamagedError.
    """
    deployment = read_deployment_file(stack_name)
    return None if deployment is None else parse_state(deployment)


def read_deployment_file(stack_name: str) -> dict[str, Any] | None:
    """Return a rehearsal stack's deployment from its file, as ``read_state_file`` does."""
    path = state_file(stack_name)
    if path is None:
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        deployment = content["checkpoint"].get("latest") or {}
        parse_state(deployment)
    except FileNotFoundError:
        return None
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise StateDamagedError.named(stack_name, str(path)) from error
    return dict(deployment)


def read_outputs_fast(stack_name: str) -> dict[str, Any] | None:
    """Return a rehearsal stack's outputs from its state file.

    None where there is no such stack, it isn't a rehearsal's, or an output is a secret (the
    engine decrypts those: ``Stack.outputs``). Measured: 1 ms, against 150 ms for
    ``pulumi stack output --json`` and 300 ms to import the Automation API.
    """
    state = read_state_file(stack_name)
    if state is None or SIGNATURE in json.dumps(state.outputs):
        return None
    return dict(state.outputs)


def state_file(stack_name: str) -> Path | None:
    """Return the file with a rehearsal stack's state; None where there is none."""
    rehearsal = rehearsal_of(stack_name)
    if rehearsal is None:
        return None
    stacks = backend_dir(rehearsal) / ".pulumi" / "stacks"
    found = _stack_files(stacks, stack_name)
    return found[0] if found else None


def projects_of(stack_name: str) -> list[str]:
    """Return the projects whose stack of this name has something in its rehearsal, sorted.

    A state that can't be read may be of anything, so it counts.
    """
    rehearsal = rehearsal_of(stack_name)
    if rehearsal is None:
        return []
    stacks = backend_dir(rehearsal) / ".pulumi" / "stacks"
    return [path.parent.name for path in _stack_files(stacks, stack_name) if _has_objects(path)]


def _stack_files(stacks: Path, stack_name: str) -> list[Path]:
    return sorted(stacks.glob(f"*/{short_name(stack_name)}.json"))


def _has_objects(path: Path) -> bool:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return bool(parse_state(content["checkpoint"].get("latest") or {}).resources)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return True

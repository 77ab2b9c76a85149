"""What a row of the table says about one resource type."""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from botocore.exceptions import ClientError

from .cloud import Cloud
from .failures import HeldError
from .failures import InitializationError
from .failures import ProviderError
from .failures import explain
from .failures import is_gone
from .failures import is_held
from .values import UNKNOWN
from .values import Properties

Normalise = Callable[[Any], Any]


@dataclass(frozen=True)
class Change:
    """An update: what the program said before and says now, and which properties differ.

    ``old`` are the inputs of last time (or what a refresh saw in their place), ``state`` all
    outputs, ``new`` the inputs now.
    """

    old: Properties
    state: Properties
    new: Properties
    keys: frozenset[str]

    def __contains__(self, key: object) -> bool:
        return key in self.keys

    def any_of(self, *keys: str) -> bool:
        """Return whether one of the properties differs."""
        return not self.keys.isdisjoint(keys)


# Gives the API to who has to look something up before it is known what a change does.
Reach = Callable[[], Cloud]


@dataclass(frozen=True)
class Calls:
    """The API calls of a resource type.

    ``create`` returns the id. ``settle`` runs after it: waits, and settings that take a call of
    their own; when it fails the object is kept in the state, to be finished by the next update.
    ``read`` returns the outputs that AWS knows, or None when the object is gone; it is also how
    an import by id starts, with an empty state.
    """

    create: Callable[[Cloud, Properties], str]
    read: Callable[[Cloud, str, Properties], Properties | None]
    delete: Callable[[Cloud, str, Properties], None]
    update: Callable[[Cloud, str, Change], None] | None = None
    settle: Callable[[Cloud, str, Properties], None] | None = None


@dataclass(frozen=True)
class AutoName:
    """A physical name made from the resource's when the program gives none."""

    property: str = "name"
    longest: int = 255
    lower: bool = False
    # Seven digits behind it, so that two objects can be there at a time.
    digits: bool = True


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One row: names of properties as in the official plugin's schema, and what a change does."""

    type: str
    calls: Calls
    inputs: frozenset[str]
    required: frozenset[str] = frozenset()
    # Groups of inputs, of each of which at least one is required.
    required_one: tuple[frozenset[str], ...] = ()
    # Inputs that a program may leave out for others that aren't known here: AWS refuses it then.
    needed: frozenset[str] = frozenset()
    # Outputs that only AWS knows: unknown while a preview creates the object.
    computed: frozenset[str] = frozenset()
    # Inputs that AWS chooses when the program gives none; leaving them out changes nothing.
    chosen: frozenset[str] = frozenset()
    # … and those where leaving out what was given is an update all the same.
    missed: frozenset[str] = frozenset()
    # Outputs of what nothing here can have: empty, as with the official plugin.
    empty: frozenset[str] = frozenset()
    # Inputs (or paths in them, as "rootBlockDevice.encrypted") that need a new object.
    replaces: frozenset[str] = frozenset()
    # … and those that need one only in some cases.
    replaces_also: Callable[[Change, Reach], frozenset[str]] | None = None
    # A changed input → outputs that a preview of the update can't know.
    recomputed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    # What AWS takes when the program says nothing; a drift from it is a change too.
    defaults: Properties = field(default_factory=dict)
    # How to bring two ways of saying the same to one form, before they are compared.
    normalise: Mapping[str, Normalise] = field(default_factory=dict)
    name: AutoName | None = None
    tags: bool = False
    regional: bool = True
    delete_before_replace: bool = False
    # Seconds that creating, changing or deleting may take, unless the program says otherwise.
    limit: float = 600.0

    @property
    def accepted(self) -> frozenset[str]:
        """The input properties a program may give."""
        return (
            self.inputs
            | ({"tags", "tagsAll"} if self.tags else set())
            | ({"region"} if self.regional else set())
        )

    def create(self, cloud: Cloud, inputs: Properties) -> tuple[str, Properties]:
        """Create the object; return its id and outputs.

        Raises InitializationError when it exists but what follows its creation failed.
        """
        missing = sorted(self.needed - inputs.keys())
        if missing:
            raise ProviderError(
                f"AWS would refuse to create {self.short_name}: the request must contain the"
                f" parameter {missing[0]} (MissingParameter).",
                f"Give the resource {' and '.join(missing)}.",
            )
        cloud = self._place(cloud, inputs)
        identifier = self.calls.create(cloud, inputs)
        try:
            if self.calls.settle:
                self.calls.settle(cloud, identifier, inputs)
            outputs = self.read(cloud, identifier, inputs)
        except Exception as error:
            cause = explain(error, f"finish {self.short_name} {identifier}")
            raise InitializationError(cause, identifier) from error
        return identifier, outputs if outputs is not None else dict(inputs)

    def read(self, cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
        """Return the object's outputs, or None when it is gone."""
        cloud = self._place(cloud, state)
        try:
            seen = self.calls.read(cloud, identifier, state)
        except ClientError as error:
            if not is_gone(error):
                raise
            seen = None
        if seen is None:
            return None
        if self.regional:
            seen["region"] = cloud.region
        seen = {**dict.fromkeys(self.empty, ""), **seen}
        # A call that answers None for a property says that there is none; one that it doesn't
        # answer at all (what AWS never tells, as a password or a file's path) stays as it was.
        return {key: value for key, value in {**state, **seen}.items() if value is not None}

    def update(self, cloud: Cloud, identifier: str, change: Change) -> Properties:
        """Change the object in place; return its outputs."""
        cloud = self._place(cloud, change.state)
        if self.calls.update and change.keys:
            self.calls.update(cloud, identifier, change)
        elif self.calls.settle:
            # The engine asks for an update without a change to finish what a create began.
            self.calls.settle(cloud, identifier, change.new)
        kept = {
            key: value
            for key, value in change.state.items()
            if key not in self.inputs or key in self.chosen
        }
        return self.read(cloud, identifier, {**kept, **change.new}) or dict(change.new)

    def delete(self, cloud: Cloud, identifier: str, state: Properties) -> None:
        """Delete the object and wait until it is gone; one that is gone already is fine.

        What still uses it may be on its way out, so a refusal for that reason is tried again
        until the limit.
        """
        cloud = self._place(cloud, state)

        def delete() -> bool:
            try:
                self.calls.delete(cloud, identifier, state)
            except ClientError as error:
                if is_held(error):
                    raise HeldError from error
                if not is_gone(error):
                    raise
            return True

        try:
            what = f"what still uses {self.short_name} {identifier} to go"
            cloud.retry(delete, what, again=HeldError)
        except HeldError as held:
            raise held.__cause__ or held from None

    def preview_create(self, inputs: Properties) -> Properties:
        """Return the outputs as far as they can be known before the object exists."""
        made = self.computed | self.empty | self.chosen - inputs.keys()
        unknown = dict.fromkeys(made, UNKNOWN)
        return {**self.defaults, **unknown, **inputs}

    def preview_update(self, change: Change) -> Properties:
        """Return the outputs as far as they can be known before the change is made."""
        lost = frozenset().union(*(self.recomputed.get(key, frozenset()) for key in change.keys))
        kept = {
            key: value
            for key, value in change.state.items()
            if key not in self.inputs or key in self.chosen
        }
        return {**self.defaults, **kept, **dict.fromkeys(lost, UNKNOWN), **change.new}

    @property
    def short_name(self) -> str:
        """The last word of the token, as "SecurityGroup"."""
        return self.type.rsplit(":", 1)[-1]

    @staticmethod
    def _place(cloud: Cloud, properties: Properties) -> Cloud:
        region = properties.get("region")
        return cloud.in_region(region if isinstance(region, str) else None)


def names(text: str) -> frozenset[str]:
    """Return the words of a text as a set of property names."""
    return frozenset(text.split())

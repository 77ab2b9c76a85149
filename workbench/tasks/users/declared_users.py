"""The people that a stack's configuration declares: read, and written back."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from workbench.configured import PUBLIC_KEY
from workbench.configured import USERS
from workbench.engine.copies import refuse_lost_configuration
from workbench.engine.state import short_name
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.selection import find_project
from workbench.remote.stack_state import StackState


class InProgramError(WorkbenchError):
    """The people are in the stack's program, so no configuration can be read or changed."""


@dataclass(frozen=True)
class User:
    """A person as the configuration declares them."""

    name: str
    public_keys: tuple[str, ...] = ()
    administrator: bool = False
    # GiB of the data volume, where it isn't what everyone has.
    quota: int | None = None

    def as_config(self) -> dict[str, Any]:
        """Return what the configuration holds; what is the default isn't written."""
        entry: dict[str, Any] = {"name": self.name}
        if self.public_keys:
            entry["publicKeys"] = list(self.public_keys)
        if self.administrator:
            entry["administrator"] = True
        if self.quota is not None:
            entry["quota"] = self.quota
        return entry


@dataclass(frozen=True)
class DeclaredUsers:
    """Everyone with an account; ``is_default`` where the configuration names nobody yet.

    Of people ``in_program`` the names alone are known.
    """

    users: Mapping[str, User] = field(default_factory=dict)
    is_default: bool = False
    in_program: bool = False

    def find(self, name: str, stack: str) -> User:
        """Return a person; raise WorkbenchError, with the nearest name, when there is none."""
        if name in self.users:
            return self.users[name]
        near = difflib.get_close_matches(name, self.users, n=1)
        raise WorkbenchError(
            f"The stack {stack} has no user {name!r}" + (f"; {near[0]}?" if near else "."),
            f"workbench users.list --stack {stack}",
        )

    def with_user(self, user: User) -> "DeclaredUsers":
        """Return everyone, with this person added or as they are now."""
        return DeclaredUsers({**self.users, user.name: user})

    def without(self, name: str) -> "DeclaredUsers":
        """Return everyone but this person."""
        return DeclaredUsers({n: user for n, user in self.users.items() if n != name})

    def as_config(self) -> list[dict[str, Any]]:
        """Return the configuration's value."""
        return [user.as_config() for user in self.users.values()]

    def written_out(self) -> list[str]:
        """Return what a plan says of a default that becomes explicit."""
        if not self.is_default:
            return []
        name = next(iter(self.users))
        return [
            f"The configuration names no users yet, so {name} is there by default;",
            f"{name} is written into it now, and stays as it is.",
        ]


def read_changeable(state: StackState, name: str) -> DeclaredUsers:
    """Return everyone whom the configuration declares, for a change of ``name`` alone.

    Raises WorkbenchError where it has other people than the stack: a colleague's change that was
    never pulled would be undone along the way, and shut someone out. That ``name`` is in one of the
    two only is no obstacle: a change of theirs was interrupted, and continues.
    """
    declared = read_declared(state)
    # Written out without the key that the program knows, the default user would lose it.
    if declared.is_default and PUBLIC_KEY not in state.config:
        raise _in_program(state, list(declared.users))
    applied = set(state.target().users) if "users" in state.outputs else set(declared.users)
    only = {
        "in the stack": sorted(applied - {*declared.users, name}),
        "in the configuration": sorted({*declared.users} - {*applied, name}),
    }
    told = [f"{', '.join(names)} only {where}" for where, names in only.items() if names]
    if told:
        raise WorkbenchError(
            f"The configuration of {state.stack} here has other people than the stack"
            f" ({'; '.join(told)}), and this would change them, too. Nothing was changed.",
            f"git pull   where someone else has changed Pulumi.{short_name(state.stack)}.yaml;"
            f" where it is right as it is:\n  workbench up --stack {state.stack}   applies it;"
            " then the same again",
        )
    return declared


def read_people(state: StackState) -> DeclaredUsers:
    """Return everyone, as the configuration declares them, or else the outputs name them."""
    try:
        return read_declared(state)
    except InProgramError:
        names = state.target().users
        return DeclaredUsers({name: User(name) for name in names}, in_program=True)


def read_declared(state: StackState) -> DeclaredUsers:
    """Return everyone whom the stack's configuration declares, or the default.

    Raises InProgramError where the people are in the stack's program instead, and WorkbenchError
    where the configuration is lost.
    """
    if state.others:
        # Of several workbenches, it can be none's alone.
        raise _in_program(state, state.target().users)
    try:
        entries = state.configured.users
    except ConfigError as error:
        raise WorkbenchError(
            f"The users of the stack {state.stack} can't be read: {error.message}",
            f"pulumi config get {USERS} --stack {state.stack}   shows it;"
            " docs/configuration.md says how it looks",
        ) from error
    if entries is None:
        refuse_lost_configuration(state.stack, find_project())
        return _default(state)
    users = [_user(entry) for entry in entries]
    return DeclaredUsers({user.name: user for user in users})


def _default(state: StackState) -> DeclaredUsers:
    """Return the one person the program makes when nobody is named."""
    # As the outputs say; before there are any, as the components have it (they import Pulumi).
    from workbench.components.users import DEFAULT_USER

    names = state.target().users if state.outputs else [DEFAULT_USER]
    if names != [DEFAULT_USER]:
        raise _in_program(state, names)
    key = (state.configured.public_key or "").strip()
    return DeclaredUsers({names[0]: User(names[0], (key,) if key else (), True)}, is_default=True)


def _in_program(state: StackState, names: list[str]) -> InProgramError:
    return InProgramError(
        f"The people of the stack {state.stack} ({', '.join(names) or 'nobody'}) are not in"
        " its configuration, but in its program.",
        "Change the program"
        if state.others
        else f"Change the program; or have it read {USERS}, and set that",
    )


def _user(entry: Mapping[str, Any]) -> User:
    return User(
        str(entry["name"]),
        tuple(entry.get("public_keys") or ()),
        bool(entry.get("administrator")),
        entry.get("quota"),
    )

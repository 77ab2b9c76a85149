"""Who has an account on a new workbench, and from where SSH is let in."""

import getpass
import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workbench.configured import Configured
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.own_address import OwnAddressError
from workbench.remote.own_address import find_own_address
from workbench.remote.stack_state import StackState
from workbench.tasks.init.interview import Interview
from workbench.tasks.users.declared_users import DeclaredUsers
from workbench.tasks.users.declared_users import User
from workbench.tasks.users.declared_users import read_declared

NONE = "none"
SSH_OPTION = "--ssh-from"


def ask_users(
    interview: Interview,
    users: str | None,
    administrators: str | None,
    stack: str,
    present: Mapping[str, str],
) -> DeclaredUsers:
    """Return who has an account; keys of those who have one already stay."""
    there = read_declared(StackState(stack, config=present))
    # A stack that was configured has at least the default user; a new one nobody yet.
    known = there.users if Configured(present).has("users", "public_key") else {}
    default = ", ".join(known) or (_login_name() if interview.interactive else "")
    names = interview.answer("Users, separated by commas", "--users", users, _names, default)
    chosen = {name: known.get(name) or User(name) for name in names}
    admins = interview.answer(
        "Which of them are administrators, who may use sudo, or none",
        "--administrators",
        administrators,
        lambda text: _among(text, names),
        ", ".join(name for name, user in chosen.items() if user.administrator) or NONE,
    )
    declared = {name: replace(user, administrator=name in admins) for name, user in chosen.items()}
    return DeclaredUsers(declared, is_default=there.is_default and declared == dict(there.users))


def ask_ssh_from(interview: Interview, ssh_from: str | None, present: Mapping[str, str]) -> Any:
    """Return the ranges of addresses that may use SSH."""
    configured = Configured(present)
    default = ", ".join(configured.ssh_from) or NONE if configured.has("ssh_from") else ""
    if not default and ssh_from is None:
        default = _own_range(interview)
    return interview.answer(
        "Addresses that may use SSH, or none", SSH_OPTION, ssh_from, _ranges, default
    )


def _own_range(interview: Interview) -> str:
    try:
        return f"{find_own_address()}/32"
    except OwnAddressError as error:
        if not interview.interactive:
            raise OwnAddressError(error.message, f"{SSH_OPTION} 203.0.113.7/32") from error
        interview.say(error.message)
        return ""


def _ranges(text: str) -> list[str]:
    from workbench.components.validation import check_network

    if text.lower() == NONE:
        return []
    ranges = [check_network(_as_range(each), "What may use SSH") for each in _words(text)]
    return list(dict.fromkeys(ranges))


def _as_range(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    return f"{text}/{address.max_prefixlen}"


def _names(text: str) -> list[str]:
    from workbench.components.users import check_users

    return [user["name"] for user in check_users([{"name": n} for n in _words(text)], "users")]


def _among(text: str, names: list[str]) -> list[str]:
    if text.lower() == NONE:
        return []
    strangers = [each for each in _words(text) if each not in names]
    if strangers:
        raise ConfigError(
            f"{strangers[0]!r} isn't one of the users: {', '.join(names)}.",
            "--administrators takes names from --users, or none",
        )
    return _words(text)


def _words(text: str) -> list[str]:
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise ConfigError("That is empty.", "Give one or more, separated by commas")
    return words


def _login_name() -> str:
    try:
        return _names(getpass.getuser())[0]
    except (WorkbenchError, OSError, KeyError):
        return ""

"""The people of a workbench, each with an account of their own."""

from typing import Any
from typing import NotRequired
from typing import TypedDict

import pulumi

from workbench.components.errors import ArgumentError
from workbench.components.machine_images import OPERATING_SYSTEMS
from workbench.components.validation import check_flag
from workbench.components.validation import check_number
from workbench.components.validation import check_public_key
from workbench.components.validation import check_user_name
from workbench.host.service_table import reserved_accounts

# The book's lab user, who may use sudo.
DEFAULT_USER = "test-user"
# What the recipe refuses, said before anything is made; a test keeps the two in step.
_RESERVED = {
    # base-passwd's accounts, and groups that a person's own group can't be.
    *("bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data"),
    *("backup", "list", "irc", "_apt", "messagebus", "systemd-network"),
    *("adm", "sudo", "shadow", "disk", "docker", "users", "staff"),
    *("root", "daemon", "nobody", "workbench"),
    *reserved_accounts(),
    "ssm-user",
    *(system.administrator for system in OPERATING_SYSTEMS.values()),
}


class User(TypedDict):
    """One person's account on the server."""

    name: str
    """The user's name: lower-case letters, digits, `-` and `_`."""

    public_keys: NotRequired[list[str]]
    """The user's public keys in OpenSSH form, for SSH. Default: none."""

    administrator: NotRequired[bool]
    """Whether the user may use sudo. Default: false."""

    quota: NotRequired[int]
    """The GiB of the data volume that the user's files may take, 1 to 16384. Default:
    the workbench's own quota for homes."""


def default_users(public_key: pulumi.Input[str]) -> list[dict[str, Any]]:
    """Return the book's lab user, for a workbench that names no users."""
    return [{"name": DEFAULT_USER, "public_keys": [public_key], "administrator": True}]


def check_users(users: list[User], what: str) -> list[dict[str, Any]]:
    """Return the users as the settings list them."""
    checked = [_check_user(user, f"{what}[{index}]") for index, user in enumerate(users)]
    names = [user["name"] for user in checked]
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError(f"{what} has {name!r} twice.", "Give each person one account.")
    return checked


def _check_user(user: User, what: str) -> dict[str, Any]:
    name = check_user_name(user.get("name"), f"{what}.name")
    if name in _RESERVED:
        raise ArgumentError(
            f"{what}.name is {name!r}, which is an account of the system.", "Choose another name."
        )
    keys = user.get("public_keys") or []
    return {
        "name": name,
        "public_keys": [
            check_public_key(key, f"{what}.public_keys[{index}]") for index, key in enumerate(keys)
        ],
        "administrator": check_flag(user.get("administrator") or False, f"{what}.administrator"),
        **_quota(user.get("quota"), f"{what}.quota"),
    }


def _quota(quota: object, what: str) -> dict[str, int]:
    return {} if quota is None else {"quota": check_number(quota, what, 1, 16384, "GiB")}

"""The people of a workbench, each with an account of their own."""

from collections.abc import Sequence
from typing import Any
from typing import NotRequired
from typing import TypedDict

import pulumi

from workbench.components.component import check_object
from workbench.components.errors import ArgumentError
from workbench.components.late import checked
from workbench.components.late import each
from workbench.components.late import is_late
from workbench.components.validation import check_flag
from workbench.components.validation import check_number
from workbench.components.validation import check_person_name
from workbench.components.validation import check_public_key

# The book's lab user, who may use sudo.
DEFAULT_USER = "test-user"


class User(TypedDict):
    """One person's account on the server."""

    name: pulumi.Input[str]
    """The user's name: lowercase letters, digits, `-` and `_`."""

    public_keys: NotRequired[pulumi.Input[Sequence[pulumi.Input[str]]]]
    """The user's public keys in OpenSSH form, for SSH. Default: none."""

    administrator: NotRequired[pulumi.Input[bool]]
    """Whether the user may use sudo. Default: false."""

    quota: NotRequired[pulumi.Input[int]]
    """The GiB of the data volume that the user's files may take, 1 to 16384. Default:
    the workbench's own quota for homes."""


def default_users(public_key: pulumi.Input[str]) -> list[dict[str, Any]]:
    """Return the book's lab user, for a workbench that names no users."""
    return [{"name": DEFAULT_USER, "public_keys": [public_key], "administrator": True}]


def check_users(users: Sequence[pulumi.Input[User]], what: str) -> list[Any]:
    """Return the users as the settings list them; what isn't known yet is an output in them."""
    made = each(_check_user)(users, what)
    known = [user["name"] for user in made if not is_late(user)]
    for name in known:
        if not is_late(name) and known.count(name) > 1:
            raise ArgumentError(f"{what} has {name!r} twice.", "Give each person one account.")
    return made


def _check_user(user: User, what: str) -> dict[str, Any]:
    check_object(User, user, what, "Workbench")
    quota = user.get("quota")
    size = {} if quota is None else {"quota": checked(_check_quota, quota, f"{what}.quota")}
    return {
        "name": checked(check_person_name, user.get("name"), f"{what}.name"),
        "public_keys": checked(
            each(check_public_key), user.get("public_keys") or [], f"{what}.public_keys"
        ),
        "administrator": checked(
            check_flag, user.get("administrator") or False, f"{what}.administrator"
        ),
        **size,
    }


def _check_quota(quota: object, what: str) -> int:
    return check_number(quota, what, 1, 16384, "GiB")

"""The people that the server itself knows: accounts, passwords, keys."""

from dataclasses import dataclass
from dataclasses import fields
from typing import Any

from workbench.checks.target import Server
from workbench.errors import WorkbenchError
from workbench.terminal import read_json

REPORT = (
    "sudo env PYTHONPATH=/opt/workbench/recipe/current"
    " /usr/bin/python3 -m workbench.host.people.people"
)
# What homes take is counted for 20 s at most.
LIMIT = 60.0


@dataclass(frozen=True)
class ServerKey:
    """A key that opens an account; ``declared`` when it is of the stack's configuration."""

    type: str
    fingerprint: str
    comment: str
    declared: bool


@dataclass(frozen=True)
class ServerUser:
    """A person's account on the server; times in seconds since 1970, sizes in bytes."""

    name: str
    uid: int
    home: str
    home_bytes: int | None
    member: bool
    administrator: bool
    disabled: bool
    password: bool
    keys: tuple[ServerKey, ...]
    last_sign_in: float | None
    processes: int
    # By sudo's own answer; a server with an older recipe doesn't give it.
    sudo: bool = False


def read_server_users(
    server: Server, stack: str, *, with_disk: bool = False
) -> dict[str, ServerUser]:
    """Return everyone's account on the server, by name."""
    answer = server.run(f"{REPORT} disk" if with_disk else REPORT, limit=LIMIT)
    try:
        return {entry["name"]: _user(entry) for entry in read_json(answer.stdout)}
    except (ValueError, KeyError, TypeError) as error:
        said = (answer.stderr.strip().splitlines() or [str(error)])[-1]
        raise WorkbenchError(
            "The server's recipe is of another version than this command, or has not run to its"
            f" end yet ({said}).",
            f"workbench up --stack {stack}",
        ) from error


def is_taken(server: Server, name: str) -> bool:
    """Return whether a package on the server has taken the name, for an account or a group."""
    answer = server.run(f"getent passwd {name} || getent group {name}")
    number = answer.stdout.split(":")[2:3]
    return bool(number) and int(number[0]) < 1000


def _user(entry: dict[str, Any]) -> ServerUser:
    entry = {"sudo": entry["administrator"], **entry}
    known = {each.name: entry[each.name] for each in fields(ServerUser)}
    return ServerUser(**(known | {"keys": tuple(ServerKey(**key) for key in entry["keys"])}))

"""Who may use sudo: asked of sudo itself, which knows groups, aliases and included files."""

import json
import shlex
from collections.abc import Iterator
from typing import Any

from workbench.host import places
from workbench.host.people.sudo_rights import lets
from workbench.host.rights.rights_server import People
from workbench.host.rights.rights_server import Server
from workbench.host.rights.rights_server import Way
from workbench.host.rights.rights_server import included

SUDOERS = "/etc/sudoers"
# In a view of its own where nobody is in the administrators' group: what a person would have
# left without it.
_WITHOUT_GROUP = (
    'trap \'rm -f "$copy"\' EXIT; copy=$(mktemp) && chmod 644 "$copy" &&'
    f" sed 's/^\\({places.ADMINISTRATORS}:.*\\):.*/\\1:/' /etc/group > \"$copy\" &&"
    ' unshare --mount --propagation private sh -c \'mount --bind "$0" /etc/group && exec "$@"\''
    ' "$copy" "$@"'
)


def find(server: Server, people: People) -> Iterator[Way]:
    """Give everyone who may use sudo and shouldn't, by the file that lets them."""
    for person in people.limited:
        if not person.home:
            continue
        supposed = person.name in people.supposed
        if not lets(_ask(server, supposed, "sudo", "-n", "-l", "-U", person.name)):
            continue
        files = [file for file in _files(server) if _specs(server, supposed, file, person.name)]
        # The main file's answer holds what it includes.
        for file in [each for each in files if each != SUDOERS] or [SUDOERS]:
            yield Way(
                person.name,
                "sudo",
                f"{file} lets {person.name} use sudo",
                _fix(server, file, person.name),
            )


def _ask(server: Server, supposed: bool, *command: str) -> str:
    if supposed:
        return server.ask("sh", "-c", _WITHOUT_GROUP, "sh", *command)
    return server.ask(*command)


def _files(server: Server) -> list[str]:
    """Return the files that sudo reads."""
    return [file for file in included(server, SUDOERS, _includes) if not file.endswith("~")]


def _includes(server: Server, line: str) -> Iterator[str]:
    word, _, rest = line.strip().partition(" ")
    place = rest.strip().strip('"')
    if word in ("@include", "#include"):
        yield place if place.startswith("/") else f"/etc/{place}"
    elif word in ("@includedir", "#includedir"):
        # As sudo reads them: no backups, no packages' leftovers.
        files = server.files(place)
        yield from (each for each in files if "." not in each.rpartition("/")[2])


def _specs(server: Server, supposed: bool, file: str, name: str) -> list[dict[str, Any]]:
    """Return what a file gives to a person."""
    match = ("cvtsudoers", "-M", "-m", f"user={name}", "-e", "-f", "json")
    said = _ask(server, supposed, *match, str(server.path(file)))
    return _user_specs(said)


def _user_specs(said: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(said)
    except ValueError:
        return []
    return list(found.get("User_Specs", [])) if isinstance(found, dict) else []


def _fix(server: Server, file: str, name: str) -> str:
    """Return what takes the right away: a file that has nothing else in it can go."""
    everything = _user_specs(server.ask("cvtsudoers", "-e", "-f", "json", str(server.path(file))))
    # A group is others', too.
    only = all(
        len(users := spec.get("User_List", [])) == 1
        and not {"usergroup", "usergid"} & set(users[0])
        for spec in everything
    )
    quoted = shlex.quote(file)
    if only and file != SUDOERS and len(_specs(server, False, file, name)) == len(everything):
        return f"rm {quoted}"
    return f"visudo -f {quoted}"

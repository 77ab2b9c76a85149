"""The administrator's keys: those of the configuration, and those on the server."""

from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.private_key import read_public_halves
from workbench.remote.stack_state import StackState
from workbench.tasks.command_name import as_typed
from workbench.tasks.users.public_keys import comment
from workbench.tasks.users.public_keys import fingerprint

_TYPES = ("ssh-", "ecdsa-", "sk-")
# Around the recipe's own lines; a test keeps them in step with the recipe.
BEGIN = "# The workbench's stack configuration: begin"
END = "# The workbench's stack configuration: end"


def read_keys(state: StackState, progress: Progress) -> list[dict[str, Any]]:
    """Return the keys; ``on_server`` is None where the server doesn't answer.

    ``by_recipe`` tells those that the recipe put there.
    """
    declared = {fingerprint(key): key for key in state.configured.all_administrator_keys}
    lines = read_lines(state, progress)
    there = None if lines is None else keys_in(lines)
    ours = keys_in(in_block(lines or ()))
    here = _here(state)
    return [
        {
            "fingerprint": mark,
            "type": key.split()[0],
            "comment": comment(key),
            "declared": mark in declared,
            "on_server": None if there is None else mark in there,
            "by_recipe": mark in ours,
            "file": here.get(mark),
        }
        for mark, key in ((there or {}) | declared).items()
    ]


def print_keys(found: list[dict[str, Any]], stack: str) -> None:
    """Print the keys, each fingerprint whole: it is copied."""
    for key in found:
        print(key["fingerprint"])
        print(f"    {', '.join([key['comment'] or key['type'], *_told(key)])}")
    print(as_typed(f"\n  workbench ssh.keys.rotate --stack {stack}   replaces this computer's"))


def keys_in(lines: Iterable[str]) -> dict[str, str]:
    """Return the keys of an authorized_keys file, by their fingerprints."""
    found = {}
    for line in lines:
        words = line.split()
        # Options may stand before the type, with blanks in quotes.
        at = next((i for i, word in enumerate(words[:-1]) if word.startswith(_TYPES)), None)
        if at is None or line.lstrip().startswith("#"):
            continue
        # Every key's data begins with the length of its type's name: three zeros, in base64.
        if words[at + 1].startswith("AAAA"):
            found[fingerprint(" ".join(words[at:]))] = " ".join(words[at:])
    return found


def in_block(lines: Iterable[str]) -> Iterator[str]:
    """Give those lines of an authorized_keys file that the recipe wrote."""
    ours = False
    for line in lines:
        ours = (ours or line == BEGIN) and line != END
        if ours:
            yield line


def read_lines(state: StackState, progress: Progress) -> list[str] | None:
    """Return the administrator's authorized_keys; None where the server doesn't answer."""
    with progress.phase("Keys on the server"):
        try:
            answer = state.server.run("cat ~/.ssh/authorized_keys")
        except WorkbenchError as error:
            progress.say(error.message)
            return None
    return answer.stdout.splitlines()


def _here(state: StackState) -> dict[str, str]:
    """Return the private keys on this computer, by their public halves' fingerprints."""
    found: dict[str, str] = {}
    for private, text in read_public_halves(state.key_folders):
        for mark in keys_in(text.splitlines()):
            if private.is_file():
                found.setdefault(mark, str(private))
    return found


def _told(key: dict[str, Any]) -> list[str]:
    told = []
    if not key["declared"]:
        told.append(
            "removed, still on the server" if key["by_recipe"] else "put on the server manually"
        )
    if key["declared"] and key["on_server"] is False:
        told.append("not on the server yet")
    if key["file"]:
        told.append("on this computer")
    return told

"""Names of rehearsals, of their stacks, and of what they make on this computer."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import ConfigError
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.description import rehearsals_dir
from workbench.writing import put_file

DEFAULT = "default"
# The stack of the default rehearsal; of any other, this and its name.
STACK = "rehearsal"
# What the description of an AMI says that has another operating system's machine image.
PLAYED = "in this rehearsal, a machine with"
# In a rehearsal's folder: the stack with a name of a person's own that lives in it.
OWN_STACK = "stack.json"

# Part of a Docker network's, a bridge's and a host name: short, lower case, no dots.
_VALID = re.compile(r"[a-z][a-z0-9-]{0,30}")

_UNNAMED = re.compile(r"workbench rehearsal\.(?:start|stop|status|reset)\b(?! --name)")


def check_name(rehearsal: str) -> str:
    """Return ``rehearsal`` if it can be a rehearsal's name.

    Raises ConfigError where it can't: it becomes part of host names and Docker names.
    """
    if _VALID.fullmatch(rehearsal) and not rehearsal.endswith("-"):
        return rehearsal
    raise ConfigError(
        f"{rehearsal!r} can't be a rehearsal's name: it takes up to 31 lowercase letters, digits"
        " and hyphens, and starts with a letter.",
        "Choose another name, for example: upgrade-test",
    )


def stack_name(rehearsal: str) -> str:
    """Return the name of the stack that a rehearsal's workbench belongs to."""
    own = dict(_own_stacks()).get(rehearsal)
    return own or (STACK if rehearsal == DEFAULT else f"{STACK}-{rehearsal}")


def rehearsal_of(stack: str) -> str | None:
    """Return the rehearsal a stack lives in, or None for a stack on AWS.

    ``stack`` may be qualified (organization/project/stack). One with a name of a person's own
    lives in a rehearsal for the project around here only: others may have a stack of its name.
    """
    short = stack.rpartition("/")[2]
    if short == STACK:
        return DEFAULT
    name = short.removeprefix(f"{STACK}-")
    if name != short and _VALID.fullmatch(name):
        return name
    return next((rehearsal for rehearsal, own in _own_stacks() if own == short), None)


def place_stack(rehearsal: str, stack: str, project: Path) -> None:
    """Let a project's stack with a name of its own live in a rehearsal.

    Raises ConfigError where the rehearsal has another one already.
    """
    before = _read_own(rehearsal_dir(rehearsal) / OWN_STACK)
    wanted = {"stack": stack, "project": str(project.resolve())}
    if before not in ({}, wanted):
        raise ConfigError(
            f"The rehearsal {rehearsal!r} is that of the stack {before['stack']} in"
            f" {before['project']} already.",
            f"workbench rehearsal.config --stack {stack} --name mine   uses another one",
        )
    put_file(rehearsal_dir(rehearsal) / OWN_STACK, json.dumps(wanted) + "\n")


def _own_stacks() -> Iterator[tuple[str, str]]:
    """Give (rehearsal, stack) for the stacks with names of their own of the project around here."""
    for path in rehearsals_dir().glob(f"*/{OWN_STACK}"):
        own = _read_own(path)
        if own and Path.cwd().is_relative_to(own["project"]):
            yield path.parent.name, own["stack"]


def _read_own(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return {key: str(content[key]) for key in ("stack", "project")}
    except (OSError, ValueError, LookupError, TypeError):
        return {}


def with_name(text: str, rehearsal: str) -> str:
    """Have commands in ``text`` that name no rehearsal be about this one."""
    if rehearsal == DEFAULT:
        return text
    return _UNNAMED.sub(rf"\g<0> --name {rehearsal}", text)


def network_name(rehearsal: str) -> str:
    """Return the name of the rehearsal's Docker network."""
    return f"workbench-{rehearsal}"


def container_name(rehearsal: str, instance_id: str) -> str:
    """Return the name of the container that is an instance."""
    return f"workbench-{rehearsal}-{instance_id}"

"""Names of rehearsals, of their stacks, and of what they make on this computer."""

import re

from workbench.errors import ConfigError

DEFAULT = "default"
# The stack of the default rehearsal; of any other, this and its name.
STACK = "rehearsal"

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
    return STACK if rehearsal == DEFAULT else f"{STACK}-{rehearsal}"


def rehearsal_of(stack: str) -> str | None:
    """Return the rehearsal a stack lives in, or None for a stack on AWS.

    ``stack`` may be qualified (organization/project/stack).
    """
    short = stack.rpartition("/")[2]
    if short == STACK:
        return DEFAULT
    name = short.removeprefix(f"{STACK}-")
    return name if name != short and _VALID.fullmatch(name) else None


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

"""The text of a host alias: what OpenSSH has to know of one workbench."""

import re

from workbench.errors import ConfigError
from workbench.remote.ssh_target import Door

DEFAULT = "workbench"
# No pattern, and OpenSSH compares names in lower case.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}", re.ASCII)
_STACK = re.compile(r"^# Stack: (.*)$", re.MULTILINE)
_WORKBENCH = re.compile(r"^# Workbench: (.*)$", re.MULTILINE)
_PROJECT = re.compile(r"^# Project: (.*)$", re.MULTILINE)
_USER = re.compile(r"^ *User (.*)$", re.MULTILINE)


def check_alias(name: str) -> str:
    """Return an alias that OpenSSH takes for a host's name."""
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"{name!r} can't be an alias: use lowercase letters, digits, '.', '_' and '-', at"
            " most 63.",
            "--alias lab",
        )
    return name


def render_alias(alias: str, stack: str, door: Door, project: str = "", workbench: str = "") -> str:
    """Return the text of an alias's file; ``project`` is the folder that the stack is of."""
    options = {
        "HostName": door.host,
        "Port": str(door.port),
        "User": door.user,
        **door.options,
        "ServerAliveInterval": "30",
        "ServerAliveCountMax": "6",
    }
    lines = (f"    {name} {value}\n" for name, value in options.items())
    of_project = f"# Project: {project}\n" if project else ""
    of_workbench = f"# Workbench: {workbench}\n" if workbench else ""
    return (
        "# Written by `workbench ssh.config`, which writes it again each time.\n"
        f"# Stack: {stack}\n"
        f"{of_workbench}{of_project}Host {alias}\n{''.join(lines)}"
    )


def stack_of(text: str) -> str:
    """Return the stack that an alias's text is for; empty where it doesn't say."""
    found = _STACK.search(text)
    return found[1] if found else ""


def workbench_of(text: str) -> str:
    """Return the workbench of its stack that an alias's text is for; empty where not known."""
    found = _WORKBENCH.search(text)
    return found[1] if found else ""


def project_of(text: str) -> str:
    """Return the folder that an alias's stack is of; empty where it doesn't say."""
    found = _PROJECT.search(text)
    return found[1] if found else ""


def user_of(text: str) -> str:
    """Return the user that an alias's text signs in as."""
    found = _USER.search(text)
    return found[1] if found else ""

"""Whether someone may use sudo, by sudo's own answer. Standard library only."""

import subprocess


def may_use_sudo(name: str) -> bool:
    """Say whether sudo lets a person run anything."""
    said = subprocess.run(
        ["sudo", "-n", "-l", "-U", name], capture_output=True, text=True, check=False
    ).stdout
    return lets(said)


def lets(said: str) -> bool:
    """Say whether sudo's list for a person has any command in it."""
    return "may run the following" in said

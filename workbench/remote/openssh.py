"""How OpenSSH's own client is told which server it is to meet, and by which key."""

from pathlib import Path


def openssh_options(
    key: Path, host_key_alias: str, known_hosts: Path, proxy_command: str | None = None
) -> dict[str, str]:
    """Return the options for a server: our key alone, its pinned host keys alone."""
    return {
        **({"ProxyCommand": proxy_command} if proxy_command else {}),
        "IdentityFile": as_value(key),
        # Whatever an agent holds besides: sshd ends a connection after some keys it refuses.
        "IdentitiesOnly": "yes",
        "HostKeyAlias": host_key_alias,
        "UserKnownHostsFile": as_value(known_hosts),
        "StrictHostKeyChecking": "yes",
        "UpdateHostKeys": "no",
        "CheckHostIP": "no",
    }


def as_value(path: Path) -> str:
    """Return a path as an option's value: options know tokens, and lists with blanks."""
    text = str(path).replace("%", "%%")
    # macOS's folders have blanks.
    return f'"{text}"' if " " in text else text

"""Passwords: made or asked for here, set only on the server, over SSH's standard input."""

import os
import secrets
import sys
from getpass import getpass
from pathlib import Path

from workbench.checks.target import Server
from workbench.errors import WorkbenchError

# 25 letters and digits: 136 bits. Without vowels and what looks like them there is no word in it,
# and with letters, capitals and signs nothing that the server's rule finds too simple: of 15
# random bytes as base64 it refused one in 150.
LETTERS = "bcdfghjkmnpqrstvwxzBCDFGHJKMNPQRSTVWXZ256789"
GROUPS, IN_GROUP = 5, 5
SET_COMMAND = "sudo workbench-passwd"
# What it ends with when a password is too easy to guess, whose rule is the server's.
TOO_EASY = 4
SHORTEST = 8
LONGEST = 200


class PasswordError(WorkbenchError):
    """What was given is no password to set; whoever asked knows what that leaves undone."""


def password_path(folder: Path, user: str) -> Path:
    """Return where this computer keeps a user's password (rehearsals only)."""
    return folder / f"password-{user}"


def read_password(folder: Path, user: str) -> str | None:
    """Return the password this computer knows of a user."""
    try:
        return password_path(folder, user).read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def keep_password(folder: Path, user: str, password: str) -> Path:
    """Write a password where only its owner can read it."""
    path = password_path(folder, user)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The mode from the first byte on: a later chmod would leave a moment for others to read it.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{password}\n")
    return path


def has_password(server: Server, user: str) -> bool:
    """Return whether the account on the server has a password."""
    answer = server.run(f"sudo passwd --status {user}")
    if not answer.ok:
        raise WorkbenchError(
            f"There is no account {user} on the server yet: {answer.stderr.strip()}",
            "sudo systemctl start workbench-converge   (on the server)",
        )
    return answer.stdout.split()[1:2] == ["P"]


def set_password(server: Server, user: str, password: str) -> None:
    """Set a user's password on the server, which keeps its hash on the data volume."""
    answer = server.run(f"{SET_COMMAND} {user}", stdin=f"{password}\n")
    if not answer.ok:
        raise WorkbenchError(
            f"The server didn't accept the password of {user}: {answer.stderr.strip()}",
            f"{SET_COMMAND} {user}   (on the server)",
        )


def check_password(server: Server, user: str, password: str) -> None:
    """Raise PasswordError when the server finds a password too easy to guess."""
    answer = server.run(f"{SET_COMMAND} --check {user}", stdin=f"{password}\n")
    # Others are of a server from before the rule, which has no such option.
    if answer.exit_code == TOO_EASY:
        raise PasswordError(answer.stderr.strip(), "Run the same command again")


def make_password(folder: Path, server: Server, user: str) -> Path:
    """Set the password that is kept here, or a new one: kept before it is set, so never lost."""
    password = _kept_password(folder, server, user) or generate_password()
    path = keep_password(folder, user, password)
    set_password(server, user, password)
    return path


def _kept_password(folder: Path, server: Server, user: str) -> str | None:
    """Return the password that is kept here, unless it is of before the rule and too easy."""
    password = read_password(folder, user)
    try:
        if password is not None:
            check_password(server, user, password)
    except PasswordError:
        return None
    return password


def generate_password() -> str:
    """Return a new random password."""
    groups = ("".join(secrets.choice(LETTERS) for _ in range(IN_GROUP)) for _ in range(GROUPS))
    return "-".join(groups)


def ask_password(user: str, *, from_stdin: bool) -> str | None:
    """Return a password read from standard input or typed twice; None without a terminal.

    Raises PasswordError, without a hint where it is about the command and not the password.
    """
    if from_stdin and sys.stdin is not None:
        password = _read_line()
    elif sys.stdin is not None and sys.stdin.isatty():
        password = getpass(f"New password for {user}: ")
        if getpass("Repeat password: ") != password:
            raise PasswordError("The two passwords differ.", "Run the same command again")
    else:
        return None
    return _checked(password)


def _read_line() -> str:
    # As a file of another system's ends its lines, too.
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise PasswordError("There is no password on standard input.")
    return password


def _checked(password: str) -> str:
    if len(password) < SHORTEST:
        raise PasswordError(
            f"A password needs at least {SHORTEST} characters.",
            "Choose a longer one, for example four words",
        )
    # PAM takes no more than 512 bytes of an answer.
    if len(password.encode()) > LONGEST or not password.isprintable():
        raise PasswordError(
            f"A password has at most {LONGEST} bytes, all of them letters, digits, signs and"
            " blanks.",
            "Choose another one",
        )
    return password

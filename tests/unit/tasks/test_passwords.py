"""Passwords are set on the server by standard input, and kept only where they were made."""

import io
import stat
from pathlib import Path
from typing import Any

import pytest

from workbench.checks.target import Answer
from workbench.errors import WorkbenchError
from workbench.remote import passwords


def test_a_kept_password_is_its_owners_only(tmp_path: Path) -> None:
    path = passwords.keep_password(tmp_path / "new", "ada", "secret")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert passwords.read_password(tmp_path / "new", "ada") == "secret"
    assert passwords.read_password(tmp_path, "ada") is None


@pytest.mark.parametrize(
    ("status", "has"),
    [("ada P 2026-01-01 0 99999 7 -1\n", True), ("ada L 2026-01-01\n", False), ("ada NP\n", False)],
)
def test_whether_a_user_has_a_password(scripted: Any, status: str, has: bool) -> None:
    assert passwords.has_password(scripted(lambda command: status), "ada") is has


def test_a_missing_account_is_told(scripted: Any) -> None:
    with pytest.raises(WorkbenchError, match="There is no account ada"):
        passwords.has_password(scripted(), "ada")


def test_a_password_is_never_an_argument(scripted: Any) -> None:
    server = scripted(lambda command: "")
    passwords.set_password(server, "ada", "secret")
    assert server.asked == [("sudo workbench-passwd ada", "secret\n")]


def test_a_refusal_of_the_server_is_told_without_the_password(scripted: Any) -> None:
    server = scripted(lambda command: Answer(1, "", "too simple"))
    with pytest.raises(WorkbenchError) as failure:
        passwords.set_password(server, "ada", "secret")
    assert failure.value.message == "The server didn't accept the password of ada: too simple"
    assert "secret" not in str(failure.value)


def test_generated_passwords_differ_and_are_long() -> None:
    made = {passwords.generate_password() for _ in range(50)}
    assert len(made) == 50
    assert {len(each) for each in made} == {29}
    assert all(len(set(each)) > 10 for each in made)


def test_a_password_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("long enough\n"))
    assert passwords.ask_password("ada", from_stdin=True) == "long enough"
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    with pytest.raises(passwords.PasswordError) as refused:
        passwords.ask_password("ada", from_stdin=True)
    assert refused.value.message == "A password needs at least 8 characters."
    assert passwords.ask_password("ada", from_stdin=False) is None


EASY = Answer(4, "", "The password is too easy to guess.\n")


def test_a_password_that_the_server_finds_easy_is_refused_in_its_words(scripted: Any) -> None:
    server = scripted(lambda command: EASY)
    with pytest.raises(passwords.PasswordError) as refused:
        passwords.check_password(server, "ada", "secret")
    assert refused.value.message == "The password is too easy to guess."
    assert server.asked == [("sudo workbench-passwd --check ada", "secret\n")]


def test_a_server_without_the_rule_is_not_in_the_way(scripted: Any) -> None:
    unknown = Answer(2, "", "--check is not a user of this workbench")
    passwords.check_password(scripted(lambda command: unknown), "ada", "secret")


def test_a_kept_password_of_before_the_rule_is_replaced(tmp_path: Path, scripted: Any) -> None:
    passwords.keep_password(tmp_path, "ada", "secret")
    server = scripted(lambda command: EASY if "--check" in command else "")
    passwords.make_password(tmp_path, server, "ada")
    kept = passwords.read_password(tmp_path, "ada")
    assert kept != "secret"
    assert server.asked[-1] == ("sudo workbench-passwd ada", f"{kept}\n")

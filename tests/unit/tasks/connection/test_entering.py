"""Entering a real server on the loopback by SSH: pinned keys, one key of ours, plain sentences."""

import threading
from dataclasses import replace
from typing import Any

import paramiko
import pytest
from loopback import closed_port
from ssh_server import Ec2
from ssh_server import Shell
from ssh_server import Sshd

from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.remote import ssh_target as connection
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import OtherHostError
from workbench.remote.ssh_target import PrivateKey
from workbench.remote.ssh_target import RefusedError
from workbench.remote.ssh_target import UnreachableError


def test_the_console_is_read_once_and_its_keys_kept(door: Door, ec2: Ec2) -> None:
    door.open().close()
    door.open().close()
    assert ec2.reads == 1


def test_entering_never_waits_in_silence_for_a_late_console(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[bool] = []

    def read(*_: Any, waiting: object, **__: Any) -> Any:
        given.append(waiting is not None)
        raise WaitTimeoutError("Late.")

    monkeypatch.setattr(connection, "read_console_keys", read)
    for enter in (door.enter, lambda: door.wait_open(waiting=lambda: None)):
        with pytest.raises(WaitTimeoutError):
            enter()
    assert given == [False, True]


def test_restored_host_keys_are_followed_when_the_console_shows_them(
    door: Door, sshd: Sshd, ec2: Ec2
) -> None:
    door.open().close()
    sshd.host_key = paramiko.ECDSAKey.generate()
    ec2.text += sshd.console()
    server = door.open()
    assert server.run("hello").ok
    server.close()


def test_a_host_key_that_the_console_never_showed_is_refused(
    door: Door, sshd: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "RESTORED_KEYS_LIMIT", 0)
    door.open().close()
    sshd.host_key = paramiko.ECDSAKey.generate()
    with pytest.raises(WorkbenchError, match="never printed, so it may be another server"):
        door.open()


def test_a_key_the_server_does_not_know_is_told(door: Door) -> None:
    door.key = replace(door.key, key=paramiko.ECDSAKey.generate())
    with pytest.raises(WorkbenchError, match=r"admin@127\.0\.0\.1 refuses the key"):
        door.open()


@pytest.mark.parametrize("hangs_up", [False, True])
def test_a_server_that_ends_a_sign_in_has_not_refused_the_key(
    door: Door, monkeypatch: pytest.MonkeyPatch, hangs_up: bool
) -> None:
    ended = threading.Event()

    def end(shell: Shell, *_: Any) -> int:
        if hangs_up:
            shell.transport.close()
        else:
            assert ended.wait(10)
        return paramiko.AUTH_FAILED

    monkeypatch.setattr(Shell, "check_auth_publickey", end)
    monkeypatch.setattr(connection, "AUTH_TIMEOUT", 10 if hangs_up else 0.5)
    with pytest.raises(UnreachableError, match="doesn't answer: Authentication"):
        door.open()
    ended.set()


def test_the_sign_in_has_a_limit_of_its_own(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "AUTH_TIMEOUT", 7)
    server = door.open()
    options = server.connection.connect_kwargs
    assert (options["auth_timeout"], options["banner_timeout"]) == (7, connection.CONNECT_TIMEOUT)
    server.close()


def test_a_port_where_nothing_answers_is_told(door: Door) -> None:
    door.open().close()
    door.port = closed_port()
    with pytest.raises(UnreachableError, match="doesn't answer: connection refused"):
        door.open()


def test_entering_says_what_aws_knows_of_the_reason(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.open().close()
    door.port = closed_port()
    told = WorkbenchError("The server i-1 is stopped.", "workbench start --stack tests")
    monkeypatch.setattr(connection, "explain_unreachable", lambda *_, **__: told)
    # It is told at once, and not tried again.
    monkeypatch.setattr(connection, "wait_for", lambda *_, **__: pytest.fail("tried again"))
    with pytest.raises(UnreachableError, match="i-1 is stopped"):
        door.enter()


def test_entering_says_what_was_seen_where_aws_does_not_answer(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.open().close()
    door.port = closed_port()
    monkeypatch.setattr(connection, "ENTER_LIMIT", 0)
    # This EC2 knows the console only.
    with pytest.raises(UnreachableError, match="doesn't answer: connection refused"):
        door.enter()


def test_entering_survives_a_moment_without_a_port(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.open().close()
    port, opened = door.port, door.open
    door.port = closed_port()

    attempts = iter((door.port, door.port, port))

    def open_then() -> Any:
        door.port = next(attempts)
        return opened()

    monkeypatch.setattr(door, "open", open_then)
    monkeypatch.setattr(connection, "RETRY_INTERVAL", 0)
    server = door.enter()
    assert server.run("hello").ok
    server.close()


@pytest.mark.parametrize("error", [RefusedError, OtherHostError])
def test_entering_tries_no_second_time_where_the_server_has_said_no(
    door: Door, monkeypatch: pytest.MonkeyPatch, error: type[WorkbenchError]
) -> None:
    attempts: list[int] = []

    def refuse() -> None:
        attempts.append(1)
        raise error("No.")

    monkeypatch.setattr(door, "open", refuse)
    with pytest.raises(error):
        door.enter()
    assert len(attempts) == 1


def test_a_new_server_is_waited_for_until_the_recipe_has_put_the_key_there(
    door: Door, sshd: Sshd, key: PrivateKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    sshd.admitted = paramiko.ECDSAKey.generate()
    asked: list[str] = []

    def has_other(ec2: Any, instance_id: str, mine: str) -> bool:
        asked.append(mine)
        sshd.admitted = key.key
        return True

    monkeypatch.setattr(connection, "has_other_key_pair", has_other)
    door.wait_open(limit=30, waiting=lambda: None).close()
    assert asked == [key.key.get_base64()]


def test_a_server_made_with_the_very_key_refuses_it_for_good(
    door: Door, sshd: Sshd, monkeypatch: pytest.MonkeyPatch
) -> None:
    sshd.admitted = paramiko.ECDSAKey.generate()
    monkeypatch.setattr(connection, "has_other_key_pair", lambda *_: False)
    with pytest.raises(RefusedError, match="refuses the key"):
        door.wait_open(limit=30, waiting=lambda: None)

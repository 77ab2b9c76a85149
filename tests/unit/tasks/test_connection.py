"""SSH against a real server on the loopback: pinned keys, one key of ours, plain sentences."""

import shlex
import socket
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import paramiko
import pytest
from invoke.exceptions import ThreadException
from invoke.util import ExceptionWrapper

from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.remote import ssh_target as connection
from workbench.remote.host_keys import BEGIN
from workbench.remote.host_keys import END
from workbench.remote.host_keys import KnownHosts
from workbench.remote.remote_command import CommandFailedError
from workbench.remote.remote_command import run_with_bytes
from workbench.remote.remote_command import stream_lines
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import OtherHostError
from workbench.remote.ssh_target import PrivateKey
from workbench.remote.ssh_target import RefusedError
from workbench.remote.ssh_target import RemoteServer
from workbench.remote.ssh_target import UnreachableError


class Shell(paramiko.ServerInterface):
    """Lets one key in; answers ``cat`` with its standard input, anything else with its words."""

    def __init__(self, admitted: paramiko.PKey, transport: "Announcing") -> None:
        self._admitted, self.transport = admitted, transport

    def get_allowed_auths(self, username: str) -> str:
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        admitted = username == "admin" and key == self._admitted
        return paramiko.AUTH_SUCCESSFUL if admitted else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        threading.Thread(target=self._answer, args=(channel, command), daemon=True).start()
        return True

    def _answer(self, channel: paramiko.Channel, command: bytes) -> None:
        # As sshd does: first the reply to the request, then what the command prints.
        assert self.transport.accepted.wait(10)
        self.transport.accepted.clear()
        said = channel.makefile("rb").read() if command == b"cat" else command
        if command.startswith(b"cut"):
            # As a server that goes down: it ends the session and tells no exit status.
            channel.sendall(b"half of")
            channel.close()
            return
        if command.startswith(b"tail"):
            channel.sendall_stderr(b"tail: no such file\n")
        else:
            channel.sendall(said)
        channel.send_exit_status(3 if command.startswith((b"fail", b"tail")) else 0)
        channel.close()


class Announcing(paramiko.Transport):
    """Tells when a command was accepted."""

    def __init__(self, peer: socket.socket) -> None:
        super().__init__(peer)
        self.accepted = threading.Event()

    def _send_user_message(self, data: paramiko.Message) -> None:
        super()._send_user_message(data)  # type: ignore[misc]
        if data.asbytes()[:1] == paramiko.common.cMSG_CHANNEL_SUCCESS:
            self.accepted.set()


class Sshd:
    """An SSH server on the loopback whose host key can change."""

    def __init__(self, admitted: paramiko.PKey) -> None:
        self.host_key: paramiko.PKey = paramiko.ECDSAKey.generate()
        self.admitted = admitted
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._transports: list[paramiko.Transport] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            transport = Announcing(peer)
            transport.add_server_key(self.host_key)
            self._transports.append(transport)
            try:
                transport.start_server(server=Shell(self.admitted, transport))
            except (OSError, paramiko.SSHException, EOFError):
                # Who came has left again, for the host key it was shown.
                continue

    def close(self) -> None:
        if self._thread.is_alive():
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for transport in self._transports:
            transport.close()
            # Its thread may be answering one more request.
            transport.join()

    def console(self) -> str:
        line = f"{self.host_key.get_name()} {self.host_key.get_base64()}"
        return f"{BEGIN}\n{line} root@server\n{END}\n"


class Ec2:
    def __init__(self, text: str) -> None:
        self.text = text
        self.reads = 0

    def get_console_output(self, **_: Any) -> dict[str, str]:
        self.reads += 1
        return {"Output": self.text}


@pytest.fixture
def key(tmp_path: Path) -> PrivateKey:
    return PrivateKey(tmp_path / "id", paramiko.ECDSAKey.generate())


@pytest.fixture
def sshd(key: PrivateKey) -> Iterator[Sshd]:
    server = Sshd(key.key)
    yield server
    server.close()


@pytest.fixture
def ec2(sshd: Sshd) -> Ec2:
    return Ec2(sshd.console())


@pytest.fixture
def door(sshd: Sshd, key: PrivateKey, ec2: Ec2, tmp_path: Path) -> Door:
    return Door(
        stack="tests",
        instance_id="i-1",
        host="127.0.0.1",
        port=sshd.port,
        user="admin",
        key=key,
        known_hosts=KnownHosts(tmp_path / "known_hosts"),
        ec2=lambda: ec2,
    )


def test_a_command_runs_with_its_input_and_exit_code(door: Door) -> None:
    server = door.open()
    assert server.run("hello").stdout == "hello"
    assert server.run("cat", stdin="secret\n").stdout == "secret\n"
    assert (server.run("fail").exit_code, server.run("fail").ok) == (3, False)
    server.close()


# Between its own input and output and a port, as `ssh -W` and `nc` do.
BRIDGE = """
import os, socket, sys, threading
host, port, user = sys.argv[1:]
assert user == "admin", user
server = socket.create_connection((host, int(port)))
def back():
    while data := server.recv(65536):
        os.write(1, data)
    os._exit(0)
threading.Thread(target=back).start()
while data := os.read(0, 65536):
    server.sendall(data)
os._exit(0)
"""


def test_a_proxy_command_is_the_way_to_a_server_out_of_reach(door: Door, tmp_path: Path) -> None:
    (tmp_path / "bridge.py").write_text(BRIDGE)
    used = tmp_path / "used 100%h"
    # A shell runs it, as OpenSSH has it; of the server's name only the way there knows.
    command = f"{sys.executable} {tmp_path}/bridge.py 127.0.0.1 %p %r 2> '{tmp_path}/used 100%%h'"
    server = replace(door, proxy_command=command, host="server.invalid").open()
    assert server.run("hello").stdout == "hello"
    server.close()
    assert used.is_file()


def test_a_proxy_command_that_ends_is_noticed(door: Door, tmp_path: Path) -> None:
    (tmp_path / "bridge.py").write_text(BRIDGE)
    command = f"{sys.executable} {tmp_path}/bridge.py %h %p %r"
    server = replace(door, proxy_command=command).open()
    server._connection.client.get_transport().sock._program.kill()
    with pytest.raises(WorkbenchError):
        server.run("hello", limit=20)
    server.close()


def test_a_proxy_command_that_fails_is_named(door: Door) -> None:
    with pytest.raises(UnreachableError, match=r"by 'exit 1' doesn't answer"):
        replace(door, proxy_command="exit 1").open()


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
    with socket.create_server(("127.0.0.1", 0)) as other:
        door.port = other.getsockname()[1]
    with pytest.raises(UnreachableError, match="doesn't answer: connection refused"):
        door.open()


def test_a_connection_that_broke_is_told(door: Door, sshd: Sshd) -> None:
    server = door.open()
    # Gone altogether: Fabric would quietly connect again to a server that is still there.
    sshd.close()
    with pytest.raises(UnreachableError) as told:
        server.run("hello")
    assert told.value.hint == "workbench doctor --stack tests"


@pytest.mark.parametrize(
    "run",
    [
        RemoteServer.run,
        run_with_bytes,
        lambda server, command: list(stream_lines(server, command)),
    ],
)
def test_a_command_that_is_cut_off_has_no_answer(door: Door, run: Callable[..., Any]) -> None:
    server = door.open()
    with pytest.raises(UnreachableError, match="broke: the command was interrupted"):
        run(server, "cut")
    assert server.run("hello").stdout == "hello"
    server.close()


def test_what_a_command_that_failed_says_is_none_of_its_lines(door: Door) -> None:
    server, lines = door.open(), []
    with pytest.raises(CommandFailedError) as failed:
        lines.extend(stream_lines(server, "tail"))
    assert (failed.value.message, lines) == ("tail: no such file", [])
    assert list(stream_lines(server, "hello")) == ["hello"]
    server.close()


@pytest.mark.parametrize(
    ("raised", "expected"),
    [(OSError("Socket is closed"), UnreachableError), (ValueError("a mistake"), ThreadException)],
)
def test_a_connection_that_breaks_while_input_is_sent_is_told(
    door: Door, raised: Exception, expected: type[Exception]
) -> None:
    def run(*_: Any, **__: Any) -> None:
        named: Any = {"kwargs": {}, "type": type(raised), "value": raised, "traceback": None}
        raise ThreadException([ExceptionWrapper(**named)])

    with pytest.raises(expected, match=str(raised)):
        RemoteServer(SimpleNamespace(run=run), "tests").run("cat", stdin="secret")


def test_the_command_to_look_in_by_hand_takes_folders_with_blanks(door: Door) -> None:
    door.known_hosts = KnownHosts(Path("/home/me/Application Support/known_hosts"))

    named = 'UserKnownHostsFile="/home/me/Application Support/known_hosts"'
    assert named in shlex.split(door.command)


def test_the_command_to_look_in_by_hand_verifies_the_host_key(door: Door) -> None:
    assert door.command == (
        f"ssh -i {door.key.path} -o IdentitiesOnly=yes -o HostKeyAlias=i-1"
        f" -o UserKnownHostsFile={door.known_hosts.path} -p {door.port} admin@127.0.0.1"
    )


def test_entering_says_what_aws_knows_of_the_reason(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.open().close()
    with socket.create_server(("127.0.0.1", 0)) as other:
        door.port = other.getsockname()[1]
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
    with socket.create_server(("127.0.0.1", 0)) as other:
        door.port = other.getsockname()[1]
    monkeypatch.setattr(connection, "ENTER_LIMIT", 0)
    # This EC2 knows the console only.
    with pytest.raises(UnreachableError, match="doesn't answer: connection refused"):
        door.enter()


def test_entering_survives_a_moment_without_a_port(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.open().close()
    port, opened = door.port, door.open
    with socket.create_server(("127.0.0.1", 0)) as other:
        door.port = other.getsockname()[1]

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


def test_what_a_command_is_given_is_sent_at_once() -> None:
    given: list[str] = []

    class Connection:
        def run(self, command: str, **options: Any) -> Any:
            stream = options["in_stream"]
            given.extend([stream.read(1), stream.read(1)])
            return SimpleNamespace(exited=0, stdout="", stderr="")

    RemoteServer(Connection(), "prod").run("python3 -", stdin="print(1)\n")
    assert given == ["print(1)\n", ""]

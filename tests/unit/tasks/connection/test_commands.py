"""Commands over SSH, on a real server on the loopback: input, exit codes, broken connections."""

import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from invoke.exceptions import ThreadException
from invoke.util import ExceptionWrapper
from ssh_server import Sshd

from workbench.errors import WorkbenchError
from workbench.remote.host_keys import KnownHosts
from workbench.remote.remote_command import CommandFailedError
from workbench.remote.remote_command import run_with_bytes
from workbench.remote.remote_command import stream_lines
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import RemoteServer
from workbench.remote.ssh_target import UnreachableError


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
    with pytest.raises(UnreachableError, match=r"by 'exit 1' doesn't answer") as said:
        replace(door, proxy_command="exit 1").open()
    # Paramiko's exception for an end says nothing itself.
    assert "EOFError" not in str(said.value)


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


def test_what_a_command_is_given_is_sent_at_once() -> None:
    given: list[str] = []

    class Connection:
        def run(self, command: str, **options: Any) -> Any:
            stream = options["in_stream"]
            given.extend([stream.read(1), stream.read(1)])
            return SimpleNamespace(exited=0, stdout="", stderr="")

    RemoteServer(Connection(), "prod").run("python3 -", stdin="print(1)\n")
    assert given == ["print(1)\n", ""]

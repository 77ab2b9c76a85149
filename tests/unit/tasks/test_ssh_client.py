"""What OpenSSH says when it doesn't get in is answered with one sentence and the fix."""

import shutil
import socket
import subprocess
from pathlib import Path

import paramiko
import pytest

from workbench.remote.host_keys import KnownHosts
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import OtherHostError
from workbench.remote.ssh_target import PrivateKey
from workbench.remote.ssh_target import RefusedError
from workbench.remote.ssh_target import UnreachableError
from workbench.tasks.ssh.alias import render_alias
from workbench.tasks.ssh.client import BrokenError
from workbench.tasks.ssh.client import explain
from workbench.tasks.ssh.client import refuse_failure
from workbench.tasks.ssh.client import run_ssh
from workbench.tasks.ssh.client import ssh_command

needs_ssh = pytest.mark.skipif(shutil.which("ssh") is None, reason="needs OpenSSH's client")


@pytest.fixture
def door(tmp_path: Path) -> Door:
    path, key = tmp_path / "my key", paramiko.ECDSAKey.generate()
    key.write_private_key_file(str(path))
    known_hosts = KnownHosts(tmp_path / "known hosts")
    known_hosts.write("i-1", ((key.get_name(), key.get_base64()),))
    return Door("lab", "i-1", "127.0.0.1", 2222, "ana", PrivateKey(path, key), known_hosts, object)


# Messages of OpenSSH 9.2, each from the failure itself.
@pytest.mark.parametrize(
    ("said", "kind", "sentence", "fix"),
    [
        (
            "Permissions 0644 for '/k' are too open.\nLoad key: bad permissions",
            RefusedError,
            "can be read by others",
            "chmod 600 ",
        ),
        (
            "Received disconnect from 127.0.0.1 port 22:2: Too many authentication failures",
            RefusedError,
            "Your SSH agent offered too many",
            "workbench ssh.config --stack lab",
        ),
        (
            "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"
            "Host key verification failed.",
            OtherHostError,
            "a different SSH host key from the one pinned",
            "workbench doctor",
        ),
        (
            "No ED25519 host key is known for i-1 and you have requested strict checking.\n"
            "Host key verification failed.",
            OtherHostError,
            "a different SSH host key from the one pinned",
            "workbench doctor",
        ),
        (
            "ana@127.0.0.1: Permission denied (publickey).",
            RefusedError,
            "the wrong user, or a key it doesn't have",
            "workbench ssh.keys.list",
        ),
        (
            "ssh: connect to host 203.0.113.7 port 22: Connection timed out",
            UnreachableError,
            "doesn't answer",
            "workbench doctor",
        ),
        (
            "kex_exchange_identification: Connection closed by remote host",
            UnreachableError,
            "doesn't answer",
            "workbench doctor",
        ),
    ],
)
def test_a_failure_is_known_by_what_openssh_says(
    door: Door, said: str, kind: type[Exception], sentence: str, fix: str
) -> None:
    told = explain(said, door)
    assert type(told) is kind
    assert sentence in told.message
    assert told.hint.startswith(fix)


def test_what_is_not_known_is_repeated(door: Door) -> None:
    assert explain("Bad owner\nfor some reason", door).message == "OpenSSH says: for some reason"


def test_a_command_that_ends_as_ssh_fails_is_no_failure_of_ssh(door: Door) -> None:
    refuse_failure("Authenticated to h ([h]:22) using publickey.\nBytes per second: 1\n", door)
    with pytest.raises(BrokenError, match="closed by remote host"):
        refuse_failure("Authenticated to h.\nConnection to h closed by remote host.\n", door)


@needs_ssh
def test_openssh_is_given_the_pinned_options_and_nothing_of_a_persons_own(door: Door) -> None:
    command = ssh_command(door, "-G", log=Path("/dev/null"))
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert told["userknownhostsfile"] == str(door.known_hosts.path)
    assert told["identityfile"] == str(door.key.path)
    assert (told["user"], told["port"], told["hostkeyalias"]) == ("ana", "2222", "i-1")
    assert (told["stricthostkeychecking"], told["identitiesonly"]) == ("true", "yes")


@needs_ssh
def test_openssh_goes_the_same_way_as_the_commands(door: Door) -> None:
    door.proxy_command = "ssh -W %h:%p bastion.example.org"
    done = subprocess.run(
        ssh_command(door, "-G", log=Path("/dev/null")), capture_output=True, text=True, check=True
    )
    assert f"proxycommand {door.proxy_command}" in done.stdout.splitlines()
    assert "-o 'ProxyCommand=ssh -W %h:%p bastion.example.org'" in door.command
    assert f"    ProxyCommand {door.proxy_command}\n" in render_alias("lab", "lab", door)


@needs_ssh
def test_a_port_where_nothing_answers_is_told(door: Door) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        door.port = other.getsockname()[1]
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1 doesn't answer"):
        run_ssh(door)

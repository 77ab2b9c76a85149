"""The tunnel's program: the command that starts it, and what it and who runs it say."""

import os
import shlex
import socket
import subprocess
import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import paramiko
import pytest
from botocore.exceptions import ClientError

from workbench import tunnel_program as program
from workbench.errors import ConfigError
from workbench.remote import tunnel
from workbench.remote.host_keys import KnownHosts
from workbench.remote.instance_connect import TunnelError
from workbench.remote.instance_connect import tunnel_command
from workbench.remote.remote_server import UnreachableError
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import PrivateKey
from workbench.tasks.ssh.client import ssh_command

EICE = "eice-0123456789abcdef0"

CONFIG = {"aws:region": "eu-west-1", "aws:profile": "our lab 100%", "workbench:name": "lab"}


def test_the_command_tells_all_but_what_is_secret() -> None:
    line = tunnel_command(EICE, "i-1", "prod", CONFIG)
    # OpenSSH puts the port in, and takes "%%" for "%".
    words = shlex.split(line.replace("%p", "22").replace("%%", "%"))
    assert words[:4] == [sys.executable, "-P", "-m", program.__name__]
    way = program.read_way(program.parse(words[4:]))
    assert (way.endpoint, way.instance, way.port, way.stack) == (EICE, "i-1", 22, "prod")
    assert way.config == {key: CONFIG[key] for key in ("aws:region", "aws:profile")}
    with pytest.raises(ConfigError, match="takes its credentials from a profile"):
        tunnel_command(EICE, "i-1", "prod", {"aws:accessKey": "A", "aws:secretKey": "S"})
    with pytest.raises(ConfigError, match="aws:assumeRoles"):
        tunnel_command(EICE, "i-1", "prod", {"aws:assumeRoles": "[]"})


def test_of_a_rehearsal_it_tells_the_folder(state_dir: Path) -> None:
    line = tunnel_command(EICE, "i-1", "rehearsal-mine", CONFIG)
    folder = state_dir / "rehearsals" / "mine"
    assert line.endswith(f" %p --stack rehearsal-mine --rehearsal {folder}")
    told = Namespace(endpoint=EICE, instance="i-1", port=22, rehearsal=str(folder), stack="x")
    with pytest.raises(Exception, match="'mine' is not running"):
        program.read_way(told)


def test_no_network_and_no_credentials_are_told_by_the_program(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    def run(*words: str, **more: str) -> tuple[int, str]:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        command = [
            sys.executable,
            "-P",
            "-m",
            program.__name__,
            EICE,
            "i-1",
            "22",
            "--stack",
            "prod",
        ]
        done = subprocess.run(
            [*command, "--region", "eu-west-1", *words],
            env=env | more,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
        assert done.stdout == ""
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    code, said = run()
    assert (code, said.startswith("AWS credentials are missing")) == (3, True)
    keys = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "S"}
    endpoints = f'[{{"ec2": "http://127.0.0.1:{port}"}}]'
    code, said = run("--endpoints", endpoints, **keys)
    assert (code, said.startswith("The AWS API doesn't answer")) == (1, True)
    code, said = run("--profile", "nobodys")
    assert (code, "nobodys" in said) == (2, True)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("RequestExpired", "AWS refused the credentials (RequestExpired): they are wrong or have"),
        ("UnauthorizedOperation", "AWS doesn't allow this to the signed-in identity:"),
    ],
)
def test_credentials_that_aws_refuses_are_told_by_the_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: str, sentence: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "No."}}, "Describe")

    ec2 = SimpleNamespace(
        describe_instances=refuse,
        describe_instance_connect_endpoints=refuse,
        meta=SimpleNamespace(region_name="eu-west-1"),
    )
    monkeypatch.setattr(tunnel, "client", lambda *_: ec2)
    monkeypatch.setattr(program.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["program", EICE, "i-1", "22", "--stack", "prod"])
    assert program.main() == 3
    said = capsys.readouterr()
    assert said.err.startswith(sentence)
    assert said.out == ""


@pytest.fixture
def door(tmp_path: Path) -> Door:
    key = paramiko.ECDSAKey.generate()
    known = KnownHosts(tmp_path / "known_hosts")
    known.write("i-1", ((key.get_name(), key.get_base64()),))
    return Door(
        stack="prod",
        instance_id="i-1",
        host="10.0.0.7",
        port=22,
        user="admin",
        key=PrivateKey(tmp_path / "id", key),
        known_hosts=known,
        ec2=lambda: None,
        endpoint=EICE,
    )


@pytest.mark.parametrize(("code", "kind"), [(3, TunnelError), (1, UnreachableError)])
def test_commands_say_what_the_program_said_and_nothing_else(
    door: Door, capfd: pytest.CaptureFixture[str], code: int, kind: type[Exception]
) -> None:
    said = "AWS refuses it.\\n  workbench init --rights\\n"
    failing = replace(door, proxy_command=f"sh -c \"printf '{said}' >&2; exit {code}\"")
    for ask in (failing.open, failing.greet):
        with pytest.raises(kind) as told:
            ask()
        assert type(told.value) is kind
        assert str(told.value) == "AWS refuses it.\n  workbench init --rights"
        assert told.value.exit_code == code  # type: ignore[attr-defined]
    assert capfd.readouterr().err == ""
    # One that says nothing at all is told as any.
    with pytest.raises(UnreachableError, match=rf"port 22 through {EICE} doesn't answer"):
        replace(door, proxy_command="true").open()


def test_openssh_leaves_it_to_us_to_say_why_there_is_no_tunnel(door: Door) -> None:
    door.proxy_command = "the tunnel"
    assert "ProxyCommand=the tunnel 2>/dev/null" in ssh_command(door, log=Path("log"))
    assert door.options["ProxyCommand"] == "the tunnel"

"""SSH to the server: host key pinned, one key of ours, one sentence when it fails."""

import io
import logging
import shlex
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fabric
import paramiko
from invoke.exceptions import CommandTimedOut
from paramiko.ssh_exception import NoValidConnectionsError

from workbench.checks.target import Answer
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.tasks.host_keys import Keys
from workbench.tasks.host_keys import KnownHosts
from workbench.tasks.host_keys import public_keys
from workbench.tasks.host_keys import read_console_keys
from workbench.tasks.openssh import openssh_options
from workbench.tasks.unreachable import explain_unreachable
from workbench.tasks.unreachable import has_other_key_pair

# Paramiko logs the traceback of a connection that breaks, and without a handler Python prints it;
# what broke is raised, too, and told in one sentence.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

CONNECT_TIMEOUT = 10
# A server that boots answers within this, or doesn't at all.
REACH_LIMIT = 180.0
RETRY_INTERVAL = 1.0
# How long a server whose keys changed has to print the new ones.
RESTORED_KEYS_LIMIT = 60.0


class PinnedConnection(fabric.Connection):  # type: ignore[misc]
    """A Fabric connection that knows its server's keys, where Fabric's accepts any."""

    def __init__(self, host: str, *, host_keys: Keys, key: "PrivateKey", **options: Any) -> None:
        # A person's own ~/.ssh/config is about their hosts, not about this address.
        config = fabric.Config(overrides={"load_ssh_configs": False})
        super().__init__(
            host,
            config=config,
            connect_timeout=CONNECT_TIMEOUT,
            connect_kwargs={
                "pkey": key.key,
                "allow_agent": False,
                "look_for_keys": False,
                "banner_timeout": CONNECT_TIMEOUT,
                "auth_timeout": CONNECT_TIMEOUT,
            },
            **options,
        )
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        known, name = self.client.get_host_keys(), self._known_name()
        for public in public_keys(host_keys):
            known.add(name, public.get_name(), public)

    def _known_name(self) -> str:
        port: int = self.port
        return str(self.host) if port == paramiko.config.SSH_PORT else f"[{self.host}]:{port}"


@dataclass(frozen=True)
class PrivateKey:
    """The key that opens the server: of a file, or held by an agent for an encrypted file."""

    path: Path
    key: paramiko.PKey


@dataclass
class Door:
    """Where the server's SSH answers, and what is needed to get in.

    ``ec2`` makes the AWS client that reads the console; ``stack`` is for the sentences.
    """

    stack: str
    instance_id: str
    host: str
    port: int
    user: str
    key: PrivateKey
    known_hosts: KnownHosts
    ec2: Callable[[], Any]

    @property
    def command(self) -> str:
        """Return what to type to look in by hand."""
        options = self.options
        needed = ("IdentitiesOnly", "HostKeyAlias", "UserKnownHostsFile")
        given = " ".join(f"-o {shlex.quote(f'{name}={options[name]}')}" for name in needed)
        port = "" if self.port == paramiko.config.SSH_PORT else f" -p {self.port}"
        return f"ssh -i {shlex.quote(str(self.key.path))} {given}{port} {self.user}@{self.host}"

    @property
    def options(self) -> dict[str, str]:
        """OpenSSH's options for this server."""
        return openssh_options(self.key.path, self.instance_id, self.known_hosts.path)

    def pin(self, waiting: Callable[[], None] = lambda: None) -> None:
        """Have the server's host keys in the known-hosts file, from its console."""
        self._keys(waiting=waiting)

    def _keys(self, old: Keys = (), waiting: Callable[[], None] = lambda: None) -> Keys:
        keys = () if old else self.known_hosts.read(self.instance_id)
        if not keys:
            options: dict[str, Any] = {"limit": RESTORED_KEYS_LIMIT} if old else {}
            keys = read_console_keys(
                self.ec2(), self.instance_id, unlike=old, waiting=waiting, **options
            )
            self.known_hosts.write(self.instance_id, keys)
        return keys

    def open(self, waiting: Callable[[], None] = lambda: None) -> "RemoteServer":
        """Connect once; read the console again if the server shows other keys than pinned.

        A replaced server restores its keys from the data volume while it converges, and prints
        them to the console then.
        """
        keys = self._keys(waiting=waiting)
        try:
            return self._connect(keys)
        except paramiko.BadHostKeyException:
            pass
        try:
            return self._connect(self._keys(old=keys, waiting=waiting))
        except (paramiko.BadHostKeyException, WaitTimeoutError) as error:
            raise OtherHostError(
                f"{self.host} port {self.port} shows an SSH host key that the console of"
                f" {self.instance_id} never printed, so it may be another server.",
                f"workbench doctor --stack {self.stack}",
            ) from error

    def enter(self) -> "RemoteServer":
        """Connect once; where that fails, say what AWS tells of the reason."""
        try:
            return self.open()
        except (UnreachableError, OtherHostError) as error:
            # What answers in place of a closed port is another server.
            raise self._explained(error) from error

    def _explained(self, error: WorkbenchError) -> WorkbenchError:
        try:
            told = explain_unreachable(self.ec2(), self.instance_id, self.host, self.stack)
        except Exception:  # whatever AWS' API or the network say, it isn't the question here
            return error
        return type(error)(told.message, told.hint) if told else error

    def _connect(self, keys: Keys) -> "RemoteServer":
        connection = PinnedConnection(
            self.host, host_keys=keys, key=self.key, user=self.user, port=self.port
        )
        try:
            connection.open()
        except paramiko.BadHostKeyException:
            raise
        except paramiko.AuthenticationException as error:
            raise RefusedError(
                f"{self.user}@{self.host} refuses the key {self.key.path}.",
                f"{self.command} -v   shows why",
            ) from error
        except (OSError, EOFError, paramiko.SSHException, NoValidConnectionsError) as error:
            raise UnreachableError(
                f"SSH at {self.host} port {self.port} doesn't answer: {_reason(error)}.",
                f"workbench doctor --stack {self.stack}",
            ) from error
        return RemoteServer(connection)

    def wait_open(
        self, *, limit: float = REACH_LIMIT, waiting: Callable[[], None]
    ) -> "RemoteServer":
        """Connect as soon as the server answers, for up to ``limit`` seconds.

        A new server refuses a key that isn't its key pair's until the recipe has put it there.
        """
        end = time.monotonic() + limit
        while True:
            waiting()
            try:
                return self.open(waiting)
            except UnreachableError as error:
                if time.monotonic() > end:
                    raise self._explained(error) from error
            except RefusedError:
                key = self.key.key.get_base64()
                if time.monotonic() > end or not has_other_key_pair(
                    self.ec2(), self.instance_id, key
                ):
                    raise
            time.sleep(RETRY_INTERVAL)


class UnreachableError(WorkbenchError):
    """Nothing answers at the server's SSH port."""


class RefusedError(WorkbenchError):
    """The server doesn't let the key in."""


class OtherHostError(WorkbenchError):
    """What answers isn't the server: its host key is another."""


class RemoteServer:
    """The server's shell, over one SSH connection."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @property
    def connection(self) -> PinnedConnection:
        """Fabric's connection, for what this has no method for: files, tunnels, terminals."""
        found: PinnedConnection = self._connection
        return found

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        """Run a command; raise WorkbenchError when it takes over ``limit`` seconds."""
        try:
            done = self._connection.run(
                command,
                hide=True,
                warn=True,
                pty=False,
                timeout=limit,
                # Never this process's own standard input: a pipe given to a script is its own.
                in_stream=io.StringIO(stdin) if stdin else False,
            )
        except CommandTimedOut as error:
            raise WaitTimeoutError(
                f"The server did not answer within {limit:.0f} s: {command.split()[0]}.",
                "workbench doctor",
            ) from error
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise UnreachableError(
                f"The SSH connection broke: {_reason(error)}.", "workbench doctor"
            ) from error
        return Answer(done.exited, done.stdout, done.stderr)

    def begin(self, command: str) -> paramiko.Channel:
        """Begin a command; return its channel, for bytes in both directions as they come."""
        try:
            channel: paramiko.Channel = self._connection.transport.open_session(
                timeout=CONNECT_TIMEOUT
            )
            channel.exec_command(command)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise UnreachableError(
                f"The SSH connection broke: {_reason(error)}.", "workbench doctor"
            ) from error
        return channel

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def _reason(error: BaseException) -> str:
    if isinstance(error, NoValidConnectionsError):
        return "connection refused"
    if isinstance(error, TimeoutError | socket.timeout):
        return "no answer (a closed port looks like this)"
    return str(error).strip().rstrip(".") or type(error).__name__

"""SSH to the server: host key pinned, one key of ours, one sentence when it fails."""

import logging
import shlex
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fabric
import paramiko
from paramiko.ssh_exception import NoValidConnectionsError

from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.remote.host_keys import Keys
from workbench.remote.host_keys import KnownHosts
from workbench.remote.host_keys import public_keys
from workbench.remote.host_keys import read_console_keys
from workbench.remote.instance_connect import tunnel_failure
from workbench.remote.openssh import openssh_options
from workbench.remote.proxy_command import ProxySocket
from workbench.remote.remote_server import CONNECT_TIMEOUT
from workbench.remote.remote_server import OtherHostError
from workbench.remote.remote_server import RefusedError
from workbench.remote.remote_server import RemoteServer
from workbench.remote.remote_server import UnreachableError
from workbench.remote.remote_server import reason_of
from workbench.remote.unreachable import explain_unreachable
from workbench.remote.unreachable import has_other_key_pair
from workbench.waiting import wait_for

__all__ = [
    "Door",
    "OtherHostError",
    "PinnedConnection",
    "PrivateKey",
    "RefusedError",
    "RemoteServer",
    "UnreachableError",
]

# Paramiko logs the traceback of a connection that breaks, and without a handler Python prints it;
# what broke is raised, too, and told in one sentence.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

AUTH_TIMEOUT = CONNECT_TIMEOUT
# A server that boots answers within this, or doesn't at all.
REACH_LIMIT = 180.0
RETRY_INTERVAL = 1.0
# How long a sign-in is tried again that AWS knows no reason against.
ENTER_LIMIT = 10.0
# How long a server whose keys changed has to print the new ones.
RESTORED_KEYS_LIMIT = 60.0


class PinnedConnection(fabric.Connection):  # type: ignore[misc]
    """A Fabric connection that knows its server's keys, where Fabric's accepts any."""

    # Of the class: Fabric takes others for its configuration's.
    proxy: ProxySocket | None = None
    silent = False

    def __init__(
        self,
        host: str,
        *,
        host_keys: Keys,
        key: "PrivateKey",
        proxy_command: str | None = None,
        silent: bool = False,
        **options: Any,
    ) -> None:
        # A person's own ~/.ssh/config is about their hosts, not about this address.
        config = fabric.Config(overrides={"load_ssh_configs": False})
        super().__init__(
            host,
            config=config,
            gateway=proxy_command,
            connect_timeout=CONNECT_TIMEOUT,
            connect_kwargs={
                "pkey": key.key,
                "allow_agent": False,
                "look_for_keys": False,
                "banner_timeout": CONNECT_TIMEOUT,
                "auth_timeout": AUTH_TIMEOUT,
            },
            **options,
        )
        self.silent = silent
        self.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        known, name = self.client.get_host_keys(), self._known_name()
        for public in public_keys(host_keys):
            known.add(name, public.get_name(), public)

    def open_gateway(self) -> ProxySocket:
        """Start the ProxyCommand; Fabric calls it where there is one."""
        self.proxy = ProxySocket(self.gateway, self.host, self.port, self.user, silent=self.silent)
        return self.proxy

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

    ``ec2`` makes the AWS client that reads the console; ``stack`` is for the sentences;
    ``proxy_command`` is OpenSSH's, by which the server is reached, where it isn't directly;
    ``endpoint`` is the EC2 Instance Connect Endpoint that it is a tunnel through, where it is ours.
    """

    stack: str
    instance_id: str
    host: str
    port: int
    user: str
    key: PrivateKey
    known_hosts: KnownHosts
    ec2: Callable[[], Any]
    proxy_command: str | None = None
    endpoint: str = ""
    # What comes next, for who waits for the server.
    awaited: str = "SSH"

    @property
    def command(self) -> str:
        """Return what to type to look in manually."""
        options = self.options
        needed = ("IdentitiesOnly", "HostKeyAlias", "UserKnownHostsFile", "ProxyCommand")
        given = " ".join(
            f"-o {shlex.quote(f'{name}={options[name]}')}" for name in needed if name in options
        )
        port = "" if self.port == paramiko.config.SSH_PORT else f" -p {self.port}"
        return f"ssh -i {shlex.quote(str(self.key.path))} {given}{port} {self.user}@{self.host}"

    @property
    def options(self) -> dict[str, str]:
        """OpenSSH's options for this server."""
        return openssh_options(
            self.key.path, self.instance_id, self.known_hosts.path, self.proxy_command
        )

    def greet(self) -> socket.socket:
        """Return a connection to SSH by the ProxyCommand, once the server has sent its first byte.

        Raises UnreachableError where it sends none.
        """
        command = str(self.proxy_command)
        way = ProxySocket(command, self.host, self.port, self.user, silent=bool(self.endpoint))
        way.settimeout(CONNECT_TIMEOUT)
        try:
            if way.recv(1, socket.MSG_PEEK):
                return way
            raise EOFError
        except (OSError, EOFError) as error:
            raise self._silent(error, way) from error

    def pin(self, waiting: Callable[[], None] | None = None) -> None:
        """Have the server's host keys in the known-hosts file, from its console."""
        self._keys(waiting=waiting)

    def _keys(self, old: Keys = (), waiting: Callable[[], None] | None = None) -> Keys:
        def on_late() -> None:
            self.awaited = "the console (up to 20 min late on this type)"

        keys = () if old else self.known_hosts.read(self.instance_id)
        # Where the file is damaged, the console has them as at the first time.
        if not public_keys(keys):
            options: dict[str, Any] = {"limit": RESTORED_KEYS_LIMIT} if old else {}
            keys = read_console_keys(
                self.ec2(),
                self.instance_id,
                unlike=old,
                waiting=waiting,
                on_late=on_late,
                **options,
            )
            self.awaited = "SSH"
            self.known_hosts.write(self.instance_id, keys)
        return keys

    def open(self, waiting: Callable[[], None] | None = None) -> "RemoteServer":
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
        """Connect; where that fails, say what AWS says about the reason, else try again a while.

        sshd has no port for a moment when it starts again, and one that is busy drops a sign-in.
        """
        try:
            return self.open()
        except (UnreachableError, OtherHostError) as error:
            # What answers in place of a closed port is another server.
            explained = self._explained(error)
            if explained is not error or isinstance(error, OtherHostError):
                raise explained from error
        return wait_for(self.open, ENTER_LIMIT, RETRY_INTERVAL, again=UnreachableError)

    def _explained(self, error: WorkbenchError) -> WorkbenchError:
        try:
            told = explain_unreachable(
                self.ec2(),
                self.instance_id,
                self.host,
                self.stack,
                is_direct=self.proxy_command is None,
            )
        except Exception:  # whatever AWS' API or the network say, it isn't the question here
            return error
        return type(error)(told.message, told.hint) if told else error

    def _connect(self, keys: Keys) -> RemoteServer:
        connection = PinnedConnection(
            self.host,
            host_keys=keys,
            key=self.key,
            proxy_command=self.proxy_command,
            silent=bool(self.endpoint),
            user=self.user,
            port=self.port,
        )
        try:
            return self._opened(connection)
        except BaseException:
            # What is tried again and again would else fill sshd's places (MaxStartups).
            connection.client.close()
            raise

    def _opened(self, connection: PinnedConnection) -> RemoteServer:
        try:
            connection.open()
        except paramiko.BadHostKeyException:
            raise
        except paramiko.AuthenticationException as error:
            if _is_starting(connection):
                raise UnreachableError(
                    f"{self.host} accepts no connections right now: it is starting or stopping.",
                    f"workbench status --stack {self.stack}",
                ) from error
            if not _is_refusal(connection):
                raise self._silent(error, connection.proxy) from error
            raise RefusedError(
                f"{self.user}@{self.host} refuses the key {self.key.path}.",
                f"{self.command} -v   shows why",
            ) from error
        except (OSError, EOFError, paramiko.SSHException, NoValidConnectionsError) as error:
            raise self._silent(error, connection.proxy) from error
        return RemoteServer(connection, self.stack)

    def _silent(self, error: Exception, proxy: ProxySocket | None) -> WorkbenchError:
        if proxy is not None:
            ended, said = proxy.told()
            if ended > 0 and said:
                return tunnel_failure(ended, said)
        way = f" by {self.proxy_command!r}" if self.proxy_command else ""
        way = f" through {self.endpoint}" if self.endpoint else way
        return UnreachableError(
            f"SSH at {self.host} port {self.port}{way} doesn't answer: {reason_of(error)}.",
            f"workbench doctor --stack {self.stack}",
        )

    def wait_open(
        self, *, limit: float = REACH_LIMIT, waiting: Callable[[], None]
    ) -> "RemoteServer":
        """Connect as soon as the server answers, for up to ``limit`` seconds.

        A new server refuses a key that isn't its key pair's until the recipe has put it there.
        """

        def enter() -> RemoteServer | None:
            waiting()
            try:
                return self.open(waiting)
            except RefusedError as error:
                key = self.key.key.get_base64()
                if not has_other_key_pair(self.ec2(), self.instance_id, key):
                    raise
                refused.append(error)
                return None

        refused: list[RefusedError] = []
        try:
            server = wait_for(enter, limit, RETRY_INTERVAL, again=UnreachableError)
        except UnreachableError as error:
            raise self._explained(error) from error
        if server is None:
            raise refused[-1]
        return server


def _is_starting(connection: PinnedConnection) -> bool:
    """Whether it is not the key that is refused: systemd lets users in late in a boot only.

    PAM's own words (pam_nologin, systemd-user-sessions), which sshd sends before it hangs up.
    """
    said = _banner(connection)
    return any(word in said for word in (b"booting up", b"going down", b"shut down"))


def _is_refusal(connection: PinnedConnection) -> bool:
    """Whether the server said no: one that is interrupted, or too busy to say anything, did not.

    Paramiko has the same exception for all of these. A server that hangs up after words of its
    own (an account that expired) means it.
    """
    transport = connection.client.get_transport()
    if transport is None or not transport.is_active():
        return bool(_banner(connection))
    answered = transport.auth_handler and transport.auth_handler.auth_event
    return bool(answered and answered.is_set())


def _banner(connection: PinnedConnection) -> bytes:
    transport = connection.client.get_transport()
    # Of the handler itself: a transport that was hung up on tells no banner any more.
    handler = transport.auth_handler if transport else None
    return (handler.banner if handler else None) or b""

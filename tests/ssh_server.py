"""An SSH server on the loopback, and the console that shows its host key."""

import socket
import threading
from typing import Any

import paramiko

from workbench.remote.host_keys import BEGIN
from workbench.remote.host_keys import END


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

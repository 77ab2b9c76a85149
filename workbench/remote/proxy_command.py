"""OpenSSH's ``ProxyCommand``: a program whose input and output are the way to the server."""

import re
import socket
import subprocess

# A program that ends when it is told to does so within this.
END_LIMIT = 5.0


class ProxySocket(socket.socket):
    """What a connection is made by where a program is the way to the server.

    Paramiko's own ``ProxyCommand`` never notices that the program has ended.
    """

    def __init__(self, command: str, host: str, port: int, user: str) -> None:
        tokens = {"%h": host, "%p": str(port), "%r": user, "%%": "%"}
        line = re.sub("%[hpr%]", lambda found: tokens[found[0]], command)
        ours, theirs = socket.socketpair()
        with theirs:
            # By a shell, as OpenSSH has it; what it says of itself is on the terminal.
            self._program = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {line}"], stdin=theirs.fileno(), stdout=theirs.fileno()
            )
        super().__init__(fileno=ours.detach())

    def close(self) -> None:
        """Close the connection, and end the program."""
        super().close()
        self._program.terminate()
        try:
            self._program.wait(END_LIMIT)
        except subprocess.TimeoutExpired:
            self._program.kill()
            self._program.wait()

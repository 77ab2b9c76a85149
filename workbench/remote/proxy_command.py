"""OpenSSH's ``ProxyCommand``: a program whose input and output are the way to the server."""

import re
import socket
import subprocess
import threading

# A program that ends when it is told to does so within this.
END_LIMIT = 5.0


class ProxySocket(socket.socket):
    """What a connection is made by where a program is the way to the server.

    Paramiko's own ``ProxyCommand`` never notices that the program has ended. With ``silent``, what
    it says of itself isn't on the terminal: ``told`` returns it.
    """

    def __init__(
        self, command: str, host: str, port: int, user: str, *, silent: bool = False
    ) -> None:
        tokens = {"%h": host, "%p": str(port), "%r": user, "%%": "%"}
        line = re.sub("%[hpr%]", lambda found: tokens[found[0]], command)
        ours, theirs = socket.socketpair()
        with theirs:
            # By a shell, as OpenSSH has it.
            self._program = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {line}"],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.PIPE if silent else None,
            )
        # Paramiko closes it in a thread of its own.
        self._ending = threading.Lock()
        self._said = ""
        super().__init__(fileno=ours.detach())

    def told(self) -> tuple[int, str]:
        """Close the connection; return how the program ended, and what it said of itself."""
        self.close()
        return self._program.returncode, self._said

    def close(self) -> None:
        """Close the connection, and end the program."""
        super().close()
        with self._ending:
            self._program.terminate()
            try:
                self._program.wait(END_LIMIT)
            except subprocess.TimeoutExpired:
                self._program.kill()
                self._program.wait()
            if self._program.stderr is not None and not self._program.stderr.closed:
                self._said = self._program.stderr.read().decode(errors="replace")
                self._program.stderr.close()

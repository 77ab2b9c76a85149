"""The proxy as a child of the rehearsal's process: it ends when that does."""

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.rehearsal.balancers.configuration import ADMIN
from workbench.rehearsal.child import Child
from workbench.waiting import wait_for

# Seconds until it answers, and until it has taken a configuration.
START_LIMIT = 20.0
LOAD_LIMIT = 30.0


class Proxy:
    """Caddy, told what to be through a socket of its own; ``folder`` is for its log and files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child = Child("load balancer", folder / "caddy.log")

    @property
    def log_path(self) -> Path:
        """Its log."""
        return self._child.log_path

    @property
    def running(self) -> bool:
        """Whether the child process lives."""
        return self._child.running

    def start(self, program: Path) -> None:
        """Start it, and wait until it takes configurations; nothing to do where it runs."""
        if self.running:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        first = self._folder / "caddy.json"
        first.write_text(json.dumps({"admin": {"listen": f"unix/{ADMIN}"}}), encoding="ascii")
        folders = {f"XDG_{each}_HOME": str(self._folder / "caddy") for each in ("DATA", "CONFIG")}
        command = [str(program), "run", "--config", str(first)]
        self._child.start(command, folders, keep_log=True, folder=self._folder)
        limit = START_LIMIT
        if not wait_for(self._answers, lambda: limit if self.running else 0.0, 0.05):
            last = self._child.last_words() or "it says nothing"
            self._child.stop()
            raise WorkbenchError(
                f"Caddy, which plays the load balancer, doesn't start: {last}",
                f"Its log says more: {self.log_path}",
            )

    def load(self, configuration: dict[str, Any]) -> None:
        """Have it take another configuration. Raises WorkbenchError where it refuses."""
        body = json.dumps(configuration)
        status, said = self._ask("POST", "/load", body)
        if status != 200:
            raise WorkbenchError(f"Caddy, which plays the load balancer, refused: {said.strip()}")

    def stop(self) -> None:
        """End it. Twice is fine."""
        self._child.stop()

    def _answers(self) -> bool:
        try:
            return self._ask("GET", "/config/", None)[0] == 200
        except OSError:
            return False

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        connection = _UnixConnection(self._folder)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket of the file system, as Caddy's administration has it."""

    def __init__(self, folder: Path) -> None:
        super().__init__("localhost", timeout=LOAD_LIMIT)
        self._folder = folder

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        folder = os.open(self._folder, os.O_PATH)
        try:
            # Short, wherever the folder is.
            self.sock.connect(f"/proc/self/fd/{folder}/{ADMIN}")
        finally:
            os.close(folder)

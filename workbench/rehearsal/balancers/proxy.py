"""The proxy as a child of the rehearsal's process: it ends when that does."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.waiting import wait_for

# Seconds until it answers, until it has taken a configuration, and until it has ended.
START_LIMIT = 20.0
LOAD_LIMIT = 30.0
STOP_LIMIT = 5.0


class Proxy:
    """Caddy, told what to be through a socket of its own; ``folder`` is for its log and files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None
        # Its path may be 108 characters long; a rehearsal's folder may be longer.
        self._sockets = tempfile.TemporaryDirectory(prefix="workbench-")

    @property
    def admin(self) -> str:
        """The socket that takes a configuration."""
        return str(Path(self._sockets.name) / "admin")

    @property
    def log_path(self) -> Path:
        """Its log."""
        return self._folder / "caddy.log"

    @property
    def running(self) -> bool:
        """Whether the child process lives."""
        return self._child is not None and self._child.poll() is None

    def start(self, program: Path) -> None:
        """Start it, and wait until it takes configurations; nothing to do where it runs."""
        if self.running:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        first = self._folder / "caddy.json"
        first.write_text(json.dumps({"admin": {"listen": f"unix/{self.admin}"}}), encoding="ascii")
        started = threading.Event()
        # Linux sends the signal that ends the child when the *thread* that started it ends:
        # so that thread waits for the child.
        self._watcher = threading.Thread(
            target=self._run, args=(program, first, started), name="load balancer", daemon=True
        )
        self._watcher.start()
        started.wait()
        limit = START_LIMIT
        if not wait_for(self._answers, lambda: limit if self.running else 0.0, 0.05):
            last = self._last_words()
            self._end()
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
        self._end()
        with contextlib.suppress(OSError):
            self._sockets.cleanup()

    def _run(self, program: Path, configuration: Path, started: threading.Event) -> None:
        setpriv = shutil.which("setpriv")
        # Even when this process is killed, nothing of it stays behind.
        confined = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
        folders = {f"XDG_{each}_HOME": str(self._folder / "caddy") for each in ("DATA", "CONFIG")}
        try:
            with self.log_path.open("ab") as log:
                child = self._child = subprocess.Popen(
                    [*confined, str(program), "run", "--config", str(configuration)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=os.environ | folders,
                    # Ctrl-C in a terminal is for the process that owns it.
                    start_new_session=True,
                )
        finally:
            started.set()
        child.wait()

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.terminate()
        try:
            child.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        if self._watcher is not None:
            self._watcher.join(STOP_LIMIT)

    def _answers(self) -> bool:
        try:
            return self._ask("GET", "/config/", None)[0] == 200
        except OSError:
            return False

    def _ask(self, method: str, path: str, body: str | None) -> tuple[int, str]:
        connection = _UnixConnection(self.admin)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", "replace")
        finally:
            connection.close()

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
            return next(
                (line.strip() for line in reversed(lines) if line.strip()), "it says nothing"
            )
        return "it says nothing"


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket of the file system, as Caddy's administration has it."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=LOAD_LIMIT)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)

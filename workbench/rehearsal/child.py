"""A program as a child of the rehearsal's process: it ends when that does."""

import os
import shutil
import subprocess
import threading
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path

# Seconds until it has ended, when it is told to.
STOP_LIMIT = 5.0


class Child:
    """One program at a time, called ``name``, whose output goes to ``log_path``."""

    def __init__(self, name: str, log_path: Path) -> None:
        self.log_path = log_path
        self._name = name
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it lives."""
        return self._process is not None and self._process.poll() is None

    def start(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        *,
        keep_log: bool = False,
        folder: Path | None = None,
    ) -> None:
        """Start it in a folder, with these variables besides this process's own."""
        setpriv = shutil.which("setpriv")
        # Even when this process is killed, nothing of it stays behind.
        confined = [setpriv, "--pdeathsig", "KILL", *command] if setpriv else [*command]
        started = threading.Event()
        # Linux sends the signal that ends the child when the *thread* that started it ends:
        # so that thread waits for the child.
        self._watcher = threading.Thread(
            target=self._run,
            args=(confined, dict(environment), "ab" if keep_log else "wb", folder, started),
            name=self._name,
            daemon=True,
        )
        self._watcher.start()
        started.wait()

    def _run(
        self,
        command: list[str],
        environment: dict[str, str],
        mode: str,
        folder: Path | None,
        started: threading.Event,
    ) -> None:
        try:
            with self.log_path.open(mode) as log:
                process = self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env=os.environ | environment,
                    # Ctrl-C in a terminal is for the process that owns it.
                    start_new_session=True,
                )
        finally:
            started.set()
        process.wait()

    def stop(self) -> None:
        """End it and wait for it. Twice is fine."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._watcher is not None:
            self._watcher.join(STOP_LIMIT)

    def last_words(self) -> str:
        """Return the last line of its log that says something; empty where none does."""
        try:
            lines = self.log_path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return ""
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

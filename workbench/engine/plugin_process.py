"""Run a plugin that is written in Python: a component package, or a policy pack."""

import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from typing import ClassVar
from typing import Literal

import pulumi
from pulumi.runtime.proto import language_pb2

# What the engine calls a policy pack.
POLICY_PACK = "analyzer"
_CHUNK = 65536
# Seconds that a plugin has to end by itself.
_GRACE = 5.0

Piece = tuple[Literal["stdout", "stderr", ""], bytes]


class PluginProcess:
    """One plugin, from its start to its end, and what it prints on the way."""

    _running: ClassVar[set["PluginProcess"]] = set()

    def __init__(self, request: language_pb2.RunPluginRequest) -> None:
        self._said: queue.SimpleQueue[Piece] = queue.SimpleQueue()
        self._process = subprocess.Popen(
            plugin_command(request),
            cwd=request.pwd or request.info.program_directory,
            env=dict(each.split("=", 1) for each in request.env) or None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._running.add(self)
        for name, stream in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
            threading.Thread(target=self._read, args=(name, stream), daemon=True).start()

    def follow(self) -> Iterator[language_pb2.RunPluginResponse]:
        """Give what the plugin prints as it does, and its exit code at the end."""
        open_streams = 2
        while open_streams:
            name, piece = self._said.get()
            if name == "stdout":
                yield language_pb2.RunPluginResponse(stdout=piece)
            elif name == "stderr":
                yield language_pb2.RunPluginResponse(stderr=piece)
            else:
                open_streams -= 1
        code = self._process.wait()
        self._running.discard(self)
        yield language_pb2.RunPluginResponse(exitcode=code)

    def end(self) -> None:
        """End the plugin, whose engine has no more use for it."""
        self._process.terminate()
        try:
            self._process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._running.discard(self)

    @classmethod
    def end_all(cls) -> None:
        """End all plugins, without waiting: this process is about to end."""
        for plugin in list(cls._running):
            plugin._process.terminate()

    def _read(self, name: Literal["stdout", "stderr"], stream: IO[bytes]) -> None:
        read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        with stream:
            while piece := read(_CHUNK):
                self._said.put((name, piece))
        self._said.put(("", b""))


def plugin_command(request: language_pb2.RunPluginRequest) -> list[str]:
    """Return the command for a plugin, as Pulumi's own language host has it.

    Raises pulumi.RunError where there is no program in the plugin's folder.
    """
    folder = Path(request.info.program_directory)
    if not (folder / "__main__.py").is_file():
        raise pulumi.RunError(f"There is no plugin in {folder}: it has no __main__.py.")
    # -u: the engine waits for the port, which is the first line.
    python = [sys.executable, "-u"]
    if request.kind == POLICY_PACK:
        return [*python, "-m", "pulumi.policy", *request.args, os.fspath(folder)]
    return [*python, os.fspath(folder), *request.args]

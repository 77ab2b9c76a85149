"""A tiny project without AWS, a real engine, and a state folder of the test's own."""

import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from workbench.engine.find import Engine
from workbench.engine.find import ensure_engine
from workbench.engine.stacks import Stack
from workbench.engine.stacks import open_stack
from workbench.progress import Progress
from workbench.progress import stderr_progress

HERE = Path(__file__).parent
LIMIT = 90.0

PROJECT = """\
name: tiny
runtime: python
main: program
plugins:
  providers:
    - name: gated
      path: plugin
"""

PREAMBLE = """\
import pulumi

config = pulumi.Config()


class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("tiny:index:Group", name, None, opts)
        self.register_outputs({})


class Thing(pulumi.CustomResource):
    def __init__(self, name, gate="", opts=None):
        super().__init__("gated:index:Thing", name, {"gate": gate}, opts)


"""


@pytest.fixture(scope="session")
def engine() -> Engine:
    return ensure_engine(stderr_progress())


@dataclass
class Project:
    """A Pulumi project in a folder of the test's own."""

    folder: Path
    engine: Engine
    progress: Progress

    def write(self, program: str) -> None:
        main = self.folder / "program"
        main.mkdir(exist_ok=True)
        (main / "__main__.py").write_text(PREAMBLE + program)

    def open(self, name: str = "rehearsal", create: bool = True) -> Stack:
        return open_stack(name, self.folder, self.progress, create, self.engine)

    def start(self, operation: str, name: str = "rehearsal") -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, HERE / "drive.py", operation, name, self.folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: Engine) -> Iterator[Project]:
    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(tmp_path / "state"))
    folder = tmp_path / "project"
    plugin = folder / "plugin" / "pulumi-resource-gated"
    plugin.parent.mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text(PROJECT)
    command = shlex.join([sys.executable, str(HERE / "gated_provider.py")])
    plugin.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    plugin.chmod(0o755)
    made = Project(folder, engine, Progress(folder / "log", quiet=True))
    made.write("")
    yield made
    made.progress.close()


@pytest.fixture
def wait_until() -> Callable[[Callable[[], object]], None]:
    def wait(condition: Callable[[], object]) -> None:
        pause = threading.Event()
        deadline = time.monotonic() + LIMIT
        while not condition():
            assert time.monotonic() < deadline, "waited for nothing"
            pause.wait(0.05)

    return wait

"""Start the rehearsal's process, and wait until it answers."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException

from workbench import errors
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.places import state_dir
from workbench.progress import Phase
from workbench.progress import Progress
from workbench.rehearsal import remains
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import read_description
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.docker_engine import connect
from workbench.rehearsal.docker_engine import ensure_engine
from workbench.rehearsal.machines.containers import Machines
from workbench.rehearsal.machines.image import ImageInfo
from workbench.rehearsal.machines.image import ensure_image
from workbench.rehearsal.names import network_name
from workbench.rehearsal.services import PACKAGES

# Seconds from the start of the process until it must answer.
START_LIMIT = 120.0
# Bytes: a longer log of earlier runs is put aside.
LONGEST_LOG = 5 * 2**20


def launch(name: str, progress: Progress, modification_hours: float) -> Description:
    """Make what the process needs, start it, and return where it answers."""
    client = ensure_engine(progress)
    try:
        image = ensure_image(client, progress)
    finally:
        client.close()
    folder = rehearsal_dir(name)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with progress.phase("Start the cloud on this computer") as phase:
        _ensure_packages(folder / PACKAGES)
        try:
            _start_process(name, image, modification_hours, phase)
        except BaseException:
            process = remains.recorded_process(name)
            if process is not None:
                process.kill()
            raise
    described = read_description(name)
    if described is None:
        raise WorkbenchError(
            f"The rehearsal {name!r} started, and what it wrote of itself is gone.",
            f"Start over: workbench rehearsal.reset --name {name}",
        )
    return described


def make_machines(client: docker.DockerClient, name: str) -> Machines:
    """Return a rehearsal's machines, to look at, stop or remove them (not to make any)."""
    return Machines(client, name, state_dir(), network_name(name), "", [], "")


def connect_for_removal(name: str, *, expected: bool) -> docker.DockerClient | None:
    """Return a client of the engine that holds a rehearsal's machines.

    An engine that doesn't run is started where machines are ``expected`` in it: its
    containers would be there again at its next start.
    """
    try:
        return connect()
    except DockerException:
        if not expected:
            return None
    return ensure_engine(Progress(quiet=True))


def _ensure_packages(folder: Path) -> None:
    """Put the stand-ins for Posit's packages where machines can download them."""
    from workbench.rehearsal import standin

    if not (folder / standin.FILE_NAME).exists():
        standin.build_package(folder)
    # Of a few KB, and the same bytes each time: an older program's may be others.
    standin.build_r_packages(folder)


def _start_process(name: str, image: ImageInfo, hours: float, phase: Phase) -> None:
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "workbench.rehearsal.process", name]
    command += ["--image", image.tag, "--system", image.os, "--report", str(writing)]
    command += ["--modification-hours", str(hours)]
    try:
        with _open_log(name) as log:
            # It leaves this process's tree by itself, so that what runs here is only its start.
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=[writing],
                env=_environment(),
                check=False,
            )
    finally:
        os.close(writing)
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        _await_ready(name, pipe.fileno(), phase)


def _environment() -> dict[str, str]:
    """Return the process's environment: this one's, with the folders said outright."""
    return os.environ | {"WORKBENCH_STATE_DIR": str(state_dir()), "PYTHONUNBUFFERED": "1"}


def _open_log(name: str) -> Any:
    path = rehearsal_dir(name) / remains.LOG_FILE
    if path.exists() and path.stat().st_size > LONGEST_LOG:
        path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _await_ready(name: str, pipe: int, phase: Phase) -> None:
    for content in _reports(name, pipe):
        if "says" in content:
            phase.update(str(content["says"]))
        elif "error" in content:
            raise _failure(name, content)
        elif content.get("ready"):
            return
    raise WorkbenchError(
        f"The rehearsal {name!r} ended as it started. Its last words:\n  "
        + "\n  ".join(remains.last_lines(name)),
        f"Its log says more: {rehearsal_dir(name) / remains.LOG_FILE}",
    )


def _reports(name: str, pipe: int) -> Iterator[dict[str, Any]]:
    """Yield what the process reports until it closes the pipe, or is gone."""
    deadline = time.monotonic() + START_LIMIT
    buffer = b""
    while True:
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise WaitTimeoutError(
                f"The rehearsal {name!r} isn't ready after {START_LIMIT:.0f} s. Its last words:\n  "
                + "\n  ".join(remains.last_lines(name)),
                f"Its log says more: {rehearsal_dir(name) / remains.LOG_FILE}",
            )
        data = os.read(pipe, 65536)
        if not data:
            return
        *lines, buffer = (buffer + data).split(b"\n")
        yield from (json.loads(line) for line in lines)


def _failure(name: str, content: dict[str, Any]) -> WorkbenchError:
    """Return the error that the process ended with, as the class it was there."""
    kind = getattr(errors, str(content.get("kind")), WorkbenchError)
    log = rehearsal_dir(name) / remains.LOG_FILE
    if kind is WorkbenchError and not content["hint"]:
        last = "\n  ".join(remains.last_lines(name))
        return WorkbenchError(
            f"The rehearsal {name!r} doesn't start: {content['error']}\n  {last}",
            f"Its log says more: {log}",
        )
    return kind(str(content["error"]), str(content["hint"]))

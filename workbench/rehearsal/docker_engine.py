"""The Docker engine that a rehearsal's machines run on: the one that answers, or started here."""

import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import DockerException

from workbench.errors import MissingToolError
from workbench.errors import WaitTimeoutError
from workbench.locking import exclusive
from workbench.locking import once
from workbench.places import state_dir
from workbench.progress import Progress
from workbench.waiting import wait_for

# Seconds. Stopping a machine is one call that lasts as long as its services take to stop.
CALL_LIMIT = 600
START_LIMIT = 60.0
LOG_FILE = "dockerd.log"
DEFAULT_HOST = "unix:///var/run/docker.sock"
LOCK_FILE = Path("/run/workbench-docker.lock")
# Where the engine and the containerd it starts keep their process's number, and that one's name.
PID_FILES = {
    Path("/run/docker.pid"): "dockerd",
    Path("/run/docker/containerd/containerd.pid"): "containerd",
}


def ensure_engine(progress: Progress) -> docker.DockerClient:
    """Return a client of the Docker engine on this computer; start the engine if none answers.

    Raises MissingToolError where there is none, or where it can't run a rehearsal's machines,
    and WaitTimeoutError when it was started and doesn't answer.
    """
    try:
        return _checked(connect())
    except DockerException as error:
        _raise_if_forbidden(error)
    _start(progress)
    return _checked(connect())


def connect() -> docker.DockerClient:
    """Return a client of an engine that answers; raises DockerException where none does."""
    _probe(os.environ.get("DOCKER_HOST") or DEFAULT_HOST)
    client = docker.from_env(timeout=CALL_LIMIT)
    try:
        client.ping()
    except requests.RequestException as error:
        client.close()
        raise DockerException(str(error)) from error
    except DockerException:
        client.close()
        raise
    return client


def _probe(address: str) -> None:
    """Raise DockerException where no engine listens: its client leaves a socket open then."""
    if not address.startswith("unix://"):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(address.removeprefix("unix://"))
        except OSError as error:
            raise DockerException(f"{error.strerror}: {address}") from error


def _checked(client: docker.DockerClient) -> docker.DockerClient:
    reason = _unusable(client.info(), client.api.base_url)
    if reason:
        client.close()
        raise MissingToolError(
            f"The rehearsal needs a Docker engine on this computer that runs as root: {reason}.",
            "Unset DOCKER_HOST or leave that Docker context, install Docker Engine"
            " (Debian: sudo apt-get install docker.io), and try again.",
        )
    return client


def _unusable(info: dict[str, Any], address: str) -> str | None:
    """Return why an engine can't be given this computer's loop devices; None if it can."""
    if info.get("OSType") != "linux" or "Docker Desktop" in info.get("OperatingSystem", ""):
        return f"the one that answers is {info.get('OperatingSystem')}"
    if any("rootless" in option for option in info.get("SecurityOptions") or []):
        return "the one that answers is rootless"
    if not address.startswith("http+docker://"):
        return f"DOCKER_HOST names another computer ({address})"
    return None


def _raise_if_forbidden(error: Exception) -> None:
    if isinstance(_cause(error), PermissionError) or "Permission denied" in str(error):
        raise MissingToolError(
            "This user may not use the Docker engine (permission denied on its socket).",
            "Run it again as root (sudo), which the rehearsal needs for volumes and addresses too.",
        ) from error


def _cause(error: BaseException) -> BaseException:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return error


def _start(progress: Progress) -> None:
    named = os.environ.get("DOCKER_HOST")
    if named:
        raise MissingToolError(
            f"No Docker engine answers at {named}, which DOCKER_HOST names.",
            "Start it, or use this computer's own: unset DOCKER_HOST",
        )
    if shutil.which("dockerd") is None:
        raise MissingToolError(
            "No Docker engine answers, and none (dockerd) is installed.",
            "Install it: sudo apt-get install docker.io (on other Linuxes: Docker Engine).",
        )
    if os.geteuid() != 0:
        raise MissingToolError(
            "No Docker engine answers, and only root can start one.",
            "Start it: sudo systemctl start docker",
        )
    with progress.phase("Start the Docker engine"):
        if Path("/run/systemd/system").is_dir():
            _start_service()
        else:
            _start_daemon(state_dir() / LOG_FILE, progress)


def _start_service() -> None:
    result = subprocess.run(
        ["systemctl", "start", "docker"], capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        raise MissingToolError(
            f"The Docker engine doesn't start: {_last_line(result.stderr)}",
            "See why: journalctl -u docker -n 50",
        )
    _wait(lambda: None, "journalctl -u docker -n 50")


def _start_daemon(log: Path, progress: Progress, *options: str) -> None:
    """Start dockerd manually: there is no init system to do it. It outlives this process."""
    with exclusive(LOCK_FILE, "the Docker engine", 2 * START_LIMIT, once(progress.say)):
        try:
            # Another command may have started it while this one waited.
            connect().close()
        except DockerException:
            _forget_ended_processes()
            _run_daemon(log, *options)


def _forget_ended_processes() -> None:
    """Remove the files of processes that have ended, where their numbers are others' by now.

    Where /run outlives a restart of the computer, dockerd takes whatever process has the number
    for its own containerd, and waits for nothing, for it to answer.
    """
    for path, program in PID_FILES.items():
        with suppress(FileNotFoundError):
            if _program(path.read_text().strip()) != program:
                path.unlink()


def _program(pid: str) -> str | None:
    """Return the name of the program that a process runs; None if there is no such process."""
    try:
        return (Path("/proc") / pid / "comm").read_text().strip()
    except OSError:
        return None


def _run_daemon(log: Path, *options: str) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            ["dockerd", *options],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def check() -> None:
        if process.poll() is not None:
            raise MissingToolError(
                f"The Docker engine stopped as it started: {_last_line(log.read_text())}",
                f"Its log says more: {log}",
            )

    _wait(check, f"tail {log}")
    # It is nobody's child to wait for: without this, Python warns about a process left running.
    process.returncode = 0


def _wait(check: Callable[[], None], look: str) -> None:
    def answers() -> bool:
        check()
        connect().close()
        return True

    try:
        wait_for(answers, START_LIMIT, 0.2, again=DockerException)
    except DockerException:
        raise WaitTimeoutError(
            f"The Docker engine was started but doesn't answer after {START_LIMIT:.0f} s.",
            f"See why: {look}",
        ) from None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "it says nothing"

"""The Docker engine: found, started, or what is missing said in one sentence."""

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from workbench.errors import MissingToolError
from workbench.progress import Progress
from workbench.rehearsal import docker_engine

pytestmark = pytest.mark.machine


def ensure():
    docker_engine.ensure_engine(Progress(quiet=True)).close()


def test_one_that_answers_is_used(engine):
    ensure()


def test_a_user_who_may_not_use_it_is_told(engine):
    os.seteuid(65534)
    try:
        with pytest.raises(MissingToolError, match="may not use the Docker engine"):
            ensure()
    finally:
        os.seteuid(0)


def test_an_address_where_none_answers(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(MissingToolError, match="DOCKER_HOST names"):
        ensure()


@pytest.fixture
def no_answer(monkeypatch):
    def fail():
        raise docker_engine.DockerException("Connection refused")

    monkeypatch.setattr(docker_engine, "connect", fail)


def test_none_installed(no_answer, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingToolError, match="none \\(dockerd\\) is installed"):
        ensure()


def test_none_running_and_not_root(no_answer, monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    with pytest.raises(MissingToolError, match="only root can start one"):
        ensure()


@pytest.mark.parametrize(
    ("info", "address", "reason"),
    [
        ({"OSType": "linux", "OperatingSystem": "Docker Desktop"}, "http+docker://l", "Desktop"),
        ({"OSType": "linux", "SecurityOptions": ["name=rootless"]}, "http+docker://l", "rootless"),
        ({"OSType": "linux"}, "http://192.0.2.1:2375", "another computer"),
        ({"OSType": "linux"}, "http+docker://localhost", None),
    ],
)
def test_one_without_this_computers_devices_is_no_use(info, address, reason):
    said = docker_engine._unusable(info, address)
    assert said is None if reason is None else reason in said


@pytest.fixture
def short_path():
    # The engine's sockets are below it, and a socket's path has at most 107 characters.
    with tempfile.TemporaryDirectory(dir="/run", prefix="wb") as folder:
        yield Path(folder)


def test_is_started_by_hand_where_no_init_system_runs(monkeypatch, short_path):
    pid_file = short_path / "pid"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{short_path}/socket")
    options = {
        "--data-root": "data",
        "--exec-root": "exec",
        "--pidfile": "pid",
        "--host": "socket",
    }
    arguments = [f"{name}={short_path / value}" for name, value in options.items()]
    arguments[-1] = f"--host=unix://{short_path}/socket"
    docker_engine._start_daemon(
        short_path / "log", *arguments, "--bridge=none", "--iptables=false", "--ip-forward=false"
    )
    pid = int(pid_file.read_text())
    try:
        ensure()
    finally:
        os.kill(pid, signal.SIGTERM)
        limit = time.monotonic() + 60
        while Path(f"/proc/{pid}/exe").exists() and time.monotonic() < limit:
            time.sleep(0.1)
    assert str(short_path) not in Path("/proc/mounts").read_text()


def test_one_that_does_not_start_says_why(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    # Its number is taken: by us.
    (tmp_path / "pid").write_text(str(os.getpid()))
    options = [f"--data-root={tmp_path}/data", f"--pidfile={tmp_path}/pid", "--bridge=none"]
    try:
        with pytest.raises(MissingToolError, match=r"stopped as it started: .*(pid|PID)"):
            docker_engine._start_daemon(tmp_path / "log", *options)
    finally:
        # What dockerd does first is to mount this folder on itself.
        subprocess.run(["umount", str(tmp_path / "data")], capture_output=True, check=False)
    assert str(tmp_path) not in Path("/proc/mounts").read_text()

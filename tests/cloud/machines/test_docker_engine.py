"""The Docker engine: found, started, or what is missing said in one sentence."""

import os
import signal
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
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


@pytest.fixture
def options(monkeypatch, short_path):
    """Give the options of an engine of our own, which is stopped afterwards."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{short_path}/socket")
    monkeypatch.setattr(docker_engine, "LOCK_FILE", short_path / "lock")
    monkeypatch.setattr(
        docker_engine,
        "PID_FILES",
        {
            short_path / "pid": "dockerd",
            short_path / "exec" / "containerd" / "containerd.pid": "containerd",
        },
    )
    yield [
        f"--data-root={short_path}/data",
        f"--exec-root={short_path}/exec",
        f"--pidfile={short_path}/pid",
        f"--host=unix://{short_path}/socket",
        "--bridge=none",
        "--iptables=false",
        "--ip-forward=false",
    ]
    pid = int((short_path / "pid").read_text())
    os.kill(pid, signal.SIGTERM)
    limit = time.monotonic() + 60
    while Path(f"/proc/{pid}/exe").exists() and time.monotonic() < limit:
        time.sleep(0.1)
    assert str(short_path) not in Path("/proc/mounts").read_text()


def start(folder, options):
    docker_engine._start_daemon(folder / "log", Progress(quiet=True), *options)


def test_is_started_by_hand_where_no_init_system_runs(options, short_path):
    start(short_path, options)
    ensure()


def test_what_a_computer_left_when_it_was_cut_off_is_no_hindrance(options, short_path):
    # The numbers that its engine had are ours now.
    for path in docker_engine.PID_FILES:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(os.getpid()))
    start(short_path, options)
    ensure()


def test_two_at_once_start_one(options, short_path):
    with ThreadPoolExecutor() as pool:
        for started in [pool.submit(start, short_path, options) for _ in range(2)]:
            started.result()
    assert (short_path / "log").read_text().count('msg="Starting up"') == 1


def test_one_that_does_not_start_says_why(monkeypatch, tmp_path):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    # Its number is taken: by us.
    (tmp_path / "pid").write_text(str(os.getpid()))
    options = [f"--data-root={tmp_path}/data", f"--pidfile={tmp_path}/pid", "--bridge=none"]
    try:
        with pytest.raises(MissingToolError, match=r"stopped as it started: .*(pid|PID)"):
            start(tmp_path, options)
    finally:
        # What dockerd does first is to mount this folder on itself.
        subprocess.run(["umount", str(tmp_path / "data")], capture_output=True, check=False)
    assert str(tmp_path) not in Path("/proc/mounts").read_text()

"""What the README promises: a fresh clone, two commands, and nothing left after the third."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import ROOT
from bench import Bench
from bench import eventually


class Clone:
    """A clone in an empty folder, and a person's shell in it."""

    def __init__(self, folder: Path, bench: Bench) -> None:
        self.folder, self.bench = folder, bench
        subprocess.run(["git", "clone", "-q", str(ROOT), str(folder)], check=True)

    def shell(self, script: str, limit: float = 1800) -> subprocess.CompletedProcess[str]:
        # The shell finds no environment of the tests: `make` has to make its own.
        ours = os.path.dirname(sys.executable)
        path = ":".join(p for p in os.environ["PATH"].split(":") if p != ours)
        env = self.bench.env | {"PATH": path}
        env.pop("VIRTUAL_ENV", None)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
        return done


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    bench = Bench(f"clone{os.getpid()}")
    try:
        yield Clone(tmp_path / "clone", bench)
    finally:
        bench.remove()


def remains(bench: Bench) -> dict[str, object]:
    """Collect what exists of a rehearsal anywhere on this computer."""
    label = f"label=diy-workbench.state={bench.state_dir}"
    ids = [
        subprocess.run(["docker", *args], capture_output=True, text=True, check=True).stdout.split()
        for args in (
            ["ps", "-aq", "--filter", label],
            ["network", "ls", "-q", "--filter", label],
            ["volume", "ls", "-q", "--filter", label],
        )
    ]
    loops = subprocess.run(["losetup", "--list", "--noheadings"], capture_output=True, text=True)
    processes = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    needle = str(bench.state_dir)
    return {
        "containers": ids[0],
        "networks": ids[1],
        "docker volumes": ids[2],
        "loop devices": [line for line in loops.stdout.splitlines() if needle in line],
        "processes": [
            line for line in processes.splitlines() if needle in line or f" {bench.name}" in line
        ],
        "files": [str(p) for p in bench.folder.rglob("*")] if bench.folder.exists() else [],
    }


def listening(ip: str, ports: dict[str, int]) -> list[int]:
    def answers(port: int) -> bool:
        try:
            with socket.create_connection((ip, port), timeout=2):
                return True
        except OSError:
            return False

    return [port for port in ports.values() if answers(port)]


@pytest.mark.timeout(2400)
def test_make_up_from_a_fresh_clone(clone: Clone) -> None:
    first = clone.shell("make up")
    assert "https://" in first.stdout
    assert "password" in first.stdout
    assert "ca.pem" in first.stdout
    assert not [line for line in first.stderr.splitlines() if "\x1b" in line], "not a terminal"

    again = clone.shell("make up")
    assert "no changes" in (again.stdout + again.stderr).lower()

    person = "source .venv/bin/activate\n"
    state = json.loads(clone.shell(person + "workbench status --json").stdout)
    assert state["state"] == "running"
    assert clone.shell("git status --porcelain").stdout == ""

    # A stopped rehearsal continues where it was.
    clone.shell(person + "workbench rehearsal.stop")
    assert not listening(state["address"]["ip"], state["address"]["ports"])
    clone.shell(person + "workbench up")
    after = json.loads(clone.shell(person + "workbench status --json").stdout)
    assert after["instance_id"] == state["instance_id"]
    clone.shell(person + "workbench check")

    clone.shell(person + "workbench rehearsal.reset --yes")
    assert eventually(lambda: not any(remains(clone.bench).values()), 30), remains(clone.bench)
    assert not listening(state["address"]["ip"], state["address"]["ports"])
    assert not list(clone.folder.glob(f"Pulumi.{clone.bench.stack}*"))

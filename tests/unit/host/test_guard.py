"""Who goes over a limit loses their own largest process, and nobody else anything."""

import os
import socket
import subprocess
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import pytest

from workbench.host.shares import guard
from workbench.host.shares import kill_notes
from workbench.host.shares import share_use
from workbench.host.shares import shares
from workbench.host.shares import strays
from workbench.host.shares.cgroups import Cgroups
from workbench.host.shares.cgroups import person
from workbench.host.shares.kill_notes import Kill

MIB = 1 << 20
LIMITS = shares.shares(4096 * MIB, 2, 30000)
PEOPLE, PERSON = LIMITS.people_memory // MIB, LIMITS.person_memory // MIB
# A person, of whom the server knows no name.
ADA, BOB = 54321, 54322


class Machine:
    """Files as the kernel shows them, of either version of cgroups, in MiB."""

    def __init__(self, root: Path, unified: bool) -> None:
        self.root, self.unified = root, unified
        if unified:
            root.mkdir()
            (root / "cgroup.controllers").touch()
        self.cgroups = Cgroups(root, root.parent / "proc")

    def put(self, slice_: str, used: int, *, cached: int = 0, kills: int = 0) -> None:
        folder = self.cgroups.memory / slice_
        folder.mkdir(parents=True, exist_ok=True)
        (self.cgroups.units / slice_).mkdir(parents=True, exist_ok=True)
        prefix = "" if self.unified else "total_"
        stat = f"{prefix}inactive_file {cached * MIB}\n{prefix}active_file 0\n"
        (folder / "memory.stat").write_text(stat)
        names = ("memory.current", "memory.max", "memory.events")
        if not self.unified:
            names = ("memory.usage_in_bytes", "memory.limit_in_bytes", "memory.oom_control")
        texts = ((used + cached) * MIB, PERSON * MIB, f"oom 3\noom_kill {kills}")
        for name, text in zip(names, texts, strict=True):
            (folder / name).write_text(f"{text}\n")

    def run(self, uid: int, pid: int, name: str, memory: int) -> None:
        """Put a process into a scope of a person's, and into /proc."""
        scope = self.cgroups.units / person(uid) / "session-1.scope"
        scope.mkdir(parents=True, exist_ok=True)
        with (scope / "cgroup.procs").open("a") as file:
            file.write(f"{pid}\n")
        folder = self.root.parent / "proc" / str(pid)
        folder.mkdir(parents=True)
        (folder / "statm").write_text(f"99999 {memory * MIB // 4096} 0 0 0 0 0\n")
        (folder / "comm").write_text(f"{name}\n")
        (folder / "cgroup").write_text(f"0::/{person(uid)}/session-1.scope\n")


@pytest.fixture(params=[True, False], ids=["unified", "version 1"])
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Machine:
    return Machine(tmp_path / "cgroup", request.param)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[Kill]:
    kills: list[Kill] = []
    monkeypatch.setattr(kill_notes, "record", kills.append)
    monkeypatch.setattr(kill_notes, "tell", lambda kill, limits: None)
    monkeypatch.setattr(guard, "kernel_says", lambda uid: None)
    return kills


@pytest.fixture
def process() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Give a function that starts a process which waits."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen(["sleep", "600"]))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.wait()


def test_what_the_kernel_ended_is_told_with_what_it_had(machine: Machine, told: list[Kill]) -> None:
    machine.put("user.slice", 2700)
    machine.put(person(ADA), 2600)
    machine.run(ADA, 11, "R", 200)
    machine.run(ADA, 12, "python3\x1b[31m", 2300)
    watch = guard.Guard(machine.cgroups, LIMITS)
    watch.look()
    assert told == []

    machine.put(person(ADA), 2600, kills=1)
    (machine.root.parent / "proc" / "12" / "statm").write_text("0 0 0 0 0 0 0\n")
    watch.look()
    watch.look()
    (kill,) = told
    assert (kill.user, kill.name, kill.memory) == (str(ADA), "python3?[31m", 2300 * MIB)
    assert kill.cause == "person"


def test_kills_from_before_the_guard_began_are_not_told_again(
    machine: Machine, told: list[Kill]
) -> None:
    machine.put("user.slice", 100)
    machine.put(person(ADA), 100, kills=7)
    watch = guard.Guard(machine.cgroups, LIMITS)
    watch.look()
    watch.look()
    assert told == []


def share_out(machine: Machine) -> None:
    """Look once, until all limits are set."""
    watch = guard.Guard(machine.cgroups, LIMITS)
    watch.look()
    watch.pool.shutdown()


def test_who_is_alone_may_have_a_persons_whole_share(machine: Machine, told: list[Kill]) -> None:
    machine.put("user.slice", 300)
    machine.put(person(ADA), 100)
    machine.put(person(BOB), 200)
    share_out(machine)
    assert machine.cgroups.memory_limit(person(ADA)) // MIB == PERSON


def test_a_limit_is_what_others_leave_and_never_below_an_equal_share(
    machine: Machine, told: list[Kill]
) -> None:
    machine.put("user.slice", 2400)
    machine.put(person(ADA), 2200)
    machine.put(person(BOB), 200)
    share_out(machine)
    left = machine.cgroups.memory_limit(person(BOB)) // MIB
    assert left == PEOPLE // 2 > PEOPLE - 2200
    # Ada has more than an equal share, which nobody wants now.
    assert machine.cgroups.memory_limit(person(ADA)) // MIB == PERSON
    assert 2200 + left > PEOPLE * 0.9


def test_who_has_the_most_loses_their_largest_process(
    machine: Machine, told: list[Kill], process: Callable[[], subprocess.Popen[bytes]]
) -> None:
    adas, small, large = process(), process(), process()
    machine.put("user.slice", PEOPLE - 50)
    machine.put(person(ADA), 1400)
    machine.put(person(BOB), PEOPLE - 1450)
    # The largest of all is Ada's.
    machine.run(ADA, adas.pid, "R", 1400)
    machine.run(BOB, small.pid, "cat", 300)
    machine.run(BOB, large.pid, "python3", 500)
    guard.Guard(machine.cgroups, LIMITS).look()

    assert large.wait(timeout=10) == -9
    assert (adas.poll(), small.poll()) == (None, None)
    (kill,) = told
    assert (kill.user, kill.name, kill.cause) == (str(BOB), "python3", "server")


def test_what_is_only_cached_takes_nobodys_place(
    machine: Machine, told: list[Kill], process: Callable[[], subprocess.Popen[bytes]]
) -> None:
    one = process()
    machine.put("user.slice", 500, cached=PEOPLE - 501)
    machine.put(person(ADA), 500, cached=PEOPLE - 600)
    machine.run(ADA, one.pid, "python3", 400)
    guard.Guard(machine.cgroups, LIMITS).look()
    assert (told, one.poll()) == ([], None)


@pytest.mark.parametrize(("free", "seconds"), [(3000, guard.LONGEST), (250, guard.SHORTEST)])
def test_it_looks_more_often_the_less_memory_is_left(
    machine: Machine, told: list[Kill], free: int, seconds: float
) -> None:
    machine.put("user.slice", PEOPLE - free)
    assert guard.Guard(machine.cgroups, LIMITS).look() == pytest.approx(seconds, abs=0.02)


def test_the_kernels_own_words_are_understood() -> None:
    line = (
        "Memory cgroup out of memory: Killed process 8311 (python3 (x)) total-vm:3012kB,"
        " anon-rss:2048kB, file-rss:4kB, shmem-rss:1024kB, UID:1004 pgtables:5kB oom_score_adj:0"
    )
    found = guard.KERNEL_SAYS.search(line)
    assert found
    assert (found["pid"], found["name"], found["uid"]) == ("8311", "python3 (x)", "1004")


def test_a_note_says_what_was_ended_and_what_would_fit() -> None:
    kill = Kill(time.time(), "ada", "python3", 2300 * MIB, "person")
    text = kill_notes.note(kill, LIMITS)
    assert "'python3', which had 2.2 GiB of memory, was ended." in text
    assert "All you run may use 2.7 GiB together" in text
    assert "8 GiB of memory (workbench resize)" in text


def test_a_note_follows_no_link_and_waits_for_no_pipe(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("mine")
    (tmp_path / kill_notes.NOTE).symlink_to("elsewhere")
    kill_notes.write("text", tmp_path, tmp_path)
    assert (tmp_path / "elsewhere").read_text() == "mine"

    (tmp_path / kill_notes.NOTE).unlink()
    os.mkfifo(tmp_path / kill_notes.NOTE)
    kill_notes.write("text", tmp_path, tmp_path)

    (tmp_path / kill_notes.NOTE).unlink()
    for text in ("one\n", "two\n"):
        kill_notes.write(text, tmp_path, tmp_path)
    assert (tmp_path / kill_notes.NOTE).read_text() == "one\ntwo\n"


def test_the_record_of_kills_does_not_grow_without_end(tmp_path: Path) -> None:
    path = tmp_path / "kills.jsonl"
    for number in range(kill_notes.KEPT + 5):
        kill_notes.record(Kill(number, "ada", "R", 0, "person"), path)
    lines = path.read_text().splitlines()
    assert len(lines) == kill_notes.KEPT
    assert f'"time": {kill_notes.KEPT + 4}' in lines[-1]


def test_it_is_told_who_is_near_a_limit(machine: Machine) -> None:
    machine.put("user.slice", PEOPLE * 95 // 100)
    machine.put(person(ADA), PERSON * 95 // 100)
    machine.put(person(BOB), 100)
    pids = machine.cgroups.pids / person(BOB)
    pids.mkdir(parents=True, exist_ok=True)
    (pids / "pids.current").write_text("1900\n")
    (pids / "pids.max").write_text("2000\n")
    found = share_use.near(machine.cgroups, LIMITS)
    assert [(use["user"], use["what"]) for use in found] == [
        (str(ADA), "memory"),
        (str(BOB), "tasks"),
        (None, "memory"),
    ]


def test_what_the_kernel_does_not_limit_is_found(machine: Machine) -> None:
    for slice_ in ("user.slice", person(ADA)):
        machine.put(slice_, 1)
    weight = "cpu.weight" if machine.unified else "cpu.shares"
    folder = machine.cgroups.cpu / "system.slice"
    folder.mkdir(parents=True)
    (folder / weight).write_text("400\n")
    for slice_, most in (("user.slice", 9000), (person(ADA), 2048)):
        pids = machine.cgroups.pids / slice_
        pids.mkdir(parents=True, exist_ok=True)
        (pids / "pids.max").write_text(f"{most}\n")
    assert share_use.missing_limits(machine.cgroups, LIMITS) == []

    (machine.cgroups.pids / person(ADA) / "pids.max").write_text("max\n")
    machine.cgroups.limit_memory("user.slice", 1 << 62)
    (folder / weight).unlink()
    assert share_use.missing_limits(machine.cgroups, LIMITS) == [
        "memory of user.slice",
        f"tasks of {person(ADA)}",
        "CPU of system.slice",
    ]


def test_only_what_is_left_behind_in_memory_is_removed() -> None:
    old, now = strays.Piece("x", ADA, 100), 1000.0
    assert strays.is_left(old, set(), now)
    assert not strays.is_left(old, {ADA}, now)
    assert not strays.is_left(strays.Piece("x", ADA, now + 1), set(), now)
    assert not strays.is_left(strays.Piece("x", 0, 100), set(), now)


@pytest.mark.parametrize("written", ["{tmp}/notify", "@{tmp}/notify"])
def test_systemd_is_told_when_it_has_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    address = written.format(tmp=tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address.replace("@", "\0", 1))
        monkeypatch.setenv("NOTIFY_SOCKET", address)
        guard.tell_systemd("READY=1")
        assert listening.recv(100) == b"READY=1"

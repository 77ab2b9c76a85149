"""Keep people to their shares, and say what was ended for it.

Run as ``python3 -m workbench.host.shares.guard``.

The kernel keeps each person within their own limit, and ends their own largest process there. But
the limits of several people together are more than the server has, and where that is gone the
kernel ends the largest process, whosoever it is. So each person's limit is lowered to what the
others leave, never below an equal share; and where nearly nothing is left, the largest process of
who has the most is ended before the kernel comes. Standard library only.
"""

import contextlib
import os
import pwd
import re
import signal
import socket
import subprocess
import time
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor

from workbench.host.shares import kill_notes
from workbench.host.shares.cgroups import PEOPLE
from workbench.host.shares.cgroups import Cgroups
from workbench.host.shares.cgroups import Process
from workbench.host.shares.cgroups import person
from workbench.host.shares.generator import read_shares
from workbench.host.shares.kill_notes import Kill
from workbench.host.shares.shares import LEFT_PERCENT
from workbench.host.shares.shares import MIB
from workbench.host.shares.shares import Shares
from workbench.host.shares.strays import Strays
from workbench.host.shares.strays import bound_shared_memory
from workbench.host.shares.strays import remove_shared_memory

# Of all people's memory, what is left when the guard has made room.
ROOM_PERCENT = 8
# What the limits of people, one at a time, leave of it; and less than this isn't a difference.
SPARED_PERCENT = 2
SMALL = 64 * MIB
# How fast programs take memory at most (bytes a second): when it looks again follows from it.
FASTEST = 4 << 30
SHORTEST, LONGEST = 0.05, 0.5
CLEANING_SECONDS = 60.0
# Who has more tasks than this isn't looked at one by one.
MOST_LOOKED_AT = 500
# A note for each person at most this often.
QUIET_SECONDS = 10.0
SHARED_MEMORY_PERCENT = 20
KERNEL_SAYS = re.compile(
    r"Killed process (?P<pid>\d+) \((?P<name>.*)\) total-vm:\d+kB, anon-rss:(?P<anon>\d+)kB,"
    r" file-rss:\d+kB, shmem-rss:(?P<shared>\d+)kB, UID:(?P<uid>\d+)"
)


class Guard:
    """What was seen of each person at the last look."""

    def __init__(self, groups: Cgroups, limits: Shares) -> None:
        self.groups, self.limits = groups, limits
        self.kills: dict[str, int] = {}
        self.seen: dict[int, list[Process]] = {}
        self.told: dict[int, float] = {}
        self.lowered: dict[int, int] = {}
        self.pool = ThreadPoolExecutor(thread_name_prefix="limit")
        self.setting: dict[int, Future[None]] = {}
        self.writers: list[subprocess.Popen[str]] = []
        self.is_first = True

    def look(self) -> float:
        """Look once, act, and return after how many seconds to look again."""
        used = {uid: self.groups.used(person(uid)) for uid in self.groups.people()}
        everyone = self.groups.used(PEOPLE)
        self._note_kills(used)
        self._share_out(used, everyone)
        missing = self.limits.people_memory * LEFT_PERCENT // 100 - (
            self.limits.people_memory - everyone
        )
        if missing > 0 and used:
            self._make_room(max(used, key=lambda uid: used[uid]), everyone)
            return SHORTEST
        left = [self.lowered[uid] - each for uid, each in used.items()]
        least = min([-missing, *left])
        return min(LONGEST, max(SHORTEST, least / FASTEST))

    def _note_kills(self, used: dict[int, int]) -> None:
        """Tell of what the kernel ended since the last look."""
        now: dict[str, int] = {}
        for uid, memory in used.items():
            counts = self.groups.kills(person(uid))
            news = sum(max(0, count - self.kills.get(key, 0)) for key, count in counts.items())
            now |= counts
            if news and not self.is_first and self._may_tell(uid):
                limit = self.lowered.get(uid, self.limits.person_memory)
                own = limit == self.limits.person_memory and memory * 2 > limit
                self._tell(uid, self._victim(uid, limit - memory), "person" if own else "server")
            self.seen[uid] = self._largest(uid, memory)
        self.kills, self.is_first = now, False

    def _share_out(self, used: dict[int, int], everyone: int) -> None:
        """Lower each person's limit to what the others leave, but not below an equal share."""
        people = self.limits.people_memory
        equal = people // max(1, sum(each > SMALL for each in used.values()))
        for uid, memory in used.items():
            left = people * (100 - SPARED_PERCENT) // 100 - (everyone - memory)
            # The kernel would end a process to bring a slice below a new limit.
            limit = max(left, equal, memory + SMALL)
            if uid not in self.lowered:
                self.groups.limit_groups(person(uid))
            self.lowered[uid] = limit = min(self.limits.person_memory, limit)
            if abs(limit - self.groups.memory_limit(person(uid))) > SMALL // 4:
                self._lower(uid, limit)

    def _lower(self, uid: int, limit: int) -> None:
        """Set a limit between looks: the kernel first makes room in what is cached for them."""
        if uid not in self.setting or self.setting[uid].done():
            self.setting[uid] = self.pool.submit(self.groups.limit_memory, person(uid), limit)

    def _largest(self, uid: int, memory: int) -> list[Process]:
        """Return the largest processes of a person who might come to their limit."""
        few = self.groups.tasks(person(uid))[0] <= MOST_LOOKED_AT
        near = memory * 4 > self.limits.person_memory
        return self.groups.largest(person(uid))[:MOST_LOOKED_AT] if near and few else []

    def _victim(self, uid: int, left: int) -> Process:
        """Return the process that the kernel ended: as it says itself, or the largest one gone."""
        if told := kernel_says(uid):
            return told
        # One that is ending is still listed, without memory.
        alive = {process.pid for process in self.groups.largest(person(uid))}
        gone = [process for process in self.seen.get(uid, []) if process.pid not in alive]
        if not gone:
            return Process(0, "", 0)
        # It grew since it was seen: it had what is left now.
        return Process(gone[0].pid, gone[0].name, max(gone[0].memory, left))

    def _make_room(self, uid: int, everyone: int) -> None:
        """End a person's largest processes until there is room."""
        wanted = everyone - self.limits.people_memory * (100 - ROOM_PERCENT) // 100
        ended: list[Process] = []
        for process in self.groups.largest(person(uid)):
            if wanted <= 0:
                break
            if self._end(process.pid, uid):
                ended.append(process)
                wanted -= process.memory
        if ended and self._may_tell(uid):
            self._tell(uid, ended[0], "server")

    def _end(self, pid: int, uid: int) -> bool:
        with contextlib.suppress(ProcessLookupError):
            descriptor = os.pidfd_open(pid)
            try:
                # The number may be another process's by now; behind the descriptor it can't.
                if self.groups.has(person(uid), pid):
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                    return True
            finally:
                os.close(descriptor)
        return False

    def _may_tell(self, uid: int) -> bool:
        # Also for the time that it takes to find out what to tell.
        return time.monotonic() - self.told.get(uid, -QUIET_SECONDS) >= QUIET_SECONDS

    def _tell(self, uid: int, process: Process, cause: str) -> None:
        self.told[uid] = time.monotonic()
        name = kill_notes.printable(process.name)
        kill = Kill(time.time(), _name(uid), name, process.memory, cause)
        print(f"ended for lack of memory: {name} of {kill.user} ({cause})", flush=True)
        kill_notes.record(kill)
        writer = kill_notes.tell(kill, self.limits)
        # Those that have ended are forgotten, and so reaped.
        running = [each for each in self.writers if each.poll() is None]
        self.writers = [*running, writer] if writer else running


def kernel_says(uid: int) -> Process | None:
    """Return the last process of a person that the kernel says it ended just now.

    In a container the kernel's log can't be read.
    """
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run(
            ["journalctl", "-q", "-k", "--since=-5s", "--no-pager", "-o", "cat"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=3,
            check=False,
        ).stdout
        for line in reversed(said.splitlines()):
            if (found := KERNEL_SAYS.search(line)) and int(found["uid"]) == uid:
                memory = (int(found["anon"]) + int(found["shared"])) * 1024
                return Process(int(found["pid"]), found["name"], memory)
    return None


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def tell_systemd(state: str) -> None:
    """Tell systemd how this service stands (sd_notify(3)), where it is one."""
    if address := os.environ.get("NOTIFY_SOCKET"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as own:
            # An address that begins with @ is an abstract one.
            own.sendto(state.encode(), address.replace("@", "\0", 1))


def main() -> None:
    """Look again and again."""
    limits, groups = read_shares(), Cgroups()
    bound_shared_memory(limits.memory * SHARED_MEMORY_PERCENT // 100)
    guard, strays = Guard(groups, limits), Strays(groups)
    moved = cleaned = 0.0
    print(f"at most {limits.person_memory // MIB} MiB for one person", flush=True)
    is_ready = False
    while True:
        seconds = guard.look()
        if not is_ready:
            tell_systemd("READY=1")
            is_ready = True
        now = time.monotonic()
        if now - moved > LONGEST:
            strays.move()
            moved = now
        if now - cleaned > CLEANING_SECONDS:
            remove_shared_memory(groups)
            cleaned = now
        time.sleep(seconds)


if __name__ == "__main__":
    main()

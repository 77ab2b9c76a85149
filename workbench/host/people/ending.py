"""End everything a person runs, also what is made again and again so as not to be found.

Run as root: ``python3 -m workbench.host.people.ending NAME``. A list of processes is old when it
has been read: a chain of processes that each start the next one and end outlives any number of
them. So the person's slice may have no new process first, then all that is in it is killed, root's
processes among it too; and the kernel is told to kill all the person's elsewhere in one call.
Standard library only.
"""

import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

from workbench.host.people.processes import processes

LINGER = Path("/var/lib/systemd/linger")
# For processes to be gone after SIGKILL; what still hangs in the kernel ends when that lets go.
SECONDS = 10.0
# Nobody's: with it as the real uid, the process that kills can't be killed or held up by theirs.
NOBODYS = 0xFFFF_FFF0


def end(name: str) -> bool:
    """End all of a person's; return whether nothing is left."""
    number = pwd.getpwnam(name).pw_uid
    piece = f"user-{number}.slice"
    if (LINGER / name).exists():
        _run("loginctl", "disable-linger", name)
    _run("systemctl", "stop", f"jupyter-{name}-singleuser.service")
    # No new process: what is in the slice then can only become less.
    _run("systemctl", "set-property", "--runtime", piece, "TasksMax=1")
    try:
        return _kill(name, number, piece)
    finally:
        # They may come back, or are demoted only.
        _run("systemctl", "revert", piece)


def _kill(name: str, number: int, piece: str) -> bool:
    limit = time.monotonic() + SECONDS
    while True:
        _run("systemctl", "kill", "--kill-whom=all", "--signal=KILL", piece)
        _run("loginctl", "terminate-user", name)
        _kill_all_of(number)
        if not any(each.is_of(number) for each in processes()):
            return True
        if time.monotonic() > limit:
            return False
        time.sleep(0.1)


def _kill_all_of(number: int) -> None:
    """Kill every process of a uid, wherever it is.

    The kernel does it while nothing can be forked (kill(2), -1), and leaves out who asks.
    """
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresuid(NOBODYS, number, NOBODYS)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def _run(*command: str) -> None:
    # What isn't there needn't be stopped.
    subprocess.run(command, check=False, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(0 if end(sys.argv[1]) else 1)

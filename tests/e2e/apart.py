"""A network of a browser's own, in which the workbench's pages answer as on this computer.

Chromium ends all that it loads when an interface comes or goes (ERR_NETWORK_CHANGED,
issues.chromium.org/41465264), as those of other tests' machines do all the time.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.rehearsal.network.listener import Capacity
from workbench.rehearsal.network.listener import Listener
from workbench.rehearsal.network.loop import LoopThread
from workbench.rehearsal.network.rules import Listening
from workbench.rehearsal.network.rules import Rule

LOOPBACK = "127.0.0.1"
_LISTEN = """
import socket, sys
opened = socket.create_server((sys.argv[1], int(sys.argv[2])))
socket.send_fds(socket.socket(fileno=int(sys.argv[3])), [b"."], [opened.fileno()])
"""


@contextmanager
def apart(program: str, ports: Iterable[int], folder: Path, to: str = LOOPBACK) -> Iterator[Path]:
    """Give a command, kept in ``folder``, that runs ``program`` in a namespace.

    The ``ports`` of ``to``, this computer's loopback, answer on its loopback; nothing else does.
    """
    ip, name = shutil.which("ip") or "ip", f"wb-apart-{os.getpid()}"
    subprocess.run([ip, "netns", "add", name], check=True)
    thread, listeners = LoopThread(name), list[Listener]()
    try:
        subprocess.run([ip, "-n", name, "link", "set", "lo", "up"], check=True)
        inside = [ip, "netns", "exec", name]
        for port in ports:
            rule = Rule(LOOPBACK, port, ("127.0.0.0/8",), to, port)
            opened = _listen(inside, port)
            listeners.append(Listener(Listening(rule, to, port), opened, Capacity(256)))
            thread.run(listeners[-1].start())
        command = folder / Path(program).name
        command.write_text(f'#!/bin/sh\nexec {" ".join(inside)} {program} "$@"\n')
        command.chmod(0o755)
        yield command
    finally:
        for listener in listeners:
            thread.run(listener.close())
        thread.stop()
        subprocess.run([ip, "netns", "delete", name], check=True)


def _listen(inside: list[str], port: int) -> socket.socket:
    """Return a socket that listens in the namespace: whoever holds it, it stays there."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        number = theirs.fileno()
        words = [sys.executable, "-c", _LISTEN, LOOPBACK, str(port), str(number)]
        subprocess.run([*inside, *words], pass_fds=[number], check=True)
        _, (received,), _, _ = socket.recv_fds(ours, 1, 1)
    opened = socket.socket(fileno=received)
    opened.setblocking(False)
    return opened

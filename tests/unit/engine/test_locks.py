"""Whose a stack's lock is, and whether its holder still lives."""

import os
import socket
import subprocess
import sys

import pytest

from workbench.engine.locks import LockHolder


def holder(pid: int, host: str = "") -> LockHolder:
    return LockHolder("ana", host or socket.gethostname(), pid, "2026-05-04T10:00:00Z")


def test_a_process_that_runs_is_not_gone() -> None:
    assert not holder(os.getpid()).is_gone


def test_of_another_computer_nothing_is_known() -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert holder(ended.pid).is_gone
    assert not holder(ended.pid, "elsewhere").is_gone


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it, in /proc")
def test_one_that_ended_unnoticed_is_gone() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        # Waits for the end, and leaves it to be taken note of.
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert holder(ended.pid).is_gone

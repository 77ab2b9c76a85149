"""Ctrl-C, killed engines and locks, on a real engine."""

import os
import signal
from pathlib import Path

import pytest

from workbench.engine.stacks import StackLockedError

TWO_THINGS = """
first = Thing("first", {gate!r})
Thing("second", opts=pulumi.ResourceOptions(depends_on=[first]))
"""


@pytest.fixture
def gate(tmp_path, project):
    path = tmp_path / "gate.open"
    project.write(TWO_THINGS.format(gate=str(path)))
    project.open()
    return path


@pytest.fixture
def start_in_the_middle(project, gate, wait_until):
    started = []

    def start():
        process = project.start("up")
        started.append(process)
        # The engine tells this command of a creation as it asks the provider for it: either may
        # be the later.
        wait_for_line(process, "creating Thing first")
        wait_until(gate.with_suffix(".reached").exists)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def wait_for_line(process, text):
    for line in process.stderr:
        if text in line:
            return
    raise AssertionError(f"{text!r} was never said")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_up_finishes_what_it_is_making_and_says_what_exists(
    project, gate, start_in_the_middle, number
):
    process = start_in_the_middle()
    process.send_signal(number)
    wait_for_line(process, "Stopping, once this is finished: creating Thing first.")
    gate.touch()
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "What exists: Thing first." in said
    assert "workbench up --stack rehearsal" in said
    again = project.open().up()
    assert again.counts["create"] == 1  # the second thing
    assert project.open().preview().total == 0


def test_a_second_interrupt_stops_at_once_and_the_next_up_looks_what_exists(
    project, gate, start_in_the_middle
):
    process = start_in_the_middle()
    process.send_signal(signal.SIGINT)
    wait_for_line(process, "Stopping, once")
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Of Thing first it isn't known whether it was finished." in said
    gate.touch()
    stack = project.open()
    assert stack.up().counts["create"] == 2
    assert (
        "The last operation was interrupted while it worked on Thing first (creating)"
        in project.log
    )
    assert stack.state().pending == ()


def test_the_lock_of_an_engine_that_is_gone_is_taken_off(project, gate, start_in_the_middle):
    process = start_in_the_middle()
    [engine] = engines_below(process.pid)
    os.kill(engine, signal.SIGKILL)
    process.communicate(timeout=60)
    gate.touch()
    stack = project.open()
    assert stack.up().counts["create"] == 2
    assert "locked by an update that is gone" in project.log


def test_a_stack_locked_by_a_running_update_is_refused(project, gate, start_in_the_middle):
    process = start_in_the_middle()
    with pytest.raises(StackLockedError) as caught:
        project.open().destroy()
    assert "Another update of the stack rehearsal is running (process" in caught.value.message
    assert "pulumi cancel rehearsal" in caught.value.hint
    gate.touch()
    process.communicate(timeout=60)
    assert process.returncode == 0


def engines_below(parent):
    listed = Path(f"/proc/{parent}/task").glob("*/children")
    return [int(pid) for each in listed for pid in each.read_text().split()]

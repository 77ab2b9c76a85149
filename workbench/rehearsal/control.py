"""Start, stop, look at and remove a rehearsal: the one place that does."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

from workbench.errors import MissingToolError
from workbench.errors import WorkbenchError
from workbench.locking import exclusive
from workbench.locking import once
from workbench.places import state_dir
from workbench.progress import Progress
from workbench.rehearsal import remains
from workbench.rehearsal.description import FILE
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import read_description
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.description import rehearsals_dir
from workbench.rehearsal.inspection import RehearsalStatus
from workbench.rehearsal.inspection import inspect
from workbench.rehearsal.liveness import answers_in_time
from workbench.rehearsal.names import check_name
from workbench.rehearsal.names import with_name

# Seconds to wait for another command that starts or stops the same rehearsal: it may build the
# machine image.
LOCK_LIMIT = 900.0
# Seconds for the process to stop its machines in order and itself.
STOP_LIMIT = 180.0


def start(name: str, progress: Progress, *, modification_hours: float = 0.0) -> Description:
    """Have a rehearsal running, and return where it answers; one that runs is left alone.

    ``modification_hours`` is how long a volume can't be changed again (6 in AWS). Raises
    MissingToolError where this computer can't run it, WorkbenchError with the log's last
    words when it doesn't start; nothing that was started stays, then.
    """
    check_name(name)
    check_computer()
    with _hints_naming(name), _only_one(name, progress):
        running = _running(name, progress)
        if running is not None:
            return running
        _clear_half_dead(name)
        _check_not_lost(name)
        from workbench.rehearsal.launch import launch

        return launch(name, progress, modification_hours)


def stop(name: str, progress: Progress | None = None) -> None:
    """Stop a rehearsal and its machines in order; all in it is kept."""
    check_name(name)
    with _only_one(name, progress):
        process = remains.recorded_process(name)
        if process is not None and process.alive:
            process.signal(signal.SIGTERM)
            if not process.wait(STOP_LIMIT):
                process.kill()
        _stop_machines(name)
        remains.forget_process(name)


def status(name: str) -> RehearsalStatus:
    """Say what runs of a rehearsal, and what is gone."""
    check_name(name)
    return inspect(name)


def reset(name: str) -> None:
    """Remove all there is of a rehearsal: processes, machines, network, volumes, files."""
    check_name(name)
    if not rehearsal_dir(name).exists() and not _on_this_computer():
        return
    check_computer()
    with _only_one(name, None):
        process = remains.recorded_process(name)
        if process is not None:
            process.kill()
        _remove_machines(name)
        remains.remove_files(name)
    _lock_path(name).unlink(missing_ok=True)
    for folder in (rehearsals_dir(), state_dir()):
        # Only when nothing else is kept there.
        with suppress(OSError):
            folder.rmdir()


def _on_this_computer() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0


def check_computer() -> None:
    """Raise MissingToolError where a rehearsal can't run."""
    if sys.platform != "linux":
        raise MissingToolError(
            "The rehearsal needs Linux (a virtual machine or WSL2 does).",
            "Workbenches on AWS work from here: workbench init, then workbench up --stack NAME",
        )
    if os.geteuid() != 0:
        raise MissingToolError(
            "The rehearsal needs root: its volumes are loop devices, and it gives its network"
            " AWS's addresses.",
            "Work in a root shell: sudo -i, then cd to the checkout.",
        )
    if find_spec("docker") is None:
        raise MissingToolError(
            "The packages that only the rehearsal needs aren't installed.",
            "make setup   in a checkout; elsewhere: pip install 'diy-workbench[rehearsal]'",
        )


@contextmanager
def _hints_naming(name: str) -> Iterator[None]:
    """Let what an error says to type be about this rehearsal: not all that fail know its name."""
    try:
        yield
    except WorkbenchError as error:
        error.hint = with_name(error.hint, name)
        raise


def _lock_path(name: str) -> Path:
    return rehearsals_dir() / f".{name}.lock"


@contextmanager
def _only_one(name: str, progress: Progress | None) -> Iterator[None]:
    """Let one command at a time start, stop or remove a rehearsal."""
    tell = once((progress or Progress(quiet=True)).say)
    with exclusive(_lock_path(name), f"the rehearsal {name!r}", LOCK_LIMIT, tell):
        yield


def _running(name: str, progress: Progress) -> Description | None:
    """Return the description of a rehearsal that runs and answers."""
    process = remains.recorded_process(name)
    described = read_description(name)
    if process is None or described is None or not process.alive or process.pid != described.pid:
        return None
    return described if answers_in_time(described, once(progress.say)) else None


def _clear_half_dead(name: str) -> None:
    """End a process that lives and doesn't answer; what it kept is gone on with."""
    process = remains.recorded_process(name)
    if process is not None:
        process.kill()


def _check_not_lost(name: str) -> None:
    """Raise where machines or volumes are there of a cloud that isn't."""
    left = [*remains.recorded_machines(name), *remains.recorded_volumes(name)]
    if left and not remains.has_state(name):
        raise WorkbenchError(
            f"The cloud of the rehearsal {name!r} is gone, and what is left of it belongs to"
            f" nothing any more: {', '.join(left)}.",
            f"Remove it and start over: workbench rehearsal.reset --name {name}",
        )


def _stop_machines(name: str) -> None:
    """Stop the machines that a crash left running."""
    if not remains.recorded_machines(name):
        return
    from docker.errors import DockerException

    from workbench.rehearsal.docker_engine import connect
    from workbench.rehearsal.launch import make_machines
    from workbench.rehearsal.volumes.loop_devices import list_loops
    from workbench.rehearsal.volumes.loop_devices import remove_loop

    try:
        client = connect()
    except DockerException:
        return  # without an engine nothing runs
    try:
        machines = make_machines(client, name)
        for instance_id in machines.list():
            if machines.state(instance_id) != "stopped":
                machines.stop(instance_id)
        for loop in list_loops(rehearsal_dir(name)):
            remove_loop(loop)
    finally:
        client.close()


def _remove_machines(name: str) -> None:
    from workbench.rehearsal.launch import connect_for_removal
    from workbench.rehearsal.launch import make_machines
    from workbench.rehearsal.volumes.loop_devices import list_loops
    from workbench.rehearsal.volumes.loop_devices import remove_loop

    expected = (rehearsal_dir(name) / FILE).exists() or bool(remains.recorded_machines(name))
    client = connect_for_removal(name, expected=expected)
    if client is not None:
        try:
            make_machines(client, name).remove_all()
        finally:
            client.close()
    for loop in list_loops(rehearsal_dir(name)):
        remove_loop(loop)

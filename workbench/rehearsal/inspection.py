"""Look at what there is of a rehearsal, whether it runs, was stopped, or crashed."""

from dataclasses import dataclass
from dataclasses import field

from workbench.rehearsal import remains
from workbench.rehearsal.description import read_description
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.liveness import answers


@dataclass(frozen=True)
class RehearsalStatus:
    """What there is of a rehearsal.

    ``state`` is ``running``, ``stopped`` (kept, ``start`` continues it), ``damaged`` (its
    process is gone or doesn't answer, or parts of it are missing; ``gone`` says which) or
    ``absent``. ``machines`` maps instances to what their machines do.
    """

    name: str
    state: str
    api_url: str | None = None
    pid: int | None = None
    machines: dict[str, str] = field(default_factory=dict)
    volumes: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    log: str | None = None
    next: str = ""


@dataclass
class _Machines:
    """What the Docker engine says of a rehearsal's machines."""

    states: dict[str, str] = field(default_factory=dict)
    problem: str | None = None


def inspect(name: str) -> RehearsalStatus:
    """Return the status of a rehearsal."""
    found = _machines(name)
    if not found.states and not _ever_started(name):
        return RehearsalStatus(name, "absent", next=f"workbench rehearsal.start --name {name}")
    process = remains.recorded_process(name)
    described = read_description(name)
    alive = process is not None and process.alive
    gone = _gone(name, found)
    if alive and (described is None or not answers(described)):
        gone.append(f"its process {process.pid if process else ''} runs, but doesn't answer")
    elif not alive and _crashed(name, found):
        gone.append("its process is gone, without having stopped in order")
    return RehearsalStatus(
        name,
        "damaged" if gone else "running" if alive else "stopped",
        api_url=described.api_url if described and alive else None,
        pid=process.pid if process and alive else None,
        machines=found.states,
        volumes=remains.recorded_volumes(name),
        gone=gone,
        log=str(rehearsal_dir(name) / remains.LOG_FILE),
        next=_next(name, alive=alive, damaged=bool(gone)),
    )


def _machines(name: str) -> _Machines:
    from docker.errors import DockerException

    from workbench.rehearsal.docker_engine import connect
    from workbench.rehearsal.launch import make_machines

    try:
        client = connect()
    except DockerException:
        return _Machines(problem="the Docker engine doesn't answer, so no machine runs")
    try:
        machines = make_machines(client, name)
        return _Machines({each: machines.state(each) for each in machines.list()})
    finally:
        client.close()


def _ever_started(name: str) -> bool:
    """Return whether there is more than the log of a command that didn't come that far."""
    left = (remains.LOG_FILE, remains.STATE_FILE, remains.PROCESS_FILE, "machines", "volumes")
    return any((rehearsal_dir(name) / each).exists() for each in left)


def _gone(name: str, found: _Machines) -> list[str]:
    """Return a sentence for each thing that should be there and isn't."""
    expected = remains.recorded_machines(name)
    if found.problem:
        return [found.problem] if expected else []
    gone = [
        f"the machine of instance {each} is gone" for each in expected if each not in found.states
    ]
    left = bool(expected or remains.recorded_volumes(name))
    if left and not remains.has_state(name):
        gone.append("the cloud that its machines and volumes belonged to is gone")
    return gone


def _crashed(name: str, found: _Machines) -> bool:
    return remains.was_running(name) or any(each != "stopped" for each in found.states.values())


def _next(name: str, *, alive: bool, damaged: bool) -> str:
    if alive and not damaged:
        return ""
    goes_on = remains.has_state(name) or not (
        remains.recorded_machines(name) or remains.recorded_volumes(name)
    )
    start, reset = (f"workbench rehearsal.{what} --name {name}" for what in ("start", "reset"))
    return f"{start}   continues it\n{reset}   removes it" if goes_on else reset

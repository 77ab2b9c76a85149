"""A replacement of the server, killed wherever it can be, in a world that is made up."""

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.checks.target import Answer
from workbench.components.names import camel_case
from workbench.components.server_slots import FIRST
from workbench.components.server_slots import SECOND
from workbench.components.server_slots import read_slots
from workbench.configured import INSTANCE_TYPE
from workbench.configured import NEXT_TYPE
from workbench.configured import PREVIOUS_TYPE
from workbench.configured import Configured
from workbench.engine.failures import StackLockedError
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.host_keys import KnownHosts
from workbench.remote.sessions import Activity
from workbench.remote.ssh_target import UnreachableError
from workbench.remote.stack_state import StackState
from workbench.tasks.changes import stack_lock
from workbench.tasks.changes import verify as checking
from workbench.tasks.changes.working_people import People
from workbench.tasks.changes.working_people import PeopleAtWorkError
from workbench.tasks.resize import replace
from workbench.tasks.resize import replace_stages
from workbench.tasks.resize import replacement
from workbench.tasks.resize.replace import replace_server
from workbench.tasks.resize.replacement import Replacement
from workbench.tasks.resize.replacement import Stage
from workbench.tasks.resize.replacement import read_replacement

OLD, NEW = "t3.medium", "t3.large"
KEYS = (("ssh-ed25519", "AAAA"),)


class Killed(BaseException):
    """SIGKILL, as far as the code that is killed can tell."""


@dataclass
class World:
    """A configuration, and what Pulumi made of it; ``kill_at`` counts what changes it."""

    config: dict[str, str] = field(default_factory=dict)
    servers: dict[str, str] = field(default_factory=lambda: {FIRST: OLD})
    ready: set[str] = field(default_factory=lambda: {FIRST})
    volume: str | None = FIRST
    address: str | None = FIRST
    broken: set[str] = field(default_factory=set)
    kill_at: int = -1
    moment: int = 0
    history: list[str] = field(default_factory=list)

    def tick(self, what: str) -> None:
        self.history.append(what)
        self.moment += 1
        if self.moment == self.kill_at:
            raise Killed

    @property
    def args(self) -> dict[str, str]:
        names = ("current_server", "instance_type", "next_instance_type", "previous_instance_type")
        found = {name: self.config.get(f"workbench:{camel_case(name)}") for name in names}
        return {name: value for name, value in found.items() if value}

    def set_config(self, values: dict[str, str | None]) -> None:
        """Set, and then take out, by two commands, as the engine's are."""
        self.config |= {key: value for key, value in values.items() if value is not None}
        self.tick("set")
        for key in [key for key, value in values.items() if value is None]:
            self.config.pop(key, None)
        self.tick("removed")

    def up(self) -> None:
        slots = read_slots(self.args)
        wanted = {slots.current: self.args.get("instance_type") or OLD}
        if slots.other_type:
            wanted[slots.other] = slots.other_type
        for slot in wanted.keys() - self.servers.keys():
            self.servers[slot] = wanted[slot]
            self.tick(f"created {slot}")
        assert self.servers.items() >= wanted.items(), "an instance would change its type"
        if self.volume != slots.current:
            self.volume = None
            self.tick("detached")
            self.volume = slots.current
            self.tick("attached")
        if self.address != slots.current:
            self.address = slots.current
            self.tick("address moved")
        for slot in self.servers.keys() - wanted.keys():
            del self.servers[slot]
            self.ready.discard(slot)
            self.tick(f"terminated {slot}")


class State(StackState):
    """A stack's state, read from the world."""

    def __init__(self, world: World) -> None:
        slots = read_slots({k: v for k, v in world.args.items() if "instance" not in k})
        serves = world.volume or slots.current
        other = SECOND if serves == FIRST else FIRST
        outputs = {"instance_id": f"i-{serves}", "instance_type": world.servers[serves]}
        if other in world.servers:
            outputs["other_instance_id"] = f"i-{other}"
        super().__init__("test", outputs, dict(world.config))
        self.__dict__["server"] = SimpleNamespace(
            run=lambda command: Answer(0, ""), close=lambda: None
        )

    def door(self) -> Any:
        return SimpleNamespace(known_hosts=KnownHosts(self.folder / "ssh" / "known_hosts"))

    def target(self) -> Any:
        return SimpleNamespace(outputs=self.outputs)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    world = World()

    def change(state: State, values: dict[str, str | None], *_: object, ending: str) -> None:
        world.set_config(values)
        world.up()

    def make_ready(state: State, progress: Progress) -> None:
        other = state.outputs["other_instance_id"].removeprefix("i-")
        world.ready.add(other)
        world.tick(f"ready {other}")

    def converge(state: State, progress: Progress) -> None:
        assert world.volume in world.ready, "switched to a server that wasn't ready"
        world.tick("converged")

    def run_all(target: Any, *_: object) -> list[Report]:
        slot = target.outputs["instance_id"].removeprefix("i-")
        result = Result.FAIL if slot in world.broken else Result.PASS
        return [Report("jupyterhub", result, "answers 502", "")]

    monkeypatch.setattr(replace_stages, "change_configuration", change)
    monkeypatch.setattr(replace_stages, "make_ready", make_ready)
    monkeypatch.setattr(replace_stages, "converge_server", converge)
    monkeypatch.setattr(checking, "run_all", run_all)
    monkeypatch.setattr(replace_stages, "wait_usable", lambda *_: None)
    monkeypatch.setattr(replace_stages, "read_stack", lambda *_: State(world))
    monkeypatch.setattr(
        replace_stages, "is_left_over", lambda *_: len(world.servers) > 1 and bool(world.config)
    )
    monkeypatch.setattr(replace, "look_ahead", lambda *_: (["the plan"], People()))
    monkeypatch.setattr(replace, "see_people_now", lambda *_: People())
    monkeypatch.setattr(replace, "stray_servers", lambda state: [])
    return world


@pytest.fixture
def resize(world: World) -> Callable[[str], None]:
    def run(target: str, **options: Any) -> None:
        chosen: dict[str, Any] = {"yes": True, "dry_run": False} | options
        replace_server(State(world), target, Progress(quiet=True), **chosen)

    return run


def serves_alone(world: World, slot: str, instance_type: str) -> bool:
    one = world.servers == {slot: instance_type} and world.volume == world.address == slot
    return one and not {"next_instance_type", "previous_instance_type"} & world.args.keys()


def test_a_server_nobody_knows_is_told_with_region_and_profile(world, resize, capsys, monkeypatch):
    monkeypatch.setattr(replace, "stray_servers", lambda state: ["i-stray"])
    monkeypatch.setattr(replace, "aws_options", lambda state: "--region r --profile p")
    resize(NEW)

    told = capsys.readouterr().out
    assert "aws ec2 terminate-instances --region r --profile p --instance-ids i-stray\n" in told


def test_the_new_server_is_ready_before_the_old_one_loses_anything(world, resize, capsys):
    resize(NEW)

    assert serves_alone(world, SECOND, NEW)
    told = [moment for moment in world.history if moment not in ("set", "removed")]
    assert told == [
        *("created second", "ready second", "detached", "attached", "address moved"),
        *("converged", "terminated first", "converged"),
    ]
    assert "The server is i-second, a t3.large, and the only one." in capsys.readouterr().out


def test_who_began_to_work_while_it_was_built_is_not_cut_off(world, resize, monkeypatch):
    at_work = People([Activity("ana", "kernel", 1)])
    monkeypatch.setattr(replace, "see_people_now", lambda *_: at_work)
    with pytest.raises(PeopleAtWorkError, match="ana: 1 Jupyter kernel") as refused:
        resize(NEW)
    assert world.volume == world.address == FIRST
    assert set(world.servers) == world.ready == {FIRST, SECOND}
    command = "workbench resize t3.large --replace --stack test"
    assert refused.value.hint.startswith(f"{command} --force\n  {command}   continues")

    resize(NEW, force=True)

    assert serves_alone(world, SECOND, NEW)


def test_a_switch_that_was_cut_off_is_gone_on_with_whoever_works(world, resize, monkeypatch):
    # "created", "ready" and the two commands of the configuration's change each came before.
    world.kill_at = 7
    with pytest.raises(Killed):
        resize(NEW)
    assert PREVIOUS_TYPE in world.config
    at_work = People([Activity("ana", "kernel", 1)])
    monkeypatch.setattr(replace, "see_people_now", lambda *_: at_work)

    resize(NEW)

    assert serves_alone(world, SECOND, NEW)


def test_it_goes_back_to_the_first_slot_the_next_time(world, resize):
    resize(NEW)
    resize(OLD)

    assert serves_alone(world, FIRST, OLD)
    assert "current_server" not in world.args


MOMENTS = 14


def test_it_changes_something_at_as_many_moments_as_are_tried(world, resize):
    resize(NEW)

    assert world.moment == MOMENTS


@pytest.mark.parametrize("moment", range(1, MOMENTS + 1))
def test_killed_at_any_moment_the_same_command_goes_on(world, resize, moment):
    world.kill_at = moment
    with pytest.raises(Killed):
        resize(NEW)

    resize(NEW)

    assert serves_alone(world, SECOND, NEW)


@pytest.mark.parametrize("moment", range(1, MOMENTS + 1))
def test_killed_at_any_moment_the_old_type_goes_back(world, resize, moment):
    world.kill_at = moment
    with pytest.raises(Killed):
        resize(NEW)

    resize(OLD)

    assert set(world.servers.values()) == {OLD}
    assert serves_alone(world, *next(iter(world.servers.items())))


@pytest.mark.parametrize("again", range(1, MOMENTS + 1))
@pytest.mark.parametrize("moment", [3, 6, 9, 12])
def test_killed_on_the_way_back_the_same_command_goes_on(world, resize, moment, again):
    world.kill_at = moment
    with pytest.raises(Killed):
        resize(NEW)
    world.kill_at = world.moment + again
    try:
        resize(OLD)
    except Killed:
        resize(OLD)

    assert set(world.servers.values()) == {OLD}
    assert serves_alone(world, *next(iter(world.servers.items())))


def test_when_its_checks_fail_the_old_server_serves_again(world, resize):
    KnownHosts(State(world).folder / "ssh" / "known_hosts").write("i-first", KEYS)
    world.broken = {SECOND}

    with pytest.raises(WorkbenchError) as caught:
        resize(NEW)

    assert (world.volume, world.address) == (FIRST, FIRST)
    assert world.servers == {FIRST: OLD, SECOND: NEW}
    assert "jupyterhub: answers 502" in caught.value.message
    assert "i-first, a t3.medium, is in use again; i-second, a t3.large, is kept" in str(
        caught.value
    )
    assert f"workbench resize {NEW} --replace --stack test   continues" in caught.value.hint
    assert f"workbench resize {OLD} --replace --stack test   goes back" in caught.value.hint


def test_a_server_that_is_silent_for_a_moment_is_no_reason_to_go_back(world, resize, monkeypatch):
    class Silent:
        def run(self, _: str) -> Answer:
            raise UnreachableError("The SSH connection broke.")

        def close(self) -> None:
            pass

    read = replace_stages.read_stack

    def read_silent(*given: object) -> StackState:
        state = read(*given)
        state.__dict__["server"] = Silent()
        return state

    monkeypatch.setattr(replace_stages, "read_stack", read_silent)

    resize(NEW)

    assert serves_alone(world, SECOND, NEW)
    # It was converged once more instead.
    assert world.history.count("converged") == 3


def test_where_neither_passes_both_are_told_of(world, resize, monkeypatch):
    resize_back = replace_stages.switch_back

    def switch_back(state: StackState, progress: Progress) -> StackState:
        world.broken.add(FIRST)
        return resize_back(state, progress)

    monkeypatch.setattr(replace_stages, "switch_back", switch_back)
    world.broken = {SECOND}

    with pytest.raises(WorkbenchError) as caught:
        resize(NEW)

    assert "Of the checks of i-second these fail" in caught.value.message
    assert (
        "has volume and address again, but: Of the checks of i-first these" in caught.value.message
    )


def test_waits_for_the_engine_that_a_killed_command_has_left(world, resize, monkeypatch):
    change, refused = replace_stages.change_configuration, [1, 2]

    def locked(*args: Any, **named: Any) -> None:
        if refused:
            raise StackLockedError(f"locked {refused.pop()}")
        change(*args, **named)

    monkeypatch.setattr(replace_stages, "change_configuration", locked)
    monkeypatch.setattr(stack_lock, "INTERVAL", 0.0)

    resize(NEW)

    assert serves_alone(world, SECOND, NEW)


@pytest.mark.parametrize("moment", range(1, 9))
def test_killed_while_it_goes_back_by_itself_either_command_goes_on(world, resize, moment):
    world.broken = {SECOND}
    world.kill_at = 8 + moment
    with pytest.raises((Killed, WorkbenchError)):
        resize(NEW)
    world.kill_at = -1

    resize(OLD)

    assert serves_alone(world, FIRST, OLD)


def test_after_it_went_back_it_can_be_tried_again(world, resize):
    world.broken = {SECOND}
    with pytest.raises(WorkbenchError):
        resize(NEW)
    world.broken = set()

    resize(NEW)

    assert serves_alone(world, SECOND, NEW)


def test_what_the_old_server_failed_too_is_no_reason_to_go_back(world, resize):
    world.broken = {FIRST, SECOND}

    resize(NEW)

    assert serves_alone(world, SECOND, NEW)


def test_with_nothing_to_do_it_does_nothing(world, resize, capsys):
    resize(OLD)

    assert not world.history
    assert "nothing to do" in capsys.readouterr().out


def test_refused_before_anything_was_begun_there_is_nothing_to_go_on_with(
    world, resize, monkeypatch
):
    def refuse(*_: object, **__: object) -> None:
        raise WorkbenchError("AWS has no image.", "Give one")

    monkeypatch.setattr(replace_stages, "change_configuration", refuse)

    with pytest.raises(WorkbenchError) as caught:
        resize(NEW)

    assert caught.value.hint == "Give one"


def test_a_dry_run_changes_nothing(world, resize, capsys):
    resize(NEW, dry_run=True)

    assert not world.history
    assert "the plan" in capsys.readouterr().out


def test_a_protected_server_is_not_replaced(world, resize):
    world.config["workbench:protectInstance"] = "true"

    with pytest.raises(ConfigError, match="is protected"):
        resize(NEW)

    assert not world.history


def test_a_third_type_is_refused_while_two_servers_are_there(world, resize):
    world.kill_at = 4
    with pytest.raises(Killed):
        resize(NEW)

    with pytest.raises(ConfigError, match="A replacement is in progress") as caught:
        resize("t3.xlarge")

    assert f"workbench resize {NEW} --replace --stack test   continues" in caught.value.hint
    assert f"workbench resize {OLD} --replace --stack test   goes back" in caught.value.hint


def test_it_knows_the_slots_as_the_components_do():
    assert (replacement.FIRST, replacement.SECOND) == (FIRST, SECOND)


@pytest.mark.parametrize(
    ("config", "target", "stages"),
    [
        ({}, NEW, [Stage.BUILD, Stage.SWITCH, Stage.CHECK, Stage.END]),
        ({}, OLD, []),
        ({"next": NEW}, OLD, [Stage.END]),
        ({"type": NEW, "previous": OLD}, NEW, [Stage.SWITCH, Stage.CHECK, Stage.END]),
        ({"type": NEW, "previous": OLD}, OLD, [Stage.SWITCH_BACK, Stage.CHECK, Stage.END]),
    ],
)
def test_the_configuration_says_what_is_left_to_do(config, target, stages):
    now = Replacement(FIRST, config.get("type", OLD), config.get("next"), config.get("previous"))

    assert list(now.stages(target, "test")) == stages


@pytest.mark.parametrize("instance_type", [OLD, NEW])
def test_of_a_write_that_was_cut_off_the_servers_own_type_tells_the_way(instance_type):
    both = {NEXT_TYPE: NEW, PREVIOUS_TYPE: OLD, INSTANCE_TYPE: instance_type}

    now = read_replacement(Configured(both), OLD)

    assert (now.next_type is None) == (instance_type == NEW)
    assert now.other_type == (NEW if instance_type == OLD else OLD)


@pytest.mark.parametrize(
    ("names", "is_left"),
    [
        (["lab-server-instance"], False),
        (["lab-server-2-instance"], False),
        (["lab-server-instance", "lab-server-2-instance"], True),
    ],
)
def test_sees_a_server_that_pulumi_was_to_take_away(monkeypatch, names, is_left):
    from workbench.engine import stacks
    from workbench.engine.state import Resource
    from workbench.engine.state import State as Known

    kind = "aws:ec2/instance:Instance"
    known = Known(tuple(Resource(kind, name) for name in names))
    monkeypatch.setattr(stacks, "open_stack", lambda *_: SimpleNamespace(state=lambda: known))

    found = replace_stages.is_left_over(StackState("test"), Progress(quiet=True))

    assert found is is_left

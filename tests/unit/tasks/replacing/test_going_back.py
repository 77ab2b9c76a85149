"""A replacement that goes back, as asked or because a check failed, killed wherever it can be."""

import pytest
from replacement_world import MOMENTS
from replacement_world import NEW
from replacement_world import OLD
from replacement_world import Killed
from replacement_world import State
from replacement_world import serves_alone

from workbench.checks.target import Answer
from workbench.components.server_slots import FIRST
from workbench.components.server_slots import SECOND
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.host_keys import KnownHosts
from workbench.remote.ssh_target import UnreachableError
from workbench.remote.stack_state import StackState
from workbench.tasks.resize import replace_stages

KEYS = (("ssh-ed25519", "AAAA"),)


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

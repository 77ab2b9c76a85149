"""A replacement of the server, killed wherever it can be, in a world that is made up."""

from typing import Any

import pytest
from replacement_world import MOMENTS
from replacement_world import NEW
from replacement_world import OLD
from replacement_world import Killed
from replacement_world import serves_alone

from workbench.components.server_slots import FIRST
from workbench.components.server_slots import SECOND
from workbench.configured import PREVIOUS_TYPE
from workbench.engine.failures import StackLockedError
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.sessions import Activity
from workbench.tasks.changes import stack_lock
from workbench.tasks.changes.working_people import People
from workbench.tasks.changes.working_people import PeopleAtWorkError
from workbench.tasks.resize import replace
from workbench.tasks.resize import replace_stages


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

"""What the replacement's tests share: a world, and the command in it."""

from collections.abc import Callable
from typing import Any

import pytest
from replacement_world import State
from replacement_world import World

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.progress import Progress
from workbench.tasks.changes import verify as checking
from workbench.tasks.changes.working_people import People
from workbench.tasks.resize import replace
from workbench.tasks.resize import replace_stages
from workbench.tasks.resize.replace import replace_server


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

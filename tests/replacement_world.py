"""A made-up world in which a server is replaced: configuration, servers, volume, address."""

from dataclasses import dataclass
from dataclasses import field
from types import SimpleNamespace
from typing import Any

from workbench.checks.target import Answer
from workbench.components.names import camel_case
from workbench.components.server_slots import FIRST
from workbench.components.server_slots import SECOND
from workbench.components.server_slots import read_slots
from workbench.remote.host_keys import KnownHosts
from workbench.remote.stack_state import StackState

OLD, NEW = "t3.medium", "t3.large"
MOMENTS = 14


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


def serves_alone(world: World, slot: str, instance_type: str) -> bool:
    one = world.servers == {slot: instance_type} and world.volume == world.address == slot
    return one and not {"next_instance_type", "previous_instance_type"} & world.args.keys()

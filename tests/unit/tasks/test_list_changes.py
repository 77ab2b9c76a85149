"""People, keys and addresses are changed as lists: nothing else with them, nobody's change lost."""

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from workbench.engine.changes import Changes
from workbench.engine.state import Resource
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.tasks.people import change_users
from workbench.tasks.people.declared_users import User
from workbench.tasks.people.declared_users import read_declared
from workbench.tasks.secure_shell import allow
from workbench.tasks.secure_shell import key_changes
from workbench.tasks.stack_state import StackState
from workbench.tasks.stack_state import read_stack

QUIET = Progress(quiet=True)
FIRST, SECOND = "ssh-ed25519 AAAA first", "ssh-ed25519 BBBB second"
BUCKET = Changes({"update": 1}, (("update", Resource("aws:s3/object:Object", "settings")),))
SERVER = Changes({"update": 1}, (("update", Resource("aws:ec2/instance:Instance", "lab")),))


class OpenedStack:
    """A stack with a configuration that anyone may change, and whose preview is given."""

    def __init__(self) -> None:
        self.config = {
            "workbench:users": '[{"name": "ada"}]',
            "workbench:publicKey": FIRST,
            "workbench:sshFrom": '["192.0.2.1/32"]',
        }
        self.changes = BUCKET
        self.applied: list[dict[str, Any]] = []
        self._tried: dict[str, Any] = {}

    def outputs(self) -> dict[str, Any]:
        return {"address": "127.0.0.9", "users": ["ada"]}

    def get_config(self) -> dict[str, str]:
        return dict(self.config)

    @contextmanager
    def trying_config(self, values: dict[str, Any]) -> Iterator[bool]:
        yield True
        self._tried = values

    def preview(self) -> Changes:
        return self.changes

    def up(self) -> Changes:
        self.applied.append(self._tried)
        return self.changes


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> OpenedStack:
    stack = OpenedStack()
    monkeypatch.setattr("workbench.engine.stacks.open_stack", lambda *_: stack)
    for module in (change_users, key_changes):
        monkeypatch.setattr(module, "converge_server", lambda state, progress: None)
    monkeypatch.setattr(change_users, "look", lambda state, progress: {})
    return stack


def add_a_person(state: StackState) -> None:
    wanted = read_declared(state).with_user(User("grace"))
    change_users.apply(state, wanted, "workbench it", QUIET)


def add_a_key(state: StackState) -> None:
    key_changes.apply(state, key_changes.as_config([FIRST, SECOND], "lab"), "workbench it", QUIET)


def let_in(state: StackState) -> None:
    allow.allow(state, QUIET, "198.51.100.1/32", yes=True, dry_run=False)


def shut_out(state: StackState) -> None:
    allow.disallow(state, QUIET, "192.0.2.1/32", yes=True, dry_run=False)


every = pytest.mark.parametrize("change", [add_a_person, add_a_key, let_in, shut_out])


@every
def test_a_list_is_changed(opened: OpenedStack, change: Callable[[StackState], None]) -> None:
    change(read_stack("lab", QUIET))
    assert len(opened.applied) == 1


@every
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("workbench:users", '[{"name": "ada"}, {"name": "bob"}]'),
        ("workbench:publicKey", SECOND),
        ("workbench:sshFrom", "[]"),
    ],
)
def test_what_another_command_changed_meanwhile_is_not_undone(
    opened: OpenedStack, change: Callable[[StackState], None], key: str, value: str
) -> None:
    state = read_stack("lab", QUIET)
    opened.config[key] = value
    with pytest.raises(WorkbenchError) as refused:
        change(state)
    assert (
        refused.value.message == "The configuration of lab changed meanwhile; nothing was changed."
    )
    assert refused.value.hint.startswith("workbench ")
    assert opened.applied == []


@every
def test_what_stops_the_server_is_not_done_by_the_way(
    opened: OpenedStack, change: Callable[[StackState], None]
) -> None:
    opened.changes = SERVER
    with pytest.raises(WorkbenchError, match="other changes wait"):
        change(read_stack("lab", QUIET))
    assert opened.applied == []

"""People, keys and addresses are changed as lists: nothing else with them, nobody's change lost."""

import re
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from workbench.engine.changes import Changes
from workbench.engine.state import Resource
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack
from workbench.tasks.ssh import allow
from workbench.tasks.ssh import keys as key_changes
from workbench.tasks.users import change as change_users
from workbench.tasks.users.declared_users import User
from workbench.tasks.users.declared_users import read_declared

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
        yield bool(values)
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


def add_nobody(state: StackState) -> None:
    change_users.apply(state, read_declared(state), "workbench it", QUIET)


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
    assert refused.value.message == (
        "The configuration of lab changed in the meantime; nothing was done."
    )
    assert refused.value.hint.startswith("workbench ")
    assert opened.applied == []


@every
def test_what_stops_the_server_is_not_done_by_the_way(
    opened: OpenedStack, change: Callable[[StackState], None]
) -> None:
    opened.changes = SERVER
    with pytest.raises(WorkbenchError, match="more than what you asked for; nothing was changed"):
        change(read_stack("lab", QUIET))
    assert opened.applied == []


ZONE = Resource("aws:route53/zone:Zone", "lab")
RECORD = Resource("aws:route53/record:Record", "lab")
RULE = Resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "lab-tcp-22")
ALARM = Resource("aws:cloudwatch/metricAlarm:MetricAlarm", "lab")


@every
@pytest.mark.parametrize("deleted", [(ZONE,), (RECORD,), (RULE, RULE), (ALARM,), (RULE, ALARM)])
def test_what_waits_to_be_deleted_is_not_deleted_by_the_way(
    opened: OpenedStack, change: Callable[[StackState], None], deleted: tuple[Resource, ...]
) -> None:
    opened.changes = Changes({"delete": 1}, tuple(("delete", each) for each in deleted))
    with pytest.raises(WorkbenchError, match=rf"delete {re.escape(str(deleted[0]))}") as refused:
        change(read_stack("lab", QUIET))
    assert "git pull" in refused.value.hint
    assert opened.applied == []


@every
@pytest.mark.parametrize(("op", "asked_for"), [("create", let_in), ("delete", shut_out)])
def test_only_what_was_asked_for_is_opened_or_closed(
    opened: OpenedStack,
    change: Callable[[StackState], None],
    op: str,
    asked_for: Callable[[StackState], None],
) -> None:
    opened.changes = Changes({op: 1}, ((op, RULE),))
    if change is asked_for:
        change(read_stack("lab", QUIET))
        return
    with pytest.raises(WorkbenchError, match=f"{op} SecurityGroupIngressRule lab-tcp-22"):
        change(read_stack("lab", QUIET))


def test_people_who_are_declared_already_are_applied_as_they_are_written(
    opened: OpenedStack,
) -> None:
    opened.config["workbench:users"] = '[{"name": "ada", "administrator": false}]'
    # Nothing is left for Pulumi: it was the server's part that failed.
    opened.changes = Changes({"same": 30})
    add_nobody(read_stack("lab", QUIET))
    assert opened.applied == [{}]

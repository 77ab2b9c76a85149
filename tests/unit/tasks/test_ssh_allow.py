"""Who may reach SSH: addresses are read strictly, and none is added or taken twice."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from workbench.checks.ports import Port
from workbench.engine.changes import Changes
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.own_address import OwnAddressError
from workbench.remote.stack_state import StackState
from workbench.tasks.ssh import allow as ssh_allow
from workbench.tasks.ssh import allowed
from workbench.tasks.ssh import keys_tasks as ssh_keys
from workbench.tasks.ssh import tasks as ssh
from workbench.tasks.ssh.allow import allow
from workbench.tasks.ssh.allow import disallow
from workbench.tasks.ssh.allow import read_network


@pytest.fixture
def state() -> StackState:
    networks = json.dumps(["203.0.113.0/24", "198.51.100.7/32"])
    return StackState("lab", {"address": "127.0.0.9"}, {"workbench:sshFrom": networks})


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    found: list[object] = []

    def change(state: StackState, values: object, *_: object, **__: object) -> Changes:
        found.append(values)
        return Changes({"delete": 1})

    monkeypatch.setattr(ssh_allow, "change_lists", change)
    return found


@pytest.fixture
def opened(state: StackState) -> list[str]:
    """Return the ranges to which the security group itself opens port 22."""
    networks: list[str] = []
    state.outputs = {**state.outputs, "security_group_id": "sg-1"}
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22}
    state.aws = lambda service: SimpleNamespace(  # type: ignore[method-assign]
        describe_security_groups=lambda GroupIds: {
            "SecurityGroups": [
                {"IpPermissions": [rule | {"IpRanges": [{"CidrIp": each} for each in networks]}]}
            ]
        }
    )
    return networks


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ssh_allow, "CLOSED_LIMIT", 0.05)
    monkeypatch.setattr(ssh_allow, "CLOSED_INTERVAL", 0)


@pytest.mark.parametrize(
    ("given", "network"),
    [
        (None, "127.0.0.1/32"),
        ("203.0.113.9", "203.0.113.9/32"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("2001:db8::1", "2001:db8::1/128"),
    ],
)
def test_an_address_is_a_range_of_one(state: StackState, given: str | None, network: str) -> None:
    assert read_network(given, state) == network


@pytest.mark.parametrize("given", ["home", "203.0.113.9/24", "203.0.113.0/33", ""])
def test_what_is_no_range_is_refused(state: StackState, given: str) -> None:
    with pytest.raises(WorkbenchError) as refused:
        read_network(given, state)
    assert "--address" in refused.value.hint


def test_a_range_is_added_to_those_there_are(state: StackState, changed: list[object]) -> None:
    allow(state, Progress(quiet=True), "192.0.2.1/32", yes=True, dry_run=False)
    wanted = ["203.0.113.0/24", "198.51.100.7/32", "192.0.2.1/32"]
    assert changed == [{"workbench:sshFrom": wanted}]


def test_who_is_in_a_private_servers_vpc_is_not_shut_out_by_the_way(
    state: StackState, changed: list[object]
) -> None:
    private = {**state.config, "workbench:publicAccess": "false"}
    state.config = {key: private[key] for key in private if key != "workbench:sshFrom"}
    with pytest.raises(WorkbenchError, match="would lock out the others"):
        allow(state, Progress(quiet=True), "192.0.2.1/32", yes=True, dry_run=False)
    assert changed == []

    state.config = private
    allow(state, Progress(quiet=True), "192.0.2.1/32", yes=True, dry_run=False)
    assert len(changed) == 1


def test_where_nobody_says_this_computers_address_the_change_is_told_all_the_same(
    state: StackState,
    changed: list[object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def untold(host: str) -> str:
        raise OwnAddressError("It doesn't say.")

    monkeypatch.setattr(allowed, "address_towards", untold)
    allow(state, Progress(quiet=True), "192.0.2.1/32", yes=True, dry_run=False)
    assert len(changed) == 1
    assert "192.0.2.1/32 may use SSH.\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"json": True}, "--json works only with --list"),
        ({"json": True, "address": "192.0.2.1", "yes": True}, "--json works only with --list"),
        ({"list": True, "address": "192.0.2.1"}, "--list changes nothing"),
        ({"list": True, "json": True, "remove": True}, "--list changes nothing"),
        ({"list": True, "yes": True}, "--list changes nothing"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Exit, match=sentence) as ended:
        ssh.allow(Context(), stack="lab", **options)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("task", "options"),
    [(ssh.allow, {"list": True}), (ssh_keys.list_, {}), (ssh_keys.list_, {"json": True})],
)
def test_a_stack_that_is_not_there_is_told(
    task: Any, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = StackState("typo", exists=False)
    monkeypatch.setattr("workbench.remote.stack_state.read_stack", lambda *_: missing)
    monkeypatch.setattr("workbench.remote.stack_state.read_stack", lambda *_: missing)
    with pytest.raises(Exit, match="There is no stack typo"):
        task(Context(), stack="typo", **options)


def test_a_part_of_a_range_is_in_already(
    state: StackState, changed: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    allow(state, Progress(quiet=True), "203.0.113.9/32", yes=True, dry_run=False)
    assert changed == []
    assert "as part of 203.0.113.0/24" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(state: StackState, changed: list[object]) -> None:
    allow(state, Progress(quiet=True), "192.0.2.1/32", yes=False, dry_run=True)
    disallow(state, Progress(quiet=True), "203.0.113.0/24", yes=False, dry_run=True)
    assert changed == []


def test_a_range_is_taken_out(state: StackState, changed: list[object]) -> None:
    disallow(state, Progress(quiet=True), "203.0.113.0/24", yes=True, dry_run=False)
    assert changed == [{"workbench:sshFrom": ["198.51.100.7/32"]}]


def test_the_last_one_to_go_closes_ssh_and_says_so(
    changed: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    state = StackState("lab", {"address": "127.0.0.9"}, {"workbench:sshFrom": '["192.0.2.1/32"]'})
    disallow(state, Progress(quiet=True), "192.0.2.1/32", yes=True, dry_run=False)
    assert changed == [{"workbench:sshFrom": []}]
    assert "SSH is closed" in capsys.readouterr().out


@pytest.fixture
def tunneled(monkeypatch: pytest.MonkeyPatch) -> StackState:
    """Return a public workbench with an endpoint, by which commands get in."""
    outputs = {"address": "127.0.0.9", "instance_connect_endpoint": "eice-1"}
    state = StackState("lab", outputs, {"workbench:sshFrom": '["192.0.2.1/32"]'})
    monkeypatch.setattr(ssh_allow, "read_stack", lambda *_: state)
    monkeypatch.setattr(ssh_allow, "APPLIED_LIMIT", 0.05)
    return state


def test_without_any_address_an_endpoint_is_a_way_still(
    tunneled: StackState, changed: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    disallow(tunneled, Progress(quiet=True), "192.0.2.1/32", yes=True, dry_run=False)
    said = capsys.readouterr().out
    assert "Then no address can. SSH stays open through eice-1, unless" in said
    assert "SSH is closed" not in said


@pytest.mark.parametrize("more", [{}, {"ssh_proxy_command": "nc %h %p"}])
@pytest.mark.parametrize("listens", [True, False])
def test_the_address_itself_is_tried_where_commands_go_another_way(
    tunneled: StackState,
    changed: list[object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: dict[str, str],
    listens: bool,
) -> None:
    tunneled.outputs = {**tunneled.outputs, **more}
    asked = []

    def probe(ip: str, port: int) -> Port:
        asked.append((ip, port))
        return Port.OPEN if listens else Port.SILENT

    monkeypatch.setattr(ssh_allow, "probe", probe)
    monkeypatch.setattr(StackState, "door", lambda _: pytest.fail("it went the other way"))
    allow(tunneled, Progress(quiet=True), "127.0.0.0/8", yes=True, dry_run=False)
    assert set(asked) == {("127.0.0.9", 22)}
    assert ("127.0.0.0/8 may use SSH, and it answers here." in capsys.readouterr().out) == listens


def test_the_list_names_the_endpoint(
    tunneled: StackState, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(allowed, "read_existing", lambda *_: tunneled)
    allowed.print_allowed("lab", as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["instance_connect_endpoint"] == "eice-1"
    tunneled.config = {}
    allowed.print_allowed("lab", as_json=False)
    said = capsys.readouterr().out
    assert "No address may use SSH.\nCommands and ssh go through" in said
    assert "eice-1." in said
    # Nobody has to open it.
    assert "workbench ssh.allow" not in said

    tunneled.outputs = {"address": "127.0.0.9"}
    allowed.print_allowed("lab", as_json=False)
    said = capsys.readouterr().out
    assert "Nobody may use SSH." in said
    assert "ssh.allow --stack lab" in said


def test_a_part_of_a_range_can_not_be_taken_out(state: StackState, changed: list[object]) -> None:
    with pytest.raises(WorkbenchError, match=r"as part of 203\.0\.113\.0/24"):
        disallow(state, Progress(quiet=True), "203.0.113.9/32", yes=True, dry_run=False)
    assert changed == []


def test_a_removal_that_was_cut_off_behind_the_configuration_goes_on(
    state: StackState,
    changed: list[object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # AWS shows the rule for a moment after it was deleted.
    told = iter((True, True, True, False))
    monkeypatch.setattr(ssh_allow, "_is_open", lambda *_: next(told))
    monkeypatch.setattr(ssh_allow, "CLOSED_LIMIT", 60)
    disallow(state, Progress(quiet=True), "192.0.2.1/32", yes=True, dry_run=False)
    assert changed == [{}]
    said = capsys.readouterr().out
    assert "The configuration already says that" in said
    assert "192.0.2.1/32 can no longer use SSH" in said


def test_what_is_open_neither_in_the_configuration_nor_really_stays_as_it_is(
    state: StackState,
    changed: list[object],
    opened: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    opened += ["203.0.113.0/24"]
    disallow(state, Progress(quiet=True), "192.0.2.1/32", yes=True, dry_run=False)
    assert changed == []
    assert "can't use SSH anyway" in capsys.readouterr().out


@pytest.mark.parametrize("counts", [{"same": 30}, {"same": 29, "delete": 1}])
def test_a_rule_that_was_made_by_hand_is_not_called_closed(
    state: StackState,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
    counts: dict[str, int],
) -> None:
    opened += ["192.0.2.1/32"]
    monkeypatch.setattr(ssh_allow, "change_lists", lambda *_, **__: Changes(counts))
    with pytest.raises(WorkbenchError, match="someone added it manually"):
        disallow(state, Progress(quiet=True), "192.0.2.1/32", yes=True, dry_run=False)

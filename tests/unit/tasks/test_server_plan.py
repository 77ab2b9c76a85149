"""What the server is asked about a converge, and what its answer means."""

import io
import json
import tarfile
from collections.abc import Callable
from typing import Any

import pytest

from workbench.errors import WorkbenchError
from workbench.host.pack import PackedRecipe
from workbench.tasks.converge.drift_of import _manual
from workbench.tasks.converge.server_plan import NO_PLAN
from workbench.tasks.converge.server_plan import OTHER
from workbench.tasks.converge.server_plan import Plan
from workbench.tasks.converge.server_plan import plan_applied
from workbench.tasks.converge.server_plan import plan_new
from workbench.tasks.converge.show_plan import action_lines
from workbench.tasks.converge.show_plan import state_lines

FINDING = {
    "step": "SSH",
    "operation": "Write it",
    "state": ["/etc/x differs"],
    "actions": ["write /etc/x"],
    "diff": ["-a", "+b"],
}
LAST = {"result": "ok", "recipe": "r", "settings": "s"}
SAID = {"busy": False, "findings": [FINDING], "last": LAST, "settings": "s"}
NOTHING = SAID | {"findings": []}


class Channel:
    """A command's channel: what it is sent is kept, what it says is given."""

    def __init__(self, exit_code: int, stdout: str, stderr: str = "") -> None:
        self._exit_code = exit_code
        self.recv = io.BytesIO(stdout.encode()).read
        self.recv_stderr = io.BytesIO(stderr.encode()).read
        self.sent, self.is_closed = b"", False

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def settimeout(self, seconds: float) -> None: ...

    def shutdown_write(self) -> None: ...

    def recv_exit_status(self) -> int:
        return self._exit_code

    def close(self) -> None:
        self.is_closed = True


class Server:
    stack = "prod"

    def __init__(self, channel: Channel) -> None:
        self.channel, self.commands = channel, list[str]()

    def begin(self, command: str) -> Channel:
        self.commands.append(command)
        return self.channel


@pytest.fixture
def server() -> Callable[..., Any]:
    def make(exit_code: int, said: Any = None, stderr: str = "") -> Any:
        return Server(Channel(exit_code, json.dumps(said) if said else "", stderr))

    return make


def test_what_would_change_is_told_as_actions_and_as_state(server: Callable[..., Any]) -> None:
    plan = plan_applied(server(0, SAID))

    assert plan is not None
    assert plan.steps == ["SSH"]
    assert list(action_lines(plan.findings)) == [
        "\nSSH",
        "  write /etc/x",
        "      -a",
        "      +b",
    ]
    assert list(state_lines(plan.findings))[1] == "  /etc/x differs"


def test_it_takes_one_command_that_names_what_it_is_about(server: Callable[..., Any]) -> None:
    asked = server(0, NOTHING)

    plan_applied(asked, "a" * 64, "b" * 64)

    (command,) = asked.commands
    assert "a" * 64 in command
    assert "b" * 64 in command
    assert asked.channel.is_closed


def test_a_server_with_other_settings_has_no_plan_for_these(server: Callable[..., Any]) -> None:
    assert plan_applied(server(OTHER), "a", "b") is None


def test_a_recipe_older_than_plans_is_told_with_what_to_do(server: Callable[..., Any]) -> None:
    with pytest.raises(WorkbenchError, match=r"(?s)too old.*workbench up --stack prod"):
        plan_applied(server(NO_PLAN))


def test_a_plan_that_fails_is_told_with_its_last_words(server: Callable[..., Any]) -> None:
    with pytest.raises(WorkbenchError, match="ImportError: boom") as told:
        plan_applied(server(1, None, "Traceback\nImportError: boom"))
    assert told.value.hint.startswith("workbench logs converge --stack prod ")


def test_a_new_recipe_and_settings_are_sent_along(server: Callable[..., Any]) -> None:
    asked = server(0, NOTHING)

    plan_new(asked, PackedRecipe("sha", b"archive"), "{}")

    with tarfile.open(fileobj=io.BytesIO(asked.channel.sent)) as archive:
        assert archive.getnames() == ["recipe.tar.gz", "settings.json"]
        assert archive.getmember("settings.json").mode == 0o600


@pytest.mark.parametrize(
    ("said", "recipe", "settings", "is_done"),
    [
        (NOTHING, "r", "s", True),
        (SAID, "r", "s", False),
        (NOTHING, "newer", "s", False),
        (NOTHING, "r", "newer", False),
        (NOTHING | {"last": LAST | {"result": "failed"}}, "r", "s", False),
        (NOTHING | {"last": None}, "r", "s", False),
    ],
)
def test_nothing_is_to_be_done_only_when_this_was_applied_and_nothing_differs(
    server: Callable[..., Any], said: Any, recipe: str, settings: str, is_done: bool
) -> None:
    plan = plan_applied(server(0, said))

    assert plan is not None
    assert plan.is_done(recipe, settings) is is_done


def test_packages_that_cannot_be_had_are_no_drift_but_something_to_do(
    server: Callable[..., Any],
) -> None:
    again = FINDING | {"actions": ["try again: R sf"]}
    manual = [{"kind": "R", "name": "tiny", "folder": "/usr/local/lib/R/site-library"}]
    said = SAID | {"findings": [again, FINDING], "manual": manual}
    plan = plan_applied(server(0, said), "r", "s")

    assert plan is not None
    assert [finding.actions for finding in plan.drift] == [("write /etc/x",)]
    assert len(plan.findings) == 2
    assert list(plan.manual) == manual
    assert [finding.state for finding in _manual(plan)] == [
        ("R package tiny is in /usr/local/lib/R/site-library",)
    ]


def test_a_converge_under_way_is_told(server: Callable[..., Any]) -> None:
    assert plan_applied(server(0, {"busy": True})) == Plan(is_busy=True)

"""Whatever the server's people named it: every task that reads from the server shows text."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from workbench.checks.table import CHECKS
from workbench.checks.target import Answer
from workbench.progress import Progress
from workbench.remote import stack_state
from workbench.remote.recipe_run import Follower
from workbench.remote.stack_state import StackState
from workbench.tasks.changes import apply as changing
from workbench.tasks.changes import verify as checking
from workbench.tasks.converge.tasks import drift
from workbench.tasks.doctor.tasks import check
from workbench.tasks.logs.tasks import logs
from workbench.tasks.power.tasks import restart
from workbench.tasks.power.tasks import stop
from workbench.tasks.status import watch as status_watch
from workbench.tasks.status.tasks import status
from workbench.tasks.users.keys_tasks import list_ as keys_list
from workbench.tasks.users.keys_tasks import remove as keys_remove
from workbench.tasks.users.tasks import demote
from workbench.tasks.users.tasks import list_ as users_list
from workbench.tasks.users.tasks import remove
from workbench.terminal import escape
from workbench.terminal import read_json

# A title, a color, a link, a C1 control, text that runs backward, markup, and a line of its own.
HOSTILE = (
    "\x1b]0;PWN\x07\x1b[31mX\x1b]8;;https://evil.example\x1b\\\x9b2J\u202egnp\u200b"
    "[link=https://evil.example]m[/link][red]\r\nFORGED PASS\u2028FORGED"
)
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb8o0BbVVWjMtvW1ZPmcO9IBVcRJ6GX0Mi4k3m6nRm0"
MARK = "SHA256:Q1"
ADA = {
    "name": "ada",
    "uid": 1003,
    "home": f"/home/{HOSTILE}",
    "home_bytes": 1,
    "member": True,
    "administrator": True,
    "sudo": True,
    "disabled": False,
    "password": True,
    "keys": [
        {"type": HOSTILE, "fingerprint": MARK, "comment": HOSTILE * 200, "declared": True},
        {"type": HOSTILE, "fingerprint": HOSTILE, "comment": "", "declared": False},
    ],
    "last_sign_in": None,
    "processes": 1,
}
WAY = {"person": "ada", "kind": HOSTILE, "what": HOSTILE, "fix": f"rm '{HOSTILE}'", "sure": True}
FINDING = {
    "step": HOSTILE,
    "operation": HOSTILE,
    "state": [HOSTILE],
    "actions": [HOSTILE],
    "diff": [HOSTILE],
}
SERVICE = {"name": HOSTILE, "version": HOSTILE, "unit": "x", "port": 1}
# By what is in the command.
ANSWERS: dict[str, Any] = {
    "workbench.host.people.people": [ADA, ADA | {"name": HOSTILE, "uid": 1004}],
    "workbench.host.rights.rights": {"ways": [WAY, WAY | {"sure": False}], "failed": [HOSTILE]},
    "read_processes": [
        {"user": user, "kind": "background", "count": 2, "names": [HOSTILE, "x" * 9999]}
        for user in ("ada", HOSTILE)
    ],
    "converged.json": {"result": "failed", "failed_step": HOSTILE, "log": [HOSTILE]},
    "services.json": [SERVICE],
    "workbench.host.run.plan": {
        "findings": [FINDING],
        "last": {"result": "ok", "settings": "s", "recipe": "r"},
        "settings": "s",
        "busy": False,
    },
}


class Channel:
    """A command's output, once as it is and then nothing."""

    def __init__(self, said: str) -> None:
        self._said = [said.encode("utf-8", "surrogateescape")]

    def recv(self, size: int) -> bytes:
        return self._said.pop() if self._said else b""

    def recv_stderr(self, size: int) -> bytes:
        return b""

    def recv_exit_status(self) -> int:
        return 0

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_: None


class Server:
    """A server on which every answer is hostile."""

    stack, doctor = "prod", "workbench doctor --stack prod"

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        for part, said in ANSWERS.items():
            if part in command:
                more = "\n\n" if part == "services.json" else ""
                return Answer(0, json.dumps(said) + more)
        return Answer(1, HOSTILE, HOSTILE)

    def begin(self, command: str) -> Any:
        said = ANSWERS["workbench.host.run.plan"]
        return Channel(json.dumps(said) if "workbench.host.run.plan" in command else HOSTILE * 3)

    def close(self) -> None: ...


@pytest.fixture(autouse=True)
def hostile(monkeypatch: pytest.MonkeyPatch) -> StackState:
    outputs = {"instance_id": "i-1", "administrator": "admin", "users": ["ada"], "address": ""}
    people = [{"name": "ada", "administrator": True, "publicKeys": [f"{KEY} {HOSTILE}"]}]
    config = {"workbench:users": json.dumps(people), "workbench:publicKey": KEY}
    state = StackState("prod", outputs, config)
    state.__dict__["server"] = Server()
    monkeypatch.setattr(state, "aws", lambda service: Ec2())
    for module in (changing, checking, stack_state, status_watch):
        monkeypatch.setattr(module, "read_stack", lambda *_: state)
    # Those that the server answers; the way to it is another matter.
    asked = [replace(each, requires=()) for each in CHECKS if each.layer in ("server", "disk")]
    monkeypatch.setattr("workbench.checks.table.CHECKS", asked)
    return state


class Ec2:
    def describe_instances(self, **_: Any) -> Any:
        running = {"State": {"Name": "running"}, "InstanceType": "t3.medium"}
        return {"Reservations": [{"Instances": [running]}]}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise OSError("not in this test")


TASKS: dict[str, tuple[Any, list[str], dict[str, Any]]] = {
    "status": (status, [], {}),
    "check": (check, [], {}),
    "drift": (drift, [], {}),
    "logs": (logs, ["jupyterhub"], {}),
    "stop": (stop, [], {"dry_run": True}),
    "restart": (restart, [], {"yes": True}),
    "users.list": (users_list, [], {}),
    "users.keys.list": (keys_list, ["ada"], {}),
    "users.keys.remove": (keys_remove, ["ada", MARK], {"dry_run": True}),
    "users.remove": (remove, ["ada"], {"dry_run": True}),
    "users.demote": (demote, ["ada"], {"dry_run": True}),
}


def call(name: str, **more: Any) -> str:
    """Call a task; return the sentence it ended with, if it failed."""
    task, words, options = TASKS[name]
    try:
        task(Context(), *words, stack="prod", **options, **more)
    except Exit as ended:
        return str(ended.message or "")
    return ""


@pytest.mark.parametrize("name", TASKS)
def test_what_is_shown_is_text_in_lines_of_our_own(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = call(name)
    out, err = capsys.readouterr()
    # It was shown, and not left out.
    assert r"\u001b" in out + err + sentence
    for text in (out, err, sentence):
        assert escape(text) == text
        # A log's lines are whoever's who wrote it.
        forged = [line for line in text.splitlines() if line.strip().startswith("FORGED")]
        assert not forged or name == "logs"


JSON = ["status", "check", "drift", "users.list", "users.keys.list"]


@pytest.mark.parametrize("name", JSON)
def test_scripts_read_what_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(name, json=True) == ""
    out = capsys.readouterr().out
    assert escape(out) == out
    assert "PWN" in json.dumps(json.loads(out))


def test_a_runs_steps_and_log_are_text(tmp_path: Path) -> None:
    event = {"event": "step", "step": HOSTILE, "result": HOSTILE, "seconds": 1}
    progress = Progress(tmp_path / "log", quiet=True)
    with progress.phase("Server") as phase:
        follower = Follower(None, None, phase)  # type: ignore[arg-type]
        follower._show(read_json(json.dumps(event)))
    progress.close()
    text = (tmp_path / "log").read_text()
    assert escape(text) == text
    assert "PWN" in text
    assert not [line for line in text.splitlines() if line.startswith("FORGED")]

"""What the tasks' tests share: a state folder of their own, and a scripted server."""

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.checks.target import Answer


class ScriptedServer:
    """The server's shell: each command is answered by the first function that knows it."""

    stack, doctor = "prod", "workbench doctor --stack prod"

    def __init__(self, *answers: Callable[[str], str | Answer | None]) -> None:
        self._answers = answers
        self.asked: list[tuple[str, str]] = []

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        self.asked.append((command, stdin))
        for answer in self._answers:
            said = answer(command)
            if said is not None:
                return said if isinstance(said, Answer) else Answer(0, said)
        return Answer(1, "", "not known to this test")


@pytest.fixture
def scripted() -> type[ScriptedServer]:
    return ScriptedServer


@pytest.fixture(autouse=True)
def state_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep a person's own rehearsals and stacks out of reach."""
    folder = tmp_path / "state"
    monkeypatch.setenv("WORKBENCH_STATE_DIR", str(folder))
    for variable in (
        "WORKBENCH_STACK",
        "WORKBENCH_WORKBENCH",
        "WORKBENCH_SSH_KEY",
        "WORKBENCH_DEBUG",
    ):
        monkeypatch.delenv(variable, raising=False)
    return folder


@pytest.fixture(autouse=True)
def no_price_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep AWS's price list out of reach, and what this computer kept of it."""
    monkeypatch.setattr("workbench.prices.prices.ask", lambda *_: {})
    monkeypatch.setattr("workbench.prices.prices.read_quotes", lambda _: {})

"""A workbench is waited for, and only where this computer can ask for it."""

import io

import pytest
from rich.console import Console

from workbench.checks import web_ports
from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.checks.ports import Port
from workbench.checks.table import CHECKS
from workbench.checks.target import Address
from workbench.checks.target import Answer
from workbench.checks.target import Target
from workbench.progress import Progress
from workbench.remote.recipe_run import Run
from workbench.remote.stack_state import StackState
from workbench.tasks.changes import usable
from workbench.tasks.changes.verify import failing
from workbench.tasks.output import print_reports
from workbench.tasks.up.bring_up import Outcome
from workbench.tasks.up.tasks import _require_complete
from workbench.tasks.up.where_to_go import print_where_to_go

OUTPUTS = {"domain": "lab.example", "names": ["lab.example"], "services": ["jupyterhub"]}


class Server:
    """Its pages answer at the second question."""

    def __init__(self) -> None:
        self.asked = 0

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        self.asked += 1
        return Answer(0, f"200 0\n{502 if self.asked == 1 else 200} 0\n")


@pytest.fixture
def private(monkeypatch: pytest.MonkeyPatch) -> tuple[Target, Server]:
    monkeypatch.setattr(web_ports, "probe_web", lambda *_, **__: Port.SILENT)
    monkeypatch.setattr(usable, "INTERVAL", 0.01)
    server = Server()
    where = Address("10.0.1.5")
    return (
        Target(
            "lab",
            OUTPUTS,
            where,
            server=lambda: server,
            ssh_proxy=lambda: None,  # type: ignore[arg-type,return-value]
            is_public=False,
        ),
        server,
    )


def test_a_private_workbench_is_waited_for_by_ssh_and_then_nothing_fails(
    private: tuple[Target, Server],
) -> None:
    target, server = private
    awaited = [check for check in CHECKS if check.awaited]

    usable.wait_usable(target, Progress(quiet=True), limit=5)

    assert server.asked == 2
    assert failing(target, Progress(quiet=True), checks=awaited) == []


def test_up_ends_well_and_says_why_no_page_was_asked_for() -> None:
    why = "10.0.1.5 is private, and this computer isn't in its network: connect to its VPN"
    fix = "workbench ssh.tunnel jupyterhub --stack lab"
    reports = [
        Report("web-ports", Result.SKIP, why, fix),
        Report("certificate", Result.SKIP, "needs web-ports", "", blocked=True),
    ]
    outcome = Outcome(StackState("lab", OUTPUTS), "", Run("ok"), {}, reports)
    _require_complete(outcome)
    end, table = io.StringIO(), io.StringIO()
    print_where_to_go(outcome, Console(file=end, width=200, highlight=False))
    print_reports(reports, Console(file=table, width=200))

    assert "is ready" in end.getvalue()
    for text in (end.getvalue(), table.getvalue()):
        assert why in text
        assert fix in text
    assert "1 more     depend on what failed or can't be checked" in table.getvalue()

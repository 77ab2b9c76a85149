"""Which logs there are, and the command that shows one."""

import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.remote_command import CommandFailedError
from workbench.remote.server_logs import Wish
from workbench.remote.server_logs import log_command
from workbench.remote.server_logs import log_rows
from workbench.remote.server_logs import read_lines
from workbench.remote.server_logs import show_line
from workbench.remote.server_logs import since
from workbench.remote.stack_state import StackState
from workbench.tasks.logs import follow_log


def test_every_service_and_every_person_has_a_log() -> None:
    names = [name for name, _ in log_rows(["ada"])]

    assert {"jupyterhub", "rstudio", "caddy", "ssh", "converge", "ada"} <= set(names)
    for name in names:
        assert log_command(Wish(name), ["ada"], "prod").startswith("sudo -n ")


def test_a_services_log_is_its_units() -> None:
    command = log_command(Wish("rstudio-server", lines=7, since="10m"), [], "prod")

    assert "--unit=rstudio-server.service" in command
    assert "--lines=7" in command
    assert "--since=-10min" in command


def test_a_persons_log_is_their_own_servers() -> None:
    assert "--unit=jupyter-ada-singleuser.service" in log_command(Wish("ada"), ["ada"], "prod")


def test_the_converges_log_is_the_file_that_its_programs_wrote_to() -> None:
    assert "/var/log/workbench/converge.log" in log_command(Wish("converge"), [], "prod")
    assert "/var/log/workbench/progress.jsonl" in log_command(
        Wish("converge", json=True), [], "prod"
    )
    assert "--unit=workbench-converge" in log_command(Wish("converge", since="1h"), [], "prod")


def test_an_unknown_log_is_told_with_those_there_are() -> None:
    with pytest.raises(WorkbenchError, match=r"no log called 'apache'.*caddy.*ada") as told:
        log_command(Wish("apache"), ["ada"], "prod")
    assert told.value.hint.startswith("workbench logs --stack prod ")


def test_what_is_followed_ends_when_nobody_reads_it() -> None:
    assert "cat > /dev/null; kill $!" in log_command(Wish("caddy", follow=True), [], "prod")
    assert "kill" not in log_command(Wish("caddy"), [], "prod")


def test_what_a_person_types_reaches_no_shell() -> None:
    typed = "'; reboot; '"
    inner = shlex.split(log_command(Wish("caddy", since=typed), [], "prod"))[-1]

    assert f"--since={typed}" in shlex.split(inner)
    with pytest.raises(WorkbenchError):
        log_command(Wish("caddy; reboot"), [], "prod")


def test_lines_are_a_whole_number() -> None:
    assert read_lines("7") == 7
    for typed in ("abc", "0", "-1", "1.5", ""):
        with pytest.raises(ConfigError, match="must be a whole number, 1 or more"):
            read_lines(typed)


@pytest.mark.parametrize(
    ("typed", "systemd"),
    [
        ("10m", "-10min"),
        ("2h", "-2h"),
        ("1d", "-1d"),
        ("today", "today"),
        ("2026-01-31", "2026-01-31"),
    ],
)
def test_a_time_is_told_in_systemds_words(typed: str, systemd: str) -> None:
    assert since(typed) == systemd


def test_what_users_write_into_logs_cannot_drive_the_terminal() -> None:
    assert show_line("\x1b[2Jgone\ttab\r") == "\\u001b[2Jgone\ttab"


@pytest.mark.parametrize(
    ("said", "since", "told"),
    [
        ("tail: cannot open it", None, "doesn't show the log of converge: tail: cannot open it"),
        ("Failed to parse timestamp: soon", "soon", "'soon' isn't a time that systemd understands"),
    ],
)
@pytest.mark.parametrize("follow", [False, True])
def test_a_log_that_is_not_shown_is_a_failure(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    said: str,
    since: str | None,
    told: str,
    follow: bool,
) -> None:
    def stream(server: Any, command: str) -> Iterator[str]:
        # What is followed is waited for, whatever it says.
        if follow and since:
            yield said
        raise CommandFailedError(said)

    state = StackState("prod")
    state.__dict__["server"] = None
    monkeypatch.setattr(follow_log, "stream_lines", stream)
    with pytest.raises(WorkbenchError, match=told):
        follow_log.print_log(state, Wish("converge", since=since, follow=follow, json=True))
    assert capsys.readouterr().out == ""

"""Who can do more than the configuration says, as the server tells it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workbench.checks import rights
from workbench.checks.target import Answer
from workbench.checks.target import Target

Shell = Callable[..., Any]


def way(number: int = 1, *, sure: bool = True, fix: str = "gpasswd -d ada sudo") -> dict[str, Any]:
    what = f"ada may be root ({number})"
    return {"person": "ada", "kind": "sudo", "what": what, "fix": fix, "sure": sure, "new": "?"}


def examine(shell: Shell, **report: Any) -> Any:
    answers = {"sudo_-n_env": json.dumps({"ways": [], "failed": []} | report)}
    return rights.check_rights(Target("tests", server=lambda: shell(**answers)))


def test_what_is_asked_of_the_server_is_about_everybody(shell: Shell) -> None:
    server = shell(**{"sudo_-n_env": '{"ways": [], "failed": []}'})
    rights.check_rights(Target("tests", server=lambda: server))
    assert server.asked == [(rights.REPORT, "")]


def test_nobody_can_more_than_they_may(shell: Shell) -> None:
    found = examine(shell)
    assert (found.result, found.evidence) == (
        "PASS",
        "nobody can sign in or become root without permission",
    )


def test_a_way_that_is_sure_fails_and_says_what_ends_it(shell: Shell) -> None:
    found = examine(shell, ways=[way(1, sure=False), way(2)], failed=["cron"])
    assert (found.result, found.evidence) == ("FAIL", "ada may be root (2)")
    assert found.fix == "workbench ssh.connect 'sudo gpasswd -d ada sudo' --stack {stack}"


def test_each_part_of_what_ends_it_is_roots(shell: Shell) -> None:
    found = examine(shell, ways=[way(fix="chmod 755 /x && chown root /x")])
    assert "'sudo chmod 755 /x && sudo chown root /x'" in found.fix


def test_a_way_that_nothing_is_known_to_end_is_to_be_looked_at(shell: Shell) -> None:
    assert examine(shell, ways=[way(fix="")]).fix == "workbench ssh.connect --stack {stack}"


@pytest.mark.parametrize(("ways", "more"), [(3, ""), (4, " (and 1 more)")])
def test_three_are_named_and_the_others_are_counted(shell: Shell, ways: int, more: str) -> None:
    found = examine(shell, ways=[way(number) for number in range(ways)])
    assert found.evidence == "; ".join(f"ada may be root ({n})" for n in range(3)) + more


def test_a_way_that_is_only_likely_is_warned_of(shell: Shell) -> None:
    found = examine(shell, ways=[way(sure=False)], failed=["cron"])
    assert (found.result, found.evidence) == ("WARN", "ada may be root (1)")
    assert found.fix == "workbench ssh.connect 'sudo gpasswd -d ada sudo' --stack {stack}"


def test_what_could_not_be_looked_at_is_warned_of(shell: Shell) -> None:
    found = examine(shell, failed=["cron: gone", "sudoers"])
    assert (found.result, found.evidence) == (
        "WARN",
        "not everything could be checked: cron: gone; sudoers",
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(1, "", "warning\nNo module named workbench_host.rights\n"), "No module named"),
        (Answer(0, "[]"), "list indices"),
        (Answer(0, '{"ways": [{}], "failed": []}'), "person"),
        (Answer(0, '{"ways": []}'), "failed"),
    ],
)
def test_a_server_that_does_not_say_is_told(shell: Shell, answer: Answer, said: str) -> None:
    target = Target("tests", server=lambda: shell(**{"sudo_-n_env": answer}))
    with pytest.raises(rights.RightsUnknownError, match=said) as error:
        rights.check_rights(target)
    assert error.value.hint.startswith("workbench up --stack tests ")


def test_other_ranks_and_keys_are_asked_for(shell: Shell) -> None:
    server = shell(**{"sudo_-n_env": '{"ways": [], "failed": []}'})
    rights.read_ways(server, "tests", {"ada": "gone", "bo": "member"}, by_hand=True)
    rights.read_ways_of_key(server, "tests", "SHA256:a b")
    assert server.limits == [rights.LIMIT] * 2
    assert [command.removeprefix(rights.REPORT) for command, _ in server.asked] == [
        " ada=gone bo=member by-hand",
        " key 'SHA256:a b'",
    ]


def test_the_accounts_that_a_key_opens_are_named(shell: Shell) -> None:
    server = shell(**{"sudo_-n_env": json.dumps({"ways": [way()], "failed": ["cron"]})})
    assert [each.what for each in rights.read_ways_of_key(server, "tests", "x")] == [
        "ada may be root (1)"
    ]
    with pytest.raises(rights.RightsUnknownError) as error:
        rights.read_ways_of_key(shell(), "tests", "x")
    assert "--stack tests " in error.value.hint

"""Errors become sentences that a person can act on, at the width of the terminal."""

import errno
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from botocore.exceptions import EndpointConnectionError
from botocore.exceptions import MissingDependencyException

from workbench.errors import WorkbenchError
from workbench.remote.passwords import ask_password
from workbench.tasks.errors import explain


def test_a_full_disk_is_no_mistake_of_ours(state_dir: Path) -> None:
    said = explain(OSError(errno.ENOSPC, "No space left on device", "/state/log")).text
    assert said.startswith("This computer refused: No space left on device (/state/log).\n  df")
    assert not (state_dir / "logs").exists()


def test_missing_rights_to_no_file_are_a_mistake_of_ours(state_dir: Path) -> None:
    assert (
        "Permission denied (/root/x)"
        in explain(PermissionError(13, "Permission denied", "/root/x")).text
    )
    assert explain(PermissionError(1, "not permitted")).text.startswith("An unexpected error")


def test_what_aws_refuses_is_told_with_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = ClientError({"Error": {"Code": "Throttling", "Message": "Slow down."}}, "Describe")
    silent = EndpointConnectionError(endpoint_url="https://ec2")
    for error in (refused, silent):
        assert explain(error, "prod").text.endswith("\n  workbench doctor --stack prod")
    monkeypatch.setenv("WORKBENCH_STACK", "test")
    assert explain(refused).text.endswith("\n  workbench doctor --stack test")


def test_the_credentials_of_aws_login_are_had_by_a_profile_that_asks_aws(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    said = explain(MissingDependencyException(msg='pip install "botocore[crt]"')).text
    assert said == (
        "Python can't read the credentials of aws login by itself; the aws command gives them.\n"
        '  aws configure set credential_process "aws configure export-credentials'
        ' --profile default --format process" --profile workbench'
        " && export AWS_PROFILE=workbench"
    )


def test_a_sentence_is_broken_between_words_at_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    error = WorkbenchError("Something that is said in many words.", f"workbench up {'x' * 40}")
    assert explain(error).text == str(error)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    first, second, command = explain(error).text.splitlines()
    assert (first, second) == ("Something that is said in", "many words.")
    assert command == f"  {error.hint}"


def test_no_password_is_asked_for_with_standard_input_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert ask_password("ada", from_stdin=False) is None

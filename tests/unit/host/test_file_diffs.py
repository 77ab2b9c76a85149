"""A difference is shown without the secrets that may be in it."""

from io import BytesIO
from io import StringIO
from pathlib import Path

import pytest

from workbench.host.run.file_diffs import MOST_LINES
from workbench.host.run.file_diffs import file_diff
from workbench.host.run.file_diffs import hide_secrets


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("+password = hunter2", "+password = …"),
        ('-c.JupyterHub.api_token: "abc"', "-c.JupyterHub.api_token: …"),
        ("+  token abc", "+  token …"),
        (
            " index-url=https://me:hunter2@pypi.example/simple",
            " index-url=https://…@pypi.example/simple",
        ),
        ("+# a password of people is kept", "+# a password of people is kept"),
        ("-PasswordAuthentication yes", "-PasswordAuthentication yes"),
        ("-PermitRootLogin yes", "-PermitRootLogin yes"),
    ],
)
def test_a_secrets_value_is_hidden(line: str, shown: str) -> None:
    assert hide_secrets(line) == shown


def test_a_file_that_not_everyone_may_read_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "private"
    path.write_text("mine\n")
    path.chmod(0o640)

    (line,) = file_diff(StringIO("yours\n"), path)

    assert "not shown" in line
    assert "mine" not in line


def test_a_private_key_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n")
    path.chmod(0o644)

    assert "secret" not in "\n".join(file_diff(StringIO(""), path))


def test_a_long_difference_is_cut_and_the_source_can_still_be_read(tmp_path: Path) -> None:
    path, source = tmp_path / "long", BytesIO(b"line\n" * 500)
    path.touch(mode=0o644)

    told = file_diff(source, path)

    assert len(told) == MOST_LINES + 1
    assert told[-1] == f"({503 - MOST_LINES} more lines)"
    assert source.read(4) == b"line"

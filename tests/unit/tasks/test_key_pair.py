"""The key that a person gets in by: the one there is, or a new one."""

import io
import stat
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from workbench.errors import WorkbenchError
from workbench.tasks.init.interview import Interview
from workbench.tasks.init.key_pair import ask_key

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEaP7fra1kJc3ZvCo+zKpqHGh/0/z5RBH4teO2jPCZd6 ada"
ECDSA = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBFaGq8lLVNMgU"
    "1rC0yJy0OZlqRlqd7RkGtaC5aVdyj5rV9NsZJ0bm0jZ1gr6qDDRVFTbJSGA0mg8c2NyTPVZG4A= ada"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_SSH_DIR", str(tmp_path / ".ssh"))
    return tmp_path


@pytest.fixture
def interview() -> Interview:
    return Interview("init", console=Console(file=io.StringIO()))


def test_the_key_in_its_usual_place_is_taken(home: Path, interview: Interview) -> None:
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id_ed25519.pub").write_text(f"{KEY}\n")

    assert ask_key(interview, None, None, make=False).text == KEY


def test_the_configured_key_stays(home: Path, interview: Interview) -> None:
    chosen = ask_key(interview, None, KEY, make=False)

    assert chosen.public_key(ask_passphrase=False) == KEY
    assert str(chosen).endswith(" ada")


def test_a_new_pair_is_made_only_when_it_is_needed(home: Path, interview: Interview) -> None:
    with pytest.raises(WorkbenchError, match="--public-key isn't given"):
        ask_key(interview, None, None, make=False)

    chosen = ask_key(interview, None, None, make=True)
    assert not (home / ".ssh").exists()
    text = chosen.public_key(ask_passphrase=False)

    private = home / ".ssh" / "id_ed25519"
    assert private.with_suffix(".pub").read_text().strip() == text
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(private.parent.stat().st_mode) == 0o700
    derived = subprocess.run(
        ["ssh-keygen", "-y", "-f", private], capture_output=True, text=True, check=True
    ).stdout
    assert derived.split()[:2] == text.split()[:2]
    # From now on it is the one there is.
    assert ask_key(interview, None, None, make=True).text == text


def test_a_private_key_without_its_public_half_is_not_overwritten(
    home: Path, interview: Interview
) -> None:
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id_ed25519").write_text("mine")

    with pytest.raises(WorkbenchError, match="but not its public half") as raised:
        ask_key(interview, None, None, make=True)
    assert raised.value.hint.startswith("ssh-keygen -y -f ")


def test_the_server_is_made_with_one_key_of_a_kind_that_ec2_takes(
    home: Path, interview: Interview
) -> None:
    (home / "two.pub").write_text(f"{KEY}\n{ECDSA}\n")
    with pytest.raises(WorkbenchError, match="holds 2 keys"):
        ask_key(interview, str(home / "two.pub"), None, make=False)
    with pytest.raises(WorkbenchError, match="must be one of ssh-ed25519, ssh-rsa"):
        ask_key(interview, ECDSA, None, make=False)
    assert ask_key(interview, KEY, None, make=False).text == KEY

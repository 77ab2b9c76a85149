"""The private key that fits the stack's public key is found, and nothing else is tried."""

from pathlib import Path

import paramiko
import pytest

from workbench.errors import WorkbenchError
from workbench.remote.private_key import find_private_key


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_SSH_DIR", str(tmp_path / ".ssh"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def make_key(folder: Path, name: str, password: str | None = None) -> str:
    key = paramiko.ECDSAKey.generate()
    key.write_private_key_file(str(folder / name), password)
    public = f"{key.get_name()} {key.get_base64()} me@laptop"
    (folder / f"{name}.pub").write_text(public)
    return public


def test_the_key_whose_public_half_the_stack_has(home: Path) -> None:
    make_key(home / ".ssh", "id_other")
    public = make_key(home / ".ssh", "id_lab")
    found = find_private_key(public.rsplit(" ", 1)[0])
    assert found.path == home / ".ssh" / "id_lab"
    assert public.split()[1] == found.key.get_base64()


def test_the_environments_key_wins(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_key(home, "named")
    monkeypatch.setenv("WORKBENCH_SSH_KEY", "~/named")
    assert find_private_key(make_key(home / ".ssh", "id_lab")).path == home / "named"


def test_a_rehearsal_has_its_own(home: Path) -> None:
    public = make_key(home, "own")
    assert find_private_key(public, folders=[home]).path == home / "own"


def test_what_can_not_be_read_is_passed_over(home: Path) -> None:
    (home / ".ssh" / "a.pub").symlink_to(home / "gone")
    (home / ".ssh" / "b.pub").mkdir()
    public = make_key(home / ".ssh", "id_lab")
    assert find_private_key(public).path == home / ".ssh" / "id_lab"


def test_no_key_fits(home: Path) -> None:
    make_key(home / ".ssh", "id_other")
    with pytest.raises(WorkbenchError, match="fits the stack's public key"):
        find_private_key("ssh-ed25519 AAAAelse me")


def test_an_encrypted_key_without_an_agent_is_told(home: Path) -> None:
    public = make_key(home / ".ssh", "id_lab", password="long secret")
    with pytest.raises(WorkbenchError, match="has a passphrase, and no SSH agent has it loaded"):
        find_private_key(public)


def test_a_file_that_is_no_key(home: Path) -> None:
    public = make_key(home / ".ssh", "id_lab")
    (home / ".ssh" / "id_lab").write_text("nonsense")
    with pytest.raises(WorkbenchError, match="isn't a private key that can be read"):
        find_private_key(public)


def test_any_of_the_administrators_keys_does(home: Path) -> None:
    make_key(home / ".ssh", "id_first")
    second = make_key(home / ".ssh", "id_second")
    found = find_private_key("ssh-ed25519 AAAAelse a@colleague", second)
    assert found.path == home / ".ssh" / "id_second"


def test_one_that_others_can_read_is_answered_with_chmod(home: Path) -> None:
    public = make_key(home / ".ssh", "id_lab")
    path = home / ".ssh" / "id_lab"
    path.chmod(0o640)
    with pytest.raises(WorkbenchError, match="can be read by others") as refused:
        find_private_key(public)
    assert refused.value.hint == f"chmod 600 {path}"


def test_another_key_is_taken_where_one_can_not_be_used(home: Path) -> None:
    first, second = (make_key(home / ".ssh", name) for name in ("id_first", "id_second"))
    (home / ".ssh" / "id_first").chmod(0o644)
    assert find_private_key(first, second).path == home / ".ssh" / "id_second"

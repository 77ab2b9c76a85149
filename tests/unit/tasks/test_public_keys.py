"""Public keys are taken from files and text; a private one is refused, and never repeated."""

import subprocess
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.tasks.users.public_keys import described
from workbench.tasks.users.public_keys import find_keys
from workbench.tasks.users.public_keys import fingerprint
from workbench.tasks.users.public_keys import read_public_keys


def make(folder: Path, name: str) -> str:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@home"]
    subprocess.run([*command, "-f", str(folder / name)], check=True)
    return (folder / f"{name}.pub").read_text().strip()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder with the key pairs ada and bob."""
    make(tmp_path, "ada")
    make(tmp_path, "bob")
    return tmp_path


def key(home: Path, name: str) -> str:
    return (home / f"{name}.pub").read_text().strip()


def test_a_file_and_a_text_give_the_same_key_once(home: Path) -> None:
    path = str(home / "ada.pub")
    assert read_public_keys([path, key(home, "ada"), path]) == (key(home, "ada"),)


def test_a_long_keys_text_is_no_file_name(tmp_path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "rsa", "-b", "4096", "-N", "", "-f", str(tmp_path / "rsa")]
    subprocess.run(command, check=True)
    text = (tmp_path / "rsa.pub").read_text().strip()
    assert len(text) > 255
    assert read_public_keys([text]) == (text,)
    assert find_keys([text], text) == [text]


def test_a_file_may_hold_several_keys_with_comments_between(home: Path) -> None:
    file = home / "authorized_keys"
    file.write_text(f"# mine\n{key(home, 'ada')}\n\n{key(home, 'bob')}\r\n")
    assert read_public_keys([str(file)]) == (key(home, "ada"), key(home, "bob"))


def test_the_fingerprint_is_ssh_keygens(home: Path) -> None:
    shown = subprocess.run(
        ["ssh-keygen", "-lf", home / "ada.pub"], capture_output=True, text=True, check=True
    )
    assert fingerprint(key(home, "ada")) == shown.stdout.split()[1]
    assert described(key(home, "ada")).endswith(f"{shown.stdout.split()[1]} ada@home")


def secrets_of(home: Path) -> list[str]:
    text = (home / "ada").read_text()
    return [text, str(home / "ada"), text.splitlines()[1], "".join(text.splitlines()[1:-1])]


@pytest.mark.parametrize("number", range(4))
def test_a_private_key_is_refused_and_not_repeated(home: Path, number: int) -> None:
    with pytest.raises(WorkbenchError) as failure:
        read_public_keys([secrets_of(home)[number]])
    said = str(failure.value)
    for line in (home / "ada").read_text().splitlines()[1:-1]:
        assert line not in said
        assert line[:12] not in said


def test_a_private_keys_file_is_answered_with_its_public_half(home: Path) -> None:
    with pytest.raises(WorkbenchError) as failure:
        read_public_keys([str(home / "ada")])
    assert f"--public-key {home / 'ada.pub'}" in failure.value.hint


def test_another_programs_private_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "ada.ppk"
    file.write_text("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 1\nsecretsecret\n")
    with pytest.raises(WorkbenchError, match="private key") as failure:
        read_public_keys([str(file)])
    assert "secretsecret" not in str(failure.value)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("nowhere/ada.pub", "there is no file nowhere/ada.pub"),
        ("~nobody-here/key", "neither a file nor a public key"),
        ("nonsense", "neither a file nor a public key"),
        ("", "neither a file nor a public key"),
        ("ssh-ed25519 AAAA", "isn't an OpenSSH public key"),
        ("ssh-dss AAAAB3NzaC1kc3MAAAA= old", "key of type ssh-dss"),
    ],
)
def test_what_is_no_key_is_refused(given: str, sentence: str) -> None:
    with pytest.raises(WorkbenchError) as failure:
        read_public_keys([given])
    assert sentence in str(failure.value)


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pub").write_text("# nothing\n")
    with pytest.raises(WorkbenchError, match="There is no public key in"):
        read_public_keys([str(tmp_path / "empty.pub")])


def test_a_key_is_found_by_fingerprint_comment_and_file(home: Path) -> None:
    ada, bob = keys = [key(home, "ada"), key(home, "bob")]
    mark = fingerprint(ada)
    for wanted in (
        mark,
        mark[:16],
        mark.removeprefix("SHA256:"),
        "ada@home",
        str(home / "ada.pub"),
    ):
        assert find_keys(keys, wanted) == [ada]
    assert find_keys(keys, "SHA256:") == [ada, bob]
    assert find_keys(keys, "carol@home") == []

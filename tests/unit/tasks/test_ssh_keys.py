"""The administrator's keys: which there are, which may go, and where a new pair is kept."""

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import paramiko
import pytest

from workbench.configured import FURTHER_KEYS
from workbench.configured import PUBLIC_KEY
from workbench.configured import Configured
from workbench.errors import WorkbenchError
from workbench.host.people import authorized_keys
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.tasks.ssh import keys as key_changes
from workbench.tasks.ssh.key_files import make_key_pair
from workbench.tasks.ssh.key_files import move_key_pair
from workbench.tasks.ssh.key_files import public_half
from workbench.tasks.ssh.keys import add_keys
from workbench.tasks.ssh.keys import as_config
from workbench.tasks.ssh.keys import prove_other
from workbench.tasks.ssh.keys import remove_key
from workbench.tasks.ssh.keys_list import BEGIN
from workbench.tasks.ssh.keys_list import END
from workbench.tasks.ssh.keys_list import keys_in
from workbench.tasks.ssh.keys_list import read_keys
from workbench.tasks.users.public_keys import fingerprint


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StackState:
    monkeypatch.setenv("WORKBENCH_SSH_DIR", str(tmp_path / "ssh"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return StackState("lab")


def test_the_key_pairs_key_comes_first_and_the_rest_is_a_list_or_words() -> None:
    assert Configured({}).all_administrator_keys == []
    assert Configured({PUBLIC_KEY: "ssh-rsa A a\n"}).all_administrator_keys == ["ssh-rsa A a"]
    for text in ('["ssh-rsa B b","ssh-rsa C c"]', "ssh-rsa B b, ssh-rsa C c"):
        config = {PUBLIC_KEY: "ssh-rsa A a", FURTHER_KEYS: text}
        assert Configured(config).all_administrator_keys == [
            "ssh-rsa A a",
            "ssh-rsa B b",
            "ssh-rsa C c",
        ]
    with pytest.raises(WorkbenchError, match="is 1, but must be text"):
        assert Configured({FURTHER_KEYS: "[1]"}).all_administrator_keys


def test_the_first_key_is_one_that_ec2_takes() -> None:
    ecdsa, rsa = "ecdsa-sha2-nistp256 A a", "ssh-rsa B b"
    assert as_config([ecdsa, rsa], "lab") == {PUBLIC_KEY: rsa, FURTHER_KEYS: [ecdsa]}
    assert as_config([rsa], "lab") == {PUBLIC_KEY: rsa, FURTHER_KEYS: None}
    with pytest.raises(WorkbenchError, match="EC2 only accepts ed25519 and RSA keys") as refused:
        as_config([ecdsa], "lab")
    assert "workbench ssh.keys.rotate --stack lab" in refused.value.hint


@pytest.mark.parametrize(("power", "told"), [("running", False), ("stopped", True)])
def test_a_plan_says_that_a_stopped_server_is_started(
    state: StackState, tmp_path: Path, power: str, told: bool, capsys: Any
) -> None:
    first = make_key_pair(tmp_path / "ssh" / "first", "first")
    state.config = {PUBLIC_KEY: first}
    state.outputs = {"instance_id": "i-1", "address": "203.0.113.7"}
    state.aws = lambda service: SimpleNamespace(  # type: ignore[method-assign]
        describe_instances=lambda Filters: {
            "Reservations": [{"Instances": [{"State": {"Name": power}}]}]
        }
    )
    add_keys(state, Progress(quiet=True), [first], yes=False, dry_run=True)
    said = capsys.readouterr().out
    assert ("The server is started for this, and keeps running." in said) is told


def test_no_key_is_answered_with_the_stacks_own_command(state: StackState) -> None:
    with pytest.raises(WorkbenchError, match="No key was given") as refused:
        add_keys(state, Progress(quiet=True), [], yes=False, dry_run=True)
    assert refused.value.hint == "workbench ssh.keys.add --public-key FILE --stack lab"


def test_what_is_no_public_key_is_passed_over(state: StackState, tmp_path: Path) -> None:
    first = make_key_pair(tmp_path / "ssh" / "first", "first")
    (tmp_path / "ssh" / "gone.pub").symlink_to(tmp_path / "nowhere")
    state.config = {PUBLIC_KEY: first}
    (found,) = read_keys(state, Progress(quiet=True))
    assert found["file"] == str(tmp_path / "ssh" / "first")


def test_the_only_key_stays(state: StackState) -> None:
    with pytest.raises(WorkbenchError, match="only key") as refused:
        prove_other(state, [])
    assert "workbench ssh.keys.rotate --stack lab" in refused.value.hint


def test_a_key_stays_while_no_other_is_here_to_be_tried(state: StackState) -> None:
    with pytest.raises(WorkbenchError, match=r"No private key in .* fits"):
        prove_other(state, ["ssh-ed25519 AAAAcolleague a@colleague"])


def test_a_key_stays_while_the_others_are_refused(
    state: StackState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_key_pair(tmp_path / "ssh" / "other", "other")
    monkeypatch.setenv("WORKBENCH_SSH_KEY", str(tmp_path / "named"))
    make_key_pair(tmp_path / "named", "the one to be removed")
    with pytest.raises(WorkbenchError, match="no other on this computer has been seen to work"):
        prove_other(state, [other])


def test_a_key_that_is_removed_and_still_on_the_server_can_be_removed_again(
    state: StackState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scripted: Any, capsys: Any
) -> None:
    first, second, by_hand = (
        make_key_pair(tmp_path / "ssh" / each, f"{each}@home") for each in ("a", "b", "c")
    )
    lines = "\n".join([BEGIN, first, second, END, by_hand, ""])
    state.config, state.outputs = {PUBLIC_KEY: first}, {"instance_id": "i-1"}
    vars(state)["server"] = scripted(
        lambda command: lines if "authorized_keys" in command else None
    )
    applied: list[object] = []
    opener = SimpleNamespace(path="a")
    monkeypatch.setattr(key_changes, "prove_other", lambda state, left: opener)

    def apply(state: StackState, values: object, *_: object) -> StackState:
        applied.append(values)
        return StackState("lab")

    monkeypatch.setattr(key_changes, "apply", apply)
    told = {key["comment"]: key["by_recipe"] for key in read_keys(state, Progress(quiet=True))}
    assert told == {"a@home": True, "b@home": True, "c@home": False}

    remove_key(state, Progress(quiet=True), "b@home", yes=True, dry_run=False)

    # As it is: the configuration says it already.
    assert applied == [{}]
    assert "It is no longer in the configuration" in capsys.readouterr().out
    with pytest.raises(WorkbenchError, match="No key fits"):
        remove_key(state, Progress(quiet=True), "c@home", yes=True, dry_run=False)


def test_where_the_server_does_not_answer_a_key_is_not_called_gone(
    state: StackState, tmp_path: Path
) -> None:
    state.config = {PUBLIC_KEY: make_key_pair(tmp_path / "ssh" / "first", "first")}
    with pytest.raises(WorkbenchError, match="it doesn't answer"):
        remove_key(state, Progress(quiet=True), "second", yes=True, dry_run=False)


def test_the_recipes_lines_are_known_by_the_recipes_own_marks() -> None:
    assert (BEGIN, END) == (authorized_keys.BEGIN, authorized_keys.END)


def test_a_pair_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "id"
    public = make_key_pair(path, "workbench-lab")
    assert make_key_pair(path, "again") == public
    assert public.split()[1] == paramiko.PKey.from_path(path).get_base64()
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("cut", range(4))
def test_a_move_that_is_cut_off_leaves_one_whole_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    source, target = tmp_path / "id.next", tmp_path / "id"
    make_key_pair(target, "old")
    new, done = make_key_pair(source, "new"), iter(range(100))

    def counted(call: Any) -> Any:
        def step(*args: Any, **kwargs: Any) -> Any:
            if next(done) >= cut:
                raise KeyboardInterrupt
            return call(*args, **kwargs)

        return step

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", counted(os.replace))
        patched.setattr(Path, "unlink", counted(Path.unlink))
        with pytest.raises(KeyboardInterrupt):
            move_key_pair(source, target)
    assert any(_is_whole(path, new) for path in (source, target))
    move_key_pair(source, target)
    assert _is_whole(target, new)
    left = {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}
    assert left == {"id", "id.pub"}


def _is_whole(path: Path, public: str) -> bool:
    if not path.exists() or not public_half(path).exists():
        return False
    is_here = public_half(path).read_text().strip() == public
    return is_here and paramiko.PKey.from_path(path).get_base64() == public.split()[1]


def test_keys_are_found_behind_options_and_beside_comments(tmp_path: Path) -> None:
    first, second = (make_key_pair(tmp_path / name, f"{name} here") for name in ("a", "b"))
    lines = ["# ssh-rsa no key", "", f'command="echo ssh me" {first}', second, "ssh-rsa %%%"]
    assert keys_in(lines) == {fingerprint(first): first, fingerprint(second): second}

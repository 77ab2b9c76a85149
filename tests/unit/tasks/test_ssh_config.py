"""An alias's text: what OpenSSH makes of it, whose it is, and how it follows the server."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import paramiko
import pytest

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.host_keys import KnownHosts
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import PrivateKey
from workbench.remote.stack_state import StackState
from workbench.tasks.ssh import config as ssh_config
from workbench.tasks.ssh.alias import check_alias
from workbench.tasks.ssh.alias import render_alias
from workbench.tasks.ssh.alias import stack_of
from workbench.tasks.ssh.alias import user_of
from workbench.tasks.ssh.config import follow
from workbench.tasks.ssh.files import SshFiles


@pytest.fixture
def door(tmp_path: Path) -> Door:
    key = PrivateKey(tmp_path / "100% my key", paramiko.ECDSAKey.generate())
    known_hosts = KnownHosts(tmp_path / "known hosts")
    return Door("lab", "i-1", "203.0.113.7", 22, "ubuntu", key, known_hosts, object)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SshFiles:
    monkeypatch.setenv("WORKBENCH_SSH_DIR", str(tmp_path / ".ssh"))
    monkeypatch.setattr(ssh_config, "_project", lambda stack: "")
    return SshFiles(tmp_path / ".ssh")


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs OpenSSH's client")
def test_openssh_reads_what_was_meant(door: Door, files: SshFiles) -> None:
    files.write("lab.2", render_alias("lab.2", "org/lab", door))
    done = subprocess.run(
        ["ssh", "-F", str(files.config), "-G", "lab.2"], capture_output=True, text=True, check=True
    )
    told = dict(line.split(" ", 1) for line in done.stdout.splitlines())
    assert (told["hostname"], told["port"], told["user"]) == ("203.0.113.7", "22", "ubuntu")
    # As ssh -G shows it; ssh itself makes one % of two.
    assert told["identityfile"].replace("%%", "%") == str(door.key.path)
    assert told["userknownhostsfile"].replace("%%", "%") == str(door.known_hosts.path)
    assert told["hostkeyalias"] == "i-1"
    assert (told["stricthostkeychecking"], told["updatehostkeys"]) == ("true", "false")


@pytest.mark.parametrize("name", ["", "*", "!lab", "Lab", "a b", "../x", "-x", "é", "a" * 64])
def test_what_is_no_alias_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="can't be an alias"):
        check_alias(name)


def test_an_alias_says_whose_it_is(door: Door) -> None:
    text = render_alias("lab", "org/project/lab", replace(door, user="ada"))
    assert (stack_of(text), user_of(text)) == ("org/project/lab", "ada")
    assert (stack_of(""), user_of("")) == ("", "")


def test_the_stacks_aliases_follow_and_others_stay(
    door: Door, files: SshFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write("lab", render_alias("lab", "lab", door))
    files.write("ada", render_alias("ada", "lab", replace(door, user="ada")))
    files.write("other", render_alias("other", "prod", door))
    before, moved = files.read("other"), replace(door, host="203.0.113.8", instance_id="i-2")

    def door_of(state: Any, user: str) -> Door:
        return replace(moved, user=user)

    monkeypatch.setattr(ssh_config, "door_of", door_of)
    assert follow(StackState("lab")) == ["ada", "lab"]
    assert files.read("lab") == render_alias("lab", "lab", moved)
    assert files.read("ada") == render_alias("ada", "lab", replace(moved, user="ada"))
    assert files.read("other") == before
    assert follow(StackState("lab")) == []


@pytest.mark.parametrize("refused", [WorkbenchError("Others can write to it."), PermissionError()])
def test_an_alias_that_can_not_be_written_is_told_and_stops_nothing(
    door: Door,
    files: SshFiles,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    refused: Exception,
) -> None:
    files.write("ada", render_alias("ada", "lab", replace(door, user="ada")))

    def write(*_: Any) -> None:
        raise refused

    monkeypatch.setattr(SshFiles, "write", write)
    monkeypatch.setattr(ssh_config, "door_of", lambda *_: replace(door, host="203.0.113.8"))
    assert follow(StackState("lab")) == []
    said = capsys.readouterr().err
    assert f"The alias ada couldn't be updated: {refused}" in said
    assert "workbench ssh.config --alias ada --user ubuntu --stack lab" in said


def test_another_stacks_alias_is_not_taken_over(door: Door, files: SshFiles) -> None:
    files.write("workbench", render_alias("workbench", "prod", door))
    with pytest.raises(WorkbenchError, match="points to the stack prod already") as refused:
        ssh_config._refuse_other(files, "workbench", StackState("lab"))
    assert "workbench ssh.config --alias NAME --stack lab" in refused.value.hint


def test_another_projects_stack_of_the_same_name_keeps_its_alias(
    door: Door, files: SshFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = render_alias("workbench", "prod", door, project="/home/me/other")
    files.write("workbench", theirs)
    files.write("mine", render_alias("mine", "prod", door, project=str(tmp_path)))
    files.write("earlier", render_alias("earlier", "prod", door))
    monkeypatch.setattr(ssh_config, "_project", lambda stack: str(tmp_path))
    monkeypatch.setattr(ssh_config, "door_of", lambda *_: replace(door, host="203.0.113.8"))
    with pytest.raises(WorkbenchError, match="points to the stack prod of /home/me/other already"):
        ssh_config._refuse_other(files, "workbench", StackState("prod"))
    ssh_config._refuse_other(files, "mine", StackState("prod"))
    ssh_config._refuse_other(files, "earlier", StackState("prod"))

    assert follow(StackState("prod")) == ["earlier", "mine"]

    assert files.read("workbench") == theirs
    assert f"# Project: {tmp_path}" in (files.read("earlier") or "")


def test_removing_what_is_not_there_says_what_is(
    door: Door, files: SshFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    files.write("lab", render_alias("lab", "lab", door))
    ssh_config.remove_alias("workbench", dry_run=False)
    assert capsys.readouterr().out == "There is no alias workbench. There is: lab\n"
    ssh_config.remove_alias("lab", dry_run=True)
    assert files.aliases() == ["lab"]
    ssh_config.remove_alias("lab", dry_run=False)
    again = "workbench ssh.config --alias lab --user ubuntu --stack lab   makes it again"
    assert again in capsys.readouterr().out
    assert not files.folder.exists()


def test_a_rehearsals_stack_is_of_no_project() -> None:
    assert ssh_config._project("rehearsal-lab") == ""
    assert Path(ssh_config._project("prod"), "Pulumi.yaml").is_file()


def test_each_workbench_of_a_stack_has_aliases_of_its_own(
    door: Door, files: SshFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {name: {"instance_id": f"i-{n}"} for n, name in enumerate(("one", "two"), 1)}
    one = StackState("prod", told["one"], workbench="one", others={"two": told["two"]})
    two = StackState("prod", told["two"], workbench="two", others={"one": told["one"]})
    files.write("one", ssh_config._render("one", one, door))
    files.write("two", ssh_config._render("two", two, replace(door, instance_id="i-2")))
    # Of an earlier version, when there was one workbench.
    files.write("workbench", render_alias("workbench", "prod", door))
    monkeypatch.setattr(ssh_config, "door_of", lambda *_: replace(door, host="203.0.113.8"))
    assert follow(one) == ["one", "workbench"]
    assert "# Workbench: one\n" in (files.read("workbench") or "")

    with pytest.raises(WorkbenchError, match="points to the workbench one of the stack prod alr"):
        ssh_config._refuse_other(files, "workbench", two)
    ssh_config._refuse_other(files, "two", two)
    ssh_config._refuse_other(files, "new", two)
    assert ssh_config._command("two", files.read("two") or "").endswith(
        "--stack prod --workbench two"
    )
    # Alone, by whatever name: it is this stack's.
    assert "two" in follow(StackState("prod", told["two"], workbench="renamed"))

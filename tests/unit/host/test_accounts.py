"""The accounts that a new server takes from its volume, whoever is there before."""

import grp
import json
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest

from workbench.host import places
from workbench.host.data.volume import Volume
from workbench.host.people import accounts

ADA = {
    "name": "ada",
    "uid": 1001,
    "gid": 1001,
    "comment": "",
    "home": "/home/ada",
    "shell": "/bin/bash",
    "password": "$6$x",
    "expires": "",
    "groups": [],
}


def account(name: str, number: int) -> SimpleNamespace:
    return SimpleNamespace(
        pw_name=name, pw_uid=number, pw_gid=number, pw_gecos="", pw_dir=f"/home/{name}",
        pw_shell="/bin/bash",
    )  # fmt: skip


def group(name: str, number: int) -> SimpleNamespace:
    return SimpleNamespace(gr_name=name, gr_gid=number, gr_mem=[])


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give what a server would run, on whose disk there is an agent's account so far."""
    ran: list[str] = []
    monkeypatch.setattr(places, "ACCOUNTS", tmp_path)
    monkeypatch.setattr(accounts, "SAVED", tmp_path / "accounts.json")
    monkeypatch.setattr(accounts, "LAST_RESTORE", tmp_path / "last-restore")
    monkeypatch.setattr(accounts, "RESTORED", tmp_path / "restored")
    monkeypatch.setattr(accounts, "read_volume", lambda: Volume("vol-1", "/dev/sdf", "ubuntu"))
    monkeypatch.setattr(accounts, "_run", lambda *command: ran.append(" ".join(command)))
    monkeypatch.setattr(accounts.subprocess, "run", lambda *_, **__: None)
    has(monkeypatch, ("ubuntu", 1000), ("ssm-user", 1001), ("sshd", 999))
    return ran


def has(monkeypatch: pytest.MonkeyPatch, *present: tuple[str, int]) -> None:
    monkeypatch.setattr(pwd, "getpwall", lambda: [account(*each) for each in present])
    monkeypatch.setattr(grp, "getgrall", lambda: [group(*each) for each in present])
    monkeypatch.setattr(accounts, "read_shadow", lambda: {name: ("", "") for name, _ in present})


def saved(*people: dict[str, object]) -> None:
    groups = [{"name": person["name"], "gid": person["gid"]} for person in people]
    accounts.SAVED.write_text(json.dumps({"people": people, "groups": groups}))


def test_the_agents_account_is_nobodys(commands: list[str]) -> None:
    assert accounts.present("ubuntu") == {"people": [], "groups": []}


def test_the_agents_account_makes_way_for_a_persons(commands: list[str]) -> None:
    saved(ADA)
    accounts.restore()
    moved_group, made_group, moved, made, _ = commands
    assert moved_group == "groupmod --gid 998 ssm-user"
    assert made_group == "groupadd --gid 1001 ada"
    assert moved == "usermod --uid 998 ssm-user"
    assert made.startswith("useradd --no-create-home --uid 1001 --gid 1001")


def test_an_agents_account_that_was_saved_before_is_left_out(commands: list[str]) -> None:
    saved(ADA | {"name": "ssm-user", "uid": 1002, "gid": 1002})
    accounts.restore()
    assert commands == []


def test_anyone_else_on_a_persons_id_is_named(
    commands: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    has(monkeypatch, ("bob", 1001))
    saved(ADA)
    with pytest.raises(accounts.AccountsError, match="id 1001 back: bob has it"):
        accounts.restore()

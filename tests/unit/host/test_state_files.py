"""Which of the services' files count as damaged, and where they go."""

import json
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from workbench.host import places
from workbench.host.data import host_keys
from workbench.host.data import set_aside
from workbench.host.data import state_files
from workbench.host.people import accounts
from workbench.host.people import register

SECRET = "ab" * 32


@pytest.fixture
def volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CADDY_STORAGE", "HOST_KEYS", "ACCOUNTS"):
        monkeypatch.setattr(places, name, tmp_path / name.lower())
        (tmp_path / name.lower()).mkdir()
    monkeypatch.setattr(state_files, "HUB_DATABASE", tmp_path / "jupyterhub.sqlite")
    monkeypatch.setattr(state_files, "COOKIE_SECRET", tmp_path / "secret")
    monkeypatch.setattr(set_aside, "FOLDER", tmp_path / "aside")
    monkeypatch.setattr(set_aside, "NOTES", tmp_path / "aside" / "notes.txt")
    with closing(sqlite3.connect(state_files.HUB_DATABASE)) as database:
        database.execute("create table people (name text)")
        database.executemany("insert into people values (?)", [("x" * 500,)] * 100)
        database.commit()
    state_files.COOKIE_SECRET.write_text(SECRET)
    return tmp_path


def test_what_is_whole_or_missing_or_empty_stays(volume: Path) -> None:
    state_files.fix("jupyterhub")
    state_files.HUB_DATABASE.write_bytes(b"")
    state_files.fix("jupyterhub")
    assert state_files.HUB_DATABASE.exists()
    state_files.HUB_DATABASE.unlink()
    state_files.COOKIE_SECRET.unlink()
    state_files.fix("jupyterhub")
    assert not (volume / "aside").exists()


def spoil(path: Path, how: str) -> None:
    content = path.read_bytes()
    damaged = {
        "garbage": b"garbage",
        "header": content[:40] + b"spoiled\n",
        "half": content[: len(content) // 2],
        "middle": content[:5000] + b"\xff" * 4096 + content[9096:],
        "zeros": b"\0" * len(content),
    }
    path.write_bytes(damaged[how])


@pytest.mark.parametrize("how", ["garbage", "header", "half", "middle", "zeros"])
def test_a_damaged_database_is_set_aside_with_what_belongs_to_it(volume: Path, how: str) -> None:
    spoil(state_files.HUB_DATABASE, how)
    Path(f"{state_files.HUB_DATABASE}-wal").write_bytes(b"x")
    state_files.fix("jupyterhub")
    assert not list(volume.glob("jupyterhub.sqlite*"))
    for name in ("jupyterhub.sqlite", "jupyterhub.sqlite-wal"):
        assert len(list((volume / "aside").glob(f"*-{name}"))) == 1
    assert "jupyterhub.sqlite was damaged" in (volume / "aside" / "notes.txt").read_text()
    assert state_files.COOKIE_SECRET.read_text() == SECRET


@pytest.mark.parametrize(
    ("how", "found"), [("garbage", True), ("header", True), ("zeros", True), ("middle", False)]
)
def test_a_glance_at_the_hubs_database_reads_its_beginning_only(
    volume: Path, how: str, found: bool
) -> None:
    assert not list(state_files.hub_findings(whole=False))
    spoil(state_files.HUB_DATABASE, how)
    assert any(state_files.hub_findings(whole=False)) is found
    assert any(state_files.hub_findings())


@pytest.mark.parametrize("secret", ["", "zz" * 32, "abcd", SECRET[:-1]])
def test_a_cookie_secret_that_the_hub_would_refuse_is_set_aside(volume: Path, secret: str) -> None:
    state_files.COOKIE_SECRET.write_text(secret)
    state_files.fix("jupyterhub")
    assert not state_files.COOKIE_SECRET.exists()


def test_a_damaged_register_is_read_from_the_servers_own_copy(
    volume: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people, copy = volume / "register.json", volume / "copy.json"
    monkeypatch.setattr(register, "COPY", copy)
    assert register.read_register(people) == {}
    copy.write_text('{"ada": 1001}')
    for damaged in ("", "[]", '{"ada": "x"}', "{"):
        people.write_text(damaged)
        assert not register.is_readable(people)
        assert register.read_register(people) == {"ada": 1001}


def test_damaged_accounts_are_those_before_the_last_change(
    volume: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved, before = volume / "accounts.json", volume / "accounts.before.json"
    monkeypatch.setattr(accounts, "SAVED", saved)
    monkeypatch.setattr(accounts, "BEFORE", before)
    whole = {"people": [], "groups": [{"name": "ada", "gid": 1001}]}
    saved.write_text('{"people": [{"name": "ada"}], "groups": []}')
    before.write_text(json.dumps(whole))
    assert accounts._read_saved() == whole
    assert not saved.exists()
    saved.write_text("half")
    before.write_text("")
    assert accounts._read_saved() == {"people": [], "groups": []}


@pytest.mark.parametrize("damage", ["half", "none", "other"])
def test_damaged_host_keys_never_replace_the_servers_own(
    volume: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    own = volume / "etc"
    own.mkdir()
    key = own / "ssh_host_ed25519_key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    monkeypatch.setattr(host_keys, "FOLDER", own)
    monkeypatch.setattr(host_keys, "CONSOLE", volume / "console")
    kept, before = places.HOST_KEYS, host_keys.keys(own)
    if damage != "none":
        (kept / key.name).write_bytes(key.read_bytes()[: 100 if damage == "half" else None])
        (kept / key.name).chmod(0o600)
        public = key.with_suffix(".pub").read_text()
        (kept / f"{key.name}.pub").write_text(public if damage == "half" else "ssh-ed25519 AAAA x")
    assert not host_keys.are_kept()
    host_keys.keep()
    assert host_keys.keys(own) == before == host_keys.keys(kept)
    assert host_keys.are_kept()

"""People's cron tables, from one server to the next through the volume."""

import os
import pwd
from pathlib import Path
from types import SimpleNamespace

import pytest

from workbench.host.people import kept_crontabs
from workbench.host.people.register import LAST_ID

JOB = "0 5 * * * echo Größe\n".encode() + b"# \xff\n"


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder of a server's tables; ada and ann have accounts there."""
    monkeypatch.setattr(kept_crontabs, "TABLES", tmp_path / "crontabs")
    monkeypatch.setattr(kept_crontabs, "SAVED", tmp_path / "kept" / "crontabs.json")
    monkeypatch.setattr(kept_crontabs, "set_aside", lambda path, why: path.unlink())
    # Whose files all are here: only root may give them away.
    mine, roots = os.getuid(), LAST_ID + 1
    monkeypatch.setattr(kept_crontabs, "FIRST_ID", 0)
    people = {"root": roots, "admin": mine, "ada": mine, "ann": mine}
    entries = {
        name: SimpleNamespace(pw_name=name, pw_uid=number) for name, number in people.items()
    }
    monkeypatch.setattr(pwd, "getpwall", lambda: list(entries.values()))
    monkeypatch.setattr(pwd, "getpwnam", entries.__getitem__)
    monkeypatch.setattr(kept_crontabs, "_group", os.getgid)
    (tmp_path / "crontabs").mkdir()
    return tmp_path / "crontabs"


def another_server(tables: Path) -> None:
    for path in tables.iterdir():
        path.unlink()


def test_a_new_server_has_peoples_tables_byte_for_byte(tables: Path) -> None:
    (tables / "ada").write_bytes(JOB)
    kept_crontabs.save("admin")
    assert kept_crontabs.is_saved("admin")
    another_server(tables)
    kept_crontabs.restore("admin")
    assert (tables / "ada").read_bytes() == JOB
    assert (tables / "ada").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tables.iterdir()] == ["ada"]


def test_roots_and_the_administrators_stay_on_their_server(tables: Path) -> None:
    for name in ("root", "admin"):
        (tables / name).write_bytes(JOB)
    assert kept_crontabs.present("admin") == {}
    assert kept_crontabs.is_saved("admin")


def test_a_server_that_comes_back_forgets_what_was_removed_meanwhile(tables: Path) -> None:
    (tables / "ada").write_bytes(JOB)
    kept_crontabs.save("admin")
    (tables / "ann").write_bytes(JOB)
    kept_crontabs.restore("admin")
    assert [path.name for path in tables.iterdir()] == ["ada"]


@pytest.mark.parametrize("content", [None, "not json", "[1]"])
def test_a_volume_without_tables_takes_none_away(tables: Path, content: str | None) -> None:
    (tables / "ada").write_bytes(JOB)
    if content is not None:
        kept_crontabs.SAVED.parent.mkdir()
        kept_crontabs.SAVED.write_text(content)
    kept_crontabs.restore("admin")
    assert (tables / "ada").read_bytes() == JOB
    kept_crontabs.save("admin")
    assert kept_crontabs.is_saved("admin")


def test_a_table_that_is_gone_is_forgotten(tables: Path) -> None:
    (tables / "ada").write_bytes(JOB)
    kept_crontabs.save("admin")
    (tables / "ada").unlink()
    assert not kept_crontabs.is_saved("admin")
    kept_crontabs.save("admin")
    kept_crontabs.restore("admin")
    assert list(tables.iterdir()) == []


def test_nobody_fills_the_products_own_room_with_a_table(tables: Path) -> None:
    (tables / "ada").write_bytes(b"#" * (kept_crontabs.MOST + 1))
    (tables / "ann").write_bytes(JOB)
    assert list(kept_crontabs.present("admin")) == ["ann"]


def test_a_table_that_is_too_large_to_be_kept_stays_where_it_is(tables: Path) -> None:
    (tables / "ann").write_bytes(JOB)
    kept_crontabs.save("admin")
    (tables / "ada").write_bytes(b"#" * (kept_crontabs.MOST + 1))
    kept_crontabs.restore("admin")
    assert sorted(path.name for path in tables.iterdir()) == ["ada", "ann"]


def test_nothing_but_a_file_of_the_persons_own_is_read(tables: Path) -> None:
    (tables / "secret").write_bytes(JOB)
    (tables / "ada").symlink_to(tables / "secret")
    os.mkfifo(tables / "ann")
    assert kept_crontabs.present("admin") == {}

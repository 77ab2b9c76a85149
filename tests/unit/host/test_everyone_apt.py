"""The distribution's packages for everyone, by an apt of the test's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench.host.package_lists import PackageLists
from workbench.host.packages import everyone_apt
from workbench.host.packages.everyone_told import Told


class Apt:
    """What is installed, and what can't be."""

    def __init__(self, *installed: str) -> None:
        self.installed = set(installed)
        self.broken: dict[str, str] = {}
        self.needed: set[str] = set()
        self.auto: set[str] = set()
        self.ran: list[str] = []

    def shell(self, command: str) -> str:
        self.ran.append(command)
        names = command.split(" install " if " install " in command else " ", 1)[1].split()
        names = [name for name in names if not name.startswith("-") and "::" not in name]
        if " install " in command:
            failed = [self.broken[name] for name in names if name in self.broken]
            if not failed:
                self.installed |= set(names)
            return failed[0] if failed else ""
        if command.startswith("apt-mark auto"):
            self.auto |= set(names[1:])
        if " remove " in command:
            self.installed -= set(command.split(" remove ")[1].split())
        return ""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Apt]:
    def make(*installed: str) -> Apt:
        apt = Apt(*installed)
        monkeypatch.setattr(everyone_apt, "RECORD", tmp_path / "record.json")
        monkeypatch.setattr(everyone_apt, "_shell", apt.shell)
        monkeypatch.setattr(everyone_apt, "too_full", lambda: "")
        monkeypatch.setattr(
            everyone_apt.apt, "missing", lambda names: sorted(set(names) - apt.installed)
        )
        monkeypatch.setattr(
            everyone_apt.apt,
            "installed_versions",
            lambda names: dict.fromkeys(set(names) & apt.installed, "1"),
        )
        monkeypatch.setattr(
            everyone_apt, "_would_remove", lambda: (apt.auto - apt.needed) & apt.installed
        )
        return apt

    return make


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.setattr(Told, "write", lambda self: None)
    return Told("digest", PackageLists())


def test_only_what_a_list_had_installed_goes_with_it(made: Callable[..., Apt], told: Told) -> None:
    apt = made("curl", "git")
    everyone_apt.install(["curl", "ffmpeg", "hello"], told, "list")
    assert apt.installed == {"curl", "git", "ffmpeg", "hello"}

    everyone_apt.remove_others(["hello"])

    assert apt.installed == {"curl", "git", "hello"}


def test_what_something_else_needs_stays(made: Callable[..., Apt], told: Told) -> None:
    apt = made()
    everyone_apt.install(["libx", "hello"], told, "list")
    apt.needed = {"libx"}

    everyone_apt.remove_others([])

    assert apt.installed == {"libx"}


def test_what_the_recipe_itself_installs_stays(made: Callable[..., Apt], told: Told) -> None:
    apt = made()
    everyone_apt.install(["git"], told, "list")

    everyone_apt.remove_others([])

    assert apt.installed == {"git"}


def test_one_that_fails_is_named_and_the_rest_installed(
    made: Callable[..., Apt], told: Told
) -> None:
    apt = made()
    apt.broken = {"bad": "bad : Depends: nosuch but it is not installable"}

    everyone_apt.install(["a", "bad", "c"], told, "list")

    assert apt.installed == {"a", "c"}
    assert told.failed == [
        {
            "kind": "apt",
            "name": "bad",
            "why": "bad : Depends: nosuch but it is not installable",
        }
    ]


def test_without_a_network_not_every_package_is_waited_for(
    made: Callable[..., Apt], told: Told
) -> None:
    apt = made()
    names = [f"p{number}" for number in range(9)]
    apt.broken = dict.fromkeys(names, "Temporary failure resolving 'archive'")

    everyone_apt.install(names, told, "list")

    assert len(told.failed) == 9
    assert len(apt.ran) == 1 + everyone_apt.MOST_FAILURES


def test_a_full_disk_gets_no_more(
    made: Callable[..., Apt], told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    apt = made()
    monkeypatch.setattr(everyone_apt, "too_full", lambda: "the disk is full")

    everyone_apt.install(["a"], told, "list")

    assert apt.ran == []
    assert told.failed == [{"kind": "apt", "name": "a", "why": "the disk is full"}]

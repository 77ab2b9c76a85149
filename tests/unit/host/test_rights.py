"""What counts as a right beyond one's rank, on recorded files of servers."""

import os
import pwd
import struct
from pathlib import Path

import pytest

from workbench.host.people import known_keys
from workbench.host.people.sudo_rights import lets
from workbench.host.rights import rights_accounts
from workbench.host.rights import rights_runs
from workbench.host.rights import rights_sign_in
from workbench.host.rights.rights_files import ACL
from workbench.host.rights.rights_files import writers
from workbench.host.rights.rights_server import GONE
from workbench.host.rights.rights_server import MEMBER
from workbench.host.rights.rights_server import People
from workbench.host.rights.rights_server import Person
from workbench.host.rights.rights_server import Server

EVE = Person("eve", 1004, frozenset({1004, 27}), GONE, "/home/eve")
ANN = Person("ann", 1005, frozenset({1005}), MEMBER, "/home/ann")
PEOPLE = People("admin", {"eve": EVE, "ann": ANN})


def put(root: Path, path: str, text: str) -> Path:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("said", "may"),
    [
        ("User eve may run the following commands on ip-10-0-0-7:\n    (ALL) ALL\n", True),
        ("User eve is not allowed to run sudo on ip-10-0-0-7.\n", False),
    ],
)
def test_sudos_own_answer_counts(said: str, may: bool) -> None:
    assert lets(said) is may


@pytest.mark.parametrize(
    ("service", "line"),
    [
        ("su", "auth sufficient pam_permit.so"),
        ("sshd", "auth  [success=done default=ignore]  pam_succeed_if.so user = eve"),
        ("sudo", "auth sufficient pam_rootok.so"),
        ("common-auth", "-auth [success=1 default=ignore] pam_exec.so /usr/local/bin/ask"),
        ("login", "auth sufficient /home/eve/pam_unix.so"),
    ],
)
def test_pam_that_asks_for_no_proof_is_told(tmp_path: Path, service: str, line: str) -> None:
    put(tmp_path, f"/etc/pam.d/{service}", f"# a comment\n{line}\n")
    (way,) = rights_sign_in._pam(Server(tmp_path))
    assert way.what.startswith(f"/etc/pam.d/{service} lets people in without authentication")


@pytest.mark.parametrize(
    ("service", "line"),
    [
        ("su", "auth       sufficient pam_rootok.so"),
        ("common-auth", "auth\t[success=1 default=ignore]\tpam_unix.so nullok"),
        ("common-auth", "auth\trequired\t\t\tpam_permit.so"),
        ("login", "auth [success=ok new_authtok_reqd=ok default=die] pam_securetty.so"),
        ("common-session", "session [success=1 default=ignore] pam_succeed_if.so quiet"),
    ],
)
def test_the_distributions_pam_is_not_told(tmp_path: Path, service: str, line: str) -> None:
    put(tmp_path, f"/etc/pam.d/{service}", f"{line}\n")
    assert list(rights_sign_in._pam(Server(tmp_path))) == []


def test_included_ssh_configuration_is_read_too(tmp_path: Path) -> None:
    put(tmp_path, "/etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n")
    put(tmp_path, "/etc/ssh/sshd_config.d/99-own.conf", "  match address 192.0.2.1\n")
    put(tmp_path, "/etc/ssh/sshd_config.d/50-other.conf", "# Match all\n")
    found = [way.what for way in rights_sign_in._ssh(Server(tmp_path)) if "other rules" in way.what]
    assert found == [
        "/etc/ssh/sshd_config.d/99-own.conf has other rules for some: match address 192.0.2.1"
    ]


def test_commands_that_run_by_themselves_are_found_with_whom_they_run_as(tmp_path: Path) -> None:
    put(tmp_path, "/etc/crontab", "PATH=/bin\n# x\n17 * * * *\troot\tcd / && /srv/a\n")
    put(tmp_path, "/etc/cron.d/b", "@daily ann /srv/b\n")
    put(tmp_path, "/var/spool/cron/crontabs/ann", "*/5 * * * * /srv/c\n")
    put(tmp_path, "/etc/systemd/system/d.service", "[Service]\nUser=ann\nExecStart=-/srv/d x\n")
    assert [each for each in rights_runs._commands(Server(tmp_path)) if each[2]] == [
        ("/etc/crontab", "root", "cd / && /srv/a"),
        ("/etc/cron.d/b", "ann", "/srv/b"),
        ("/var/spool/cron/crontabs/ann", "ann", "/srv/c"),
        ("/etc/systemd/system/d.service", "ann", "/srv/d x"),
    ]


def test_a_unit_that_runs_as_who_was_let_go_is_told(tmp_path: Path) -> None:
    put(tmp_path, "/etc/systemd/system/own.service", "[Service]\nUser=1004\nExecStart=/bin/x\n")
    put(tmp_path, "/run/systemd/transient/jupyter-eve-singleuser.service", "[Service]\nUser=eve\n")
    put(tmp_path, "/etc/systemd/system/anns.service", "[Service]\nUser=ann\n")
    (way,) = rights_runs._units_of_gone(Server(tmp_path), PEOPLE)
    assert (way.person, way.fix) == ("eve", "systemctl disable --now own.service")


def test_modes_say_who_may_write(tmp_path: Path) -> None:
    file = put(tmp_path, "x", "")
    file.chmod(0o666)
    assert writers(file, PEOPLE) == {"everybody"}
    file.chmod(0o644)
    assert writers(file, PEOPLE) == set()
    tmp_path.chmod(0o1777)
    assert writers(tmp_path, PEOPLE) == set()


def test_an_access_control_list_says_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = put(tmp_path, "x", "")
    file.chmod(0o664)
    nobody = 0xFFFFFFFF
    entries = [(1, 6, nobody), (2, 6, 1005), (2, 4, 1004), (4, 4, nobody), (16, 6, nobody)]
    packed = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *each) for each in entries)
    monkeypatch.setattr(os, "getxattr", lambda path, name: packed if name == ACL else b"")
    assert writers(file, PEOPLE) == {"ann"}


def test_accounts_with_anothers_number_are_told() -> None:
    entries = [
        pwd.struct_passwd((name, "x", number, number, "", "/", "/bin/sh"))
        for name, number in (("root", 0), ("toor", 0), ("ann", 1005), ("ann2", 1005), ("bin", 2))
    ]
    found = [way.what for way in rights_accounts._shared_numbers(entries, PEOPLE)]
    assert found == [
        "the account toor is root by its uid 0",
        "the account ann2 is ann by its uid 1005",
    ]


def test_a_persons_keys_stay_known() -> None:
    first = known_keys.with_keys({}, [("eve", "ssh-ed25519 AAAA1 eve@home")])
    later = known_keys.with_keys(first, [("eve", "ssh-ed25519 AAAA2 x"), ("ann", "k AAAA1")])
    assert later == {"eve": ["AAAA1", "AAAA2"], "ann": ["AAAA1"]}
    assert known_keys.with_keys(later, [("eve", "ssh-ed25519 AAAA1 another comment")]) == later

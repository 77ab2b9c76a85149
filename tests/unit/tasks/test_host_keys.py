"""Host keys come from the console, and from nowhere else."""

from datetime import UTC
from datetime import datetime
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from workbench.errors import WaitTimeoutError
from workbench.remote import host_keys
from workbench.remote.host_keys import KnownHosts
from workbench.remote.host_keys import parse_console
from workbench.remote.host_keys import read_console_keys

FIRST = (("ssh-ed25519", "AAAAfirst"),)
SECOND = (("ecdsa-sha2-nistp256", "AAAAecdsa"), ("ssh-ed25519", "AAAAsecond"))


def console(*blocks: tuple[tuple[str, str], ...]) -> str:
    text = "[    0.0] Linux version 6.1\r\n"
    for keys in blocks:
        lines = "".join(f"{kind} {key} root@ip-10-0-0-5\r\n" for kind, key in keys)
        text += f"{host_keys.BEGIN}\r\n{lines}{host_keys.END}\r\nci-info: done\r\n"
    return text


class Ec2:
    """Shows one console after the other; the last one again and again."""

    def __init__(self, *consoles: str) -> None:
        self.consoles = list(consoles)

    def get_console_output(self, InstanceId: str, Latest: bool) -> dict[str, str]:
        shown = self.consoles.pop(0) if len(self.consoles) > 1 else self.consoles[0]
        return {"Output": shown} if shown else {}


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_keys, "CONSOLE_INTERVAL", 0)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ()),
        (console(), ()),
        (console(FIRST), FIRST),
        (console(FIRST, SECOND), SECOND),
        (console(SECOND[::-1]), SECOND),
        (console(FIRST) + host_keys.BEGIN + "\nssh-ed25519 AAAAcut", FIRST),
        (console((("no-key", "x"), ("ssh-dss", "AAAAdsa"), *FIRST)), FIRST),
    ],
    ids=[
        "empty",
        "none yet",
        "one",
        "restored later",
        "in any order",
        "cut in the middle",
        "other lines",
    ],
)
def test_the_last_complete_block_counts(text: str, keys: host_keys.Keys) -> None:
    assert parse_console(text) == keys


def test_the_console_is_read_until_it_shows_keys() -> None:
    assert read_console_keys(Ec2("", console(), console(FIRST)), "i-1") == FIRST


def test_old_keys_are_not_taken_again() -> None:
    ec2 = Ec2(console(FIRST), console(FIRST, SECOND))
    assert read_console_keys(ec2, "i-1", unlike=FIRST) == SECOND


def test_a_console_without_keys_ends_with_a_sentence() -> None:
    with pytest.raises(WaitTimeoutError, match="The console of i-1 shows no SSH host keys"):
        read_console_keys(Ec2(""), "i-1", limit=0)


def test_keys_are_pinned_by_instance(tmp_path: Path) -> None:
    known = KnownHosts(tmp_path / "ssh" / "known_hosts")
    assert known.read("i-1") == ()
    known.write("i-1", SECOND)
    assert known.read("i-1") == SECOND
    assert known.read("i-2") == ()
    assert known.path.read_text().startswith("i-1 ecdsa-sha2-nistp256 AAAAecdsa\n")
    known.write("i-2", FIRST)
    known.write("i-1", FIRST)
    assert (known.read("i-1"), known.read("i-2")) == (FIRST, FIRST)


class Older(Ec2):
    """EC2 with an instance of a type before Nitro, started some seconds ago."""

    def __init__(self, *consoles: str, age: float = 0, code: str = "UnsupportedOperation") -> None:
        super().__init__(*consoles)
        self.age, self.code, self.refused = age, code, 0

    def get_console_output(self, InstanceId: str, Latest: bool = False) -> dict[str, str]:
        if Latest:
            self.refused += 1
            raise ClientError({"Error": {"Code": self.code, "Message": "No."}}, "GetConsoleOutput")
        return super().get_console_output(InstanceId, Latest)

    def describe_instances(self, InstanceIds: list[str]) -> dict[str, Any]:
        started = datetime.now(UTC) - timedelta(seconds=self.age)
        return {"Reservations": [{"Instances": [{"LaunchTime": started}]}]}


@pytest.mark.parametrize("code", ["UnsupportedOperation", "InvalidParameterCombination"])
def test_an_older_type_shows_its_console_late_and_is_waited_for(code: str) -> None:
    ec2, told = Older("", "", console(FIRST), code=code), []
    found = read_console_keys(
        ec2, "i-1", limit=0, waiting=lambda: None, on_late=lambda: told.append("late")
    )
    assert found == FIRST
    assert (ec2.refused, told) == (1, ["late"])


def test_a_late_console_is_not_waited_for_where_nobody_is_told() -> None:
    with pytest.raises(WaitTimeoutError, match="after 0 s; of this type, EC2 shows it up to 20"):
        read_console_keys(Older("", "", console(FIRST)), "i-1")
    assert read_console_keys(Older(console(FIRST)), "i-1") == FIRST


def test_the_console_of_one_that_runs_for_long_does_not_come_any_more() -> None:
    with pytest.raises(WaitTimeoutError, match="after 0 s") as ended:
        read_console_keys(Older("", age=host_keys.LATE_LIMIT), "i-1", limit=0, waiting=lambda: None)
    assert ended.value.hint == "aws ec2 get-console-output --output text --instance-id i-1"


def test_another_refusal_of_the_console_is_none_of_its_type() -> None:
    with pytest.raises(ClientError):
        read_console_keys(Older("", code="UnauthorizedOperation"), "i-1", limit=0)


def test_damage_in_the_pinned_keys_goes_and_other_servers_keys_stay(tmp_path: Path) -> None:
    known = KnownHosts(tmp_path / "known_hosts")
    known.path.write_bytes(
        b"i-0 ssh-ed25519 AAAAother\n\0\0garbage \xff\ni-1 ssh-ed25519 AAAA\xe9\n"
    )

    known.write("i-1", FIRST)

    assert known.path.read_text() == "i-0 ssh-ed25519 AAAAother\ni-1 ssh-ed25519 AAAAfirst\n"

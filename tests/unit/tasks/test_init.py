"""What init asks, makes of the answers, and leaves as it is."""

import io
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from workbench.errors import WorkbenchError
from workbench.prices import TABLE_DATE
from workbench.progress import Progress
from workbench.remote.own_address import OwnAddressError
from workbench.remote.quotas import Quota
from workbench.tasks.init import people as init_people
from workbench.tasks.init.answers import Answers
from workbench.tasks.init.aws_account import Account
from workbench.tasks.init.aws_account import HostedZone
from workbench.tasks.init.aws_account import InstanceType
from workbench.tasks.init.domain import Domain
from workbench.tasks.init.domain import ask_domain
from workbench.tasks.init.interview import Interview
from workbench.tasks.init.key_pair import KeyChoice
from workbench.tasks.init.people import ask_ssh_from
from workbench.tasks.init.people import ask_users
from workbench.tasks.init.place import Place
from workbench.tasks.init.plan import changed
from workbench.tasks.init.plan import print_plan
from workbench.tasks.init.warnings import find_warnings
from workbench.tasks.rights.asking import Rights
from workbench.tasks.rights.policy import INSTANCE_CONNECT
from workbench.tasks.users.declared_users import DeclaredUsers
from workbench.tasks.users.declared_users import User

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEaP7fra1kJc3ZvCo+zKpqHGh/0/z5RBH4teO2jPCZd6 ada"
PRESENT = {"workbench:publicKey": KEY}


@pytest.fixture
def interview() -> Interview:
    return Interview("init", console=Console(file=io.StringIO()))


class Zones(Account):
    """An account with two hosted zones, one below the other."""

    def hosted_zones(self) -> list[HostedZone]:
        return [HostedZone("Z1", "example.com"), HostedZone("Z2", "lab.example.com")]


def domain(
    interview: Interview, name: str | None, zone: str | None, **present: str
) -> dict[str, Any]:
    found = ask_domain(
        interview, Zones({}), name, zone, {f"workbench:{k}": v for k, v in present.items()}
    )
    return {k.removeprefix("workbench:"): v for k, v in found.as_config().items() if v is not None}


def test_the_nearest_hosted_zone_is_found(interview: Interview) -> None:
    assert domain(interview, "Lab.Example.com", None)["zoneId"] == "Z2"
    assert domain(interview, "a.lab.example.com", None)["zoneId"] == "Z2"
    assert domain(interview, "www.example.com", None)["zoneId"] == "Z1"
    assert domain(interview, "www.example.com", "Z1")["zoneId"] == "Z1"
    with pytest.raises(WorkbenchError, match="'Z2' isn't a hosted zone in this account for"):
        domain(interview, "www.example.com", "Z2")


def test_a_zone_can_be_made_or_be_elsewhere(interview: Interview) -> None:
    assert domain(interview, "a.org", "create") == {"domain": "a.org", "createZone": True}
    assert domain(interview, "a.org", "elsewhere") == {"domain": "a.org"}
    assert domain(interview, "none", None) == {}
    with pytest.raises(WorkbenchError, match="--zone isn't given"):
        domain(interview, "a.org", None)
    with pytest.raises(WorkbenchError, match="--zone needs a domain"):
        domain(interview, "none", "create")


def test_the_domain_that_is_configured_stays(interview: Interview) -> None:
    assert domain(interview, None, None, publicKey=KEY) == {}
    elsewhere = domain(interview, None, None, domain="a.example.com")
    assert elsewhere == {"domain": "a.example.com"}
    created = domain(interview, None, None, domain="a.example.com", createZone="true")
    assert created == {"domain": "a.example.com", "createZone": True}
    in_zone = domain(interview, None, None, domain="a.example.com", zoneId="Z1")
    assert in_zone == {"domain": "a.example.com", "zoneId": "Z1"}


def test_nobody_is_an_administrator_unless_told_so(interview: Interview) -> None:
    found = ask_users(interview, "ada, grace", None, "prod", {})
    assert found.as_config() == [{"name": "ada"}, {"name": "grace"}]
    found = ask_users(interview, "ada,grace", "grace", "prod", {})
    assert found.as_config() == [{"name": "ada"}, {"name": "grace", "administrator": True}]
    with pytest.raises(WorkbenchError, match="twice"):
        ask_users(interview, "ada,ada", None, "prod", {})


def test_the_keys_and_rights_of_those_who_stay_are_kept(interview: Interview) -> None:
    there = [{"name": "ada", "publicKeys": [KEY], "administrator": True}, {"name": "bob"}]
    present = {**PRESENT, "workbench:users": json.dumps(there)}

    assert ask_users(interview, None, None, "prod", present).as_config() == there
    changed_users = ask_users(interview, "grace,ada", None, "prod", present).as_config()
    assert changed_users == [{"name": "grace"}, there[0]]


def test_a_default_user_is_not_written_out(interview: Interview) -> None:
    found = ask_users(interview, None, None, "prod", PRESENT)

    assert list(found.users) == ["test-user"]
    assert found.is_default
    assert not ask_users(interview, "test-user,ada", None, "prod", PRESENT).is_default


@pytest.mark.parametrize(
    ("given", "ranges"),
    [
        ("203.0.113.7", ["203.0.113.7/32"]),
        ("203.0.113.0/24, 2001:db8::1", ["203.0.113.0/24", "2001:db8::1/128"]),
        ("203.0.113.7,203.0.113.7/32", ["203.0.113.7/32"]),
        ("none", []),
    ],
)
def test_an_address_is_a_range_of_one(interview: Interview, given: str, ranges: list[str]) -> None:
    assert ask_ssh_from(interview, given, {}) == ranges


def test_ssh_stays_as_it_is_configured(interview: Interview) -> None:
    for text, ranges in (("[]", []), ('["192.0.2.0/24"]', ["192.0.2.0/24"])):
        assert ask_ssh_from(interview, None, {"workbench:sshFrom": text}) == ranges
    words = {"workbench:sshFrom": "192.0.2.0/24, 198.51.100.1/32"}
    assert ask_ssh_from(interview, None, words) == ["192.0.2.0/24", "198.51.100.1/32"]


def test_the_own_address_is_found_or_the_option_named(
    interview: Interview, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(init_people, "find_own_address", lambda: "203.0.113.7")
    assert ask_ssh_from(interview, None, {}) == ["203.0.113.7/32"]

    def silent() -> str:
        raise OwnAddressError("Nobody says it.", "")

    monkeypatch.setattr(init_people, "find_own_address", silent)
    with pytest.raises(WorkbenchError, match="Nobody says it") as raised:
        ask_ssh_from(interview, None, {})
    assert raised.value.hint.startswith("--ssh-from ")


def answers(**given: Any) -> Answers:
    users = DeclaredUsers({"ada": User("ada", (), True)})
    made: dict[str, Any] = {
        "account": Account({"aws:region": "eu-west-1"}),
        "identity": "arn:aws:iam::123456789012:user/ada",
        "region": "eu-west-1",
        "instance_type": InstanceType("t3.medium", 2, 4.0),
        "domain": Domain("lab.example.com", HostedZone("Z1", "example.com")),
        "users": users,
        "ssh_from": ["203.0.113.7/32"],
        "key": KeyChoice(KEY),
    }
    return Answers(**made | given)


def test_only_what_differs_is_written() -> None:
    values = answers().as_config(KEY)
    assert set(changed(values, {})) == {
        *("aws:region", "workbench:publicKey", "workbench:instanceType", "workbench:domain"),
        *("workbench:zoneId", "workbench:sshFrom", "workbench:users"),
    }
    present = {
        **{key: value for key, value in values.items() if isinstance(value, str)},
        "workbench:sshFrom": '["203.0.113.7/32"]',
        # In the order that Pulumi puts them in.
        "workbench:users": '[{"administrator":true,"name":"ada"}]',
        "workbench:os": "debian-12",
    }
    assert changed(values, present) == {}
    without = answers(domain=Domain(None)).as_config(KEY)
    assert changed(without, present) == {"workbench:domain": None, "workbench:zoneId": None}


class Somewhere(Place):
    """A stack yet to be made, in a folder of the test's."""

    current = "file://~"
    is_new = True


def printed(
    chosen: Answers, tmp_path: Path, capsys: pytest.CaptureFixture[str], present: Mapping[str, str]
) -> str:
    place = Somewhere("prod", tmp_path, Progress(quiet=True))
    print_plan(chosen, place, present)
    return capsys.readouterr().out


def test_the_plan_says_what_a_month_costs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    made = answers(domain=Domain("a.org", create_zone=True))
    text = printed(made, tmp_path, capsys, {"workbench:dataVolumeSize": "100"})

    # A month of 730 hours; 130 GiB at $0.088; $0.005 an hour.
    for line in (
        "instance             $33.29",
        "volumes              $11.44   30 GiB root, 100 GiB data",
        "public address        $3.65",
        "hosted zone           $0.50",
        "total                $48.88",
    ):
        assert line in text
    assert "above a t3's baseline" in text
    assert max(map(len, text.partition("A month")[2].splitlines())) <= 80
    assert "ada (administrator)" in text
    assert "every day, kept for 14 days" in text
    assert str(tmp_path / "Pulumi.prod.yaml") in text


def test_an_unknown_price_is_said_to_be_unknown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = answers(instance_type=InstanceType("u7i-12tb.224xlarge", 896, 12288.0))
    text = printed(chosen, tmp_path, capsys, {})

    assert [line.split()[1] for line in text.splitlines() if line.startswith("  total")] == [
        "unknown"
    ]


class Asked(Account):
    """An account whose hosted zone has these records, and what it may start on its plan."""

    there: tuple[str, ...] = ()
    free_plan = False
    free_type: InstanceType | None = InstanceType("m7i-flex.large", 2, 8.0, free_tier=True)

    def is_on_free_plan(self) -> bool:
        return self.free_plan

    def find_free_type(self) -> InstanceType | None:
        return self.free_type

    def records(self, zone: HostedZone, name: str) -> list[str]:
        return [f"a record {each}" for each in self.there if each == name]


@pytest.fixture
def quotas(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Quota | None]:
    """Give what AWS says about the account's quotas: nothing, until a test says otherwise."""
    told: dict[str, Quota | None] = dict.fromkeys(("vcpu", "address", "vpc"))
    for name in told:
        function = f"workbench.tasks.init.warnings.{name}_quota"
        monkeypatch.setattr(function, lambda *_, name=name: told[name])
    monkeypatch.setattr("workbench.tasks.init.warnings.ask_rights", lambda *_, **__: Rights())
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_SSH_DIR", str(tmp_path / ".ssh"))
    return told


def test_missing_rights_are_told_first_with_what_prints_them(
    quotas: dict[str, Quota | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}

    def ask(*_: Any, **options: Any) -> Rights:
        asked.update(options)
        return Rights(("iam:CreateRole",))

    monkeypatch.setattr("workbench.tasks.init.warnings.ask_rights", ask)
    chosen = answers(account=Asked({}), domain=Domain(None))
    first, *_ = find_warnings(chosen, "lab")
    assert first.startswith("You lack permissions that workbench up needs: iam:CreateRole.")
    assert first.splitlines()[1].strip().startswith("workbench init --rights ")
    assert asked == {"name": "lab", "without": ("Domain", *INSTANCE_CONNECT)}


def test_a_quota_that_is_too_small_is_said_with_what_to_type(
    quotas: dict[str, Quota | None],
) -> None:
    what = "vCPUs of running instances of its kind"
    quotas["vcpu"] = Quota(what, "ec2", "L-1216C47A", 5.0, 4)
    quotas["vpc"] = Quota("VPCs", "vpc", "L-F", 5.0, 4)
    chosen = answers(account=Asked({}), key=KeyChoice(path=Path("new.pub")))

    (sentence,) = find_warnings(chosen)

    assert f"uses 4 of 5 {what}, and this needs 2 more" in sentence
    assert "--quota-code L-1216C47A --desired-value 6 --region eu-west-1" in sentence


@pytest.mark.parametrize(
    ("there", "warned"),
    [(("www.lab.example.com",), True), (("mail.example.com",), False), ((), False)],
)
def test_records_that_are_there_already_are_told(
    quotas: dict[str, Quota | None], there: tuple[str, ...], warned: bool
) -> None:
    account = Asked({})
    account.there = there
    found = find_warnings(answers(account=account, key=KeyChoice(path=Path("new.pub"))))

    assert [("Pulumi won't overwrite it" in each) for each in found] == ([True] if warned else [])


def test_a_public_key_whose_private_half_is_not_here_is_told(
    quotas: dict[str, Quota | None],
) -> None:
    (sentence,) = find_warnings(answers(account=Asked({})))

    assert "No private key in" in sentence


def test_a_type_that_the_free_plan_does_not_start_is_told_with_one_that_it_does(
    quotas: dict[str, Quota | None],
) -> None:
    account = Asked({})
    account.free_plan = True
    chosen = answers(account=account, key=KeyChoice(path=Path("new.pub")))

    (sentence,) = find_warnings(chosen)
    assert "Free plan, which doesn't start a t3.medium" in sentence
    assert "m7i-flex.large (2 vCPU, 8 GiB of memory)" in sentence
    assert sentence.endswith("--instance-type m7i-flex.large")
    assert account.free_type is not None
    assert find_warnings(replace(chosen, instance_type=account.free_type)) == []

    account.free_type = None
    (sentence,) = find_warnings(chosen)
    assert sentence.endswith("upgrade the plan.")


def test_the_plan_says_where_its_prices_are_from_and_of_when(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = printed(answers(), tmp_path, capsys, {})
    assert f"Prices: workbench's own table of {TABLE_DATE}, before tax." in text

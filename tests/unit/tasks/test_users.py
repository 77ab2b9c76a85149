"""People are added, removed and listed: what is said, what is refused, what is changed."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from invoke.context import Context
from invoke.exceptions import Exit

from workbench.checks.target import Answer
from workbench.configured import PUBLIC_KEY
from workbench.configured import USERS as KEY
from workbench.remote import passwords
from workbench.remote.stack_state import StackState
from workbench.tasks.changes import apply as changing
from workbench.tasks.program import make_program
from workbench.tasks.users import add as add_user
from workbench.tasks.users import administrators
from workbench.tasks.users import keys as change_keys
from workbench.tasks.users import keys_tasks as user_keys
from workbench.tasks.users import remove as remove_user
from workbench.tasks.users import tasks as users
from workbench.tasks.users.declared_users import DeclaredUsers
from workbench.tasks.users.server_users import ServerKey
from workbench.tasks.users.server_users import ServerUser
from workbench.tasks.users.users_list import differences

ED25519 = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb8o0BbVVWjMtvW1ZPmcO9IBVcRJ6GX0Mi4k3m6nRm0 ada@home"
)
TEST_USER = ServerUser(
    name="test-user",
    uid=1002,
    home="/home/test-user",
    home_bytes=4096,
    member=True,
    administrator=True,
    disabled=False,
    password=True,
    keys=(ServerKey("ssh-ed25519", "SHA256:x", "me", True),),
    last_sign_in=None,
    processes=0,
)
ADA = replace(TEST_USER, name="ada", uid=1003, home="/home/ada", administrator=False, keys=())


@dataclass
class Lab:
    """A stack with a server that answers, and what was changed of it."""

    server: Any
    accounts: dict[str, ServerUser] = field(default_factory=lambda: {"test-user": TEST_USER})
    running: list[dict[str, Any]] = field(default_factory=list)
    # What people can do beyond their rank.
    ways: list[dict[str, Any]] = field(default_factory=list)
    config: dict[str, str] = field(default_factory=lambda: {PUBLIC_KEY: ED25519})
    # Whom the stack has; None for those of the configuration.
    applied: list[str] | None = None
    rehearsal: Any = None
    power: str = "running"
    # What the server says of a password that is too easy to guess.
    easy: str = ""
    declared: list[DeclaredUsers] = field(default_factory=list)

    def state(self) -> StackState:
        outputs = {
            "instance_id": "i-1",
            "administrator": "admin",
            "users": self.people(),
            "data_volume_id": "vol-1",
            "instance_type": "t3.small",
        }
        state = StackState("lab", outputs, self.config, self.rehearsal)
        state.__dict__["server"] = self.server
        state.aws = lambda service: SimpleNamespace(  # type: ignore[method-assign]
            describe_instances=lambda Filters: {
                "Reservations": [{"Instances": [{"State": {"Name": self.power}}]}]
            },
            describe_instance_types=lambda InstanceTypes: {
                "InstanceTypes": [{"MemoryInfo": {"SizeInMiB": 2048}}]
            },
        )
        return state

    def people(self) -> list[str]:
        if self.applied is not None:
            return self.applied
        declared = json.loads(self.config.get(KEY, '[{"name": "test-user"}]'))
        return [user["name"] for user in declared]

    def answer(self, command: str) -> str | Answer | None:
        if "workbench.host.rights.rights" in command:
            return json.dumps({"ways": self.ways, "failed": []})
        if "workbench.host.people.people" in command:
            return json.dumps([_as_reported(account) for account in self.accounts.values()])
        if command.startswith("getent passwd"):
            return "crontab:x:105:\n" if "crontab" in command else Answer(2, "")
        if "workbench-passwd --check" in command and self.easy:
            return Answer(4, "", f"{self.easy}\n")
        if "workbench-passwd" in command:
            return ""
        return json.dumps(self.running) if "sudo -n /usr/bin/python3" in command else None


def _as_reported(account: ServerUser) -> dict[str, Any]:
    return account.__dict__ | {"keys": [key.__dict__ for key in account.keys]}


@pytest.fixture
def lab(scripted: Any, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Return a stack whose configuration names nobody, with a server that has its test-user."""
    lab = Lab(server=None)
    lab.server = scripted(lab.answer)
    lab.server.close = lambda: None

    def apply(
        state: StackState, wanted: DeclaredUsers, command: str, progress: Any
    ) -> tuple[StackState, dict[str, ServerUser]]:
        lab.declared.append(wanted)
        for name in wanted.users:
            lab.accounts[name] = replace(
                lab.accounts.get(name, replace(ADA, name=name, password=False)),
                member=True,
                disabled=False,
                administrator=wanted.users[name].administrator,
            )
        for name in set(lab.accounts) - set(wanted.users):
            closed = {"member": False, "disabled": True, "administrator": False, "processes": 0}
            lab.accounts[name] = replace(lab.accounts[name], **closed)
        return lab.state(), lab.accounts

    for module in (add_user, administrators, change_keys, remove_user):
        monkeypatch.setattr(module, "apply", apply)
    monkeypatch.setattr(changing, "read_stack", lambda stack, progress: lab.state())
    monkeypatch.setattr("workbench.remote.stack_state.read_stack", lambda *_: lab.state())
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    return lab


SUDOERS = {
    "person": "ada",
    "kind": "sudo",
    "what": "/etc/sudoers.d/zz lets ada use sudo",
    "fix": "rm /etc/sudoers.d/zz",
    "sure": True,
}
ENDS_IT = "workbench ssh.connect 'sudo rm /etc/sudoers.d/zz' --stack lab"


@pytest.mark.parametrize("task", [users.remove, users.demote])
def test_a_way_back_is_told_before_and_after(
    lab: Lab, task: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [{"name": "ada", "administrator": True}, {"name": "test-user", "administrator": True}]
    lab.config[KEY] = json.dumps(people)
    lab.accounts["ada"] = replace(ADA, administrator=True, sudo=True)
    lab.ways = [SUDOERS, SUDOERS | {"person": "someone", "what": "a file", "sure": False}]
    call(task, "ada", dry_run=True)
    assert ENDS_IT in capsys.readouterr().out
    told = refusal(task, "ada", yes=True)
    assert "ada still has a way in, or a way to more rights" in told
    assert ENDS_IT in told
    # Only to be looked at.
    assert "a file" in capsys.readouterr().out
    assert "a file" not in told


def test_who_was_removed_is_looked_for_again(lab: Lab) -> None:
    lab.applied = ["test-user"]
    lab.accounts["ada"] = replace(ADA, disabled=True, member=False)
    lab.ways = [SUDOERS]
    assert ENDS_IT in refusal(users.remove, "ada", yes=True)


def call(task: Any, *words: str, **options: Any) -> None:
    task(Context(), *words, stack="lab", **options)


def refusal(task: Any, *words: str, **options: Any) -> str:
    with pytest.raises(Exit) as ended:
        call(task, *words, **options)
    assert ended.value.code
    said = str(ended.value)
    for line in said.splitlines():
        # A hint without it would act on another workbench.
        assert not line.strip().startswith("workbench ") or "--stack lab" in line
    return said


def commands(lab: Lab, word: str) -> list[tuple[str, str]]:
    return [(command, stdin) for command, stdin in lab.server.asked if word in command]


def test_the_default_user_stays_when_the_first_one_is_added(lab: Lab, capsys: Any) -> None:
    call(users.add, "ada", public_key=[ED25519], yes=True)
    said = capsys.readouterr().out
    assert "test-user is written into it now" in said
    assert "isn't\nan administrator" in said or "isn't an" in said
    assert "none yet: workbench users.password ada" in said
    (wanted,) = lab.declared
    assert list(wanted.users) == ["test-user", "ada"]
    assert wanted.users["ada"].public_keys == (ED25519,)
    assert commands(lab, "passwd ada") == [("getent passwd ada || getent group ada", "")]


def test_a_dry_run_changes_nothing_and_asks_for_nothing(lab: Lab, capsys: Any) -> None:
    call(users.add, "ada", password_stdin=True, dry_run=True)
    call(users.remove, "test-user", dry_run=True)
    call(users.demote, "test-user", dry_run=True)
    call(user_keys.add, "test-user", public_key=[ED25519], dry_run=True)
    assert capsys.readouterr().out.count("Nothing was changed") == 4
    assert lab.declared == []


def test_one_more_than_the_server_has_memory_for_is_told(lab: Lab, capsys: Any) -> None:
    lab.config[KEY] = json.dumps([{"name": f"person{number}"} for number in range(6)])
    call(users.add, "ada", dry_run=True)
    said = " ".join(capsys.readouterr().out.split())
    assert "7 people have accounts, and a t3.small (2 GiB) has memory for about 6 at once" in said


def test_without_yes_and_terminal_nothing_is_changed(lab: Lab) -> None:
    said = refusal(users.add, "ada", administrator=True)
    assert "workbench users.add ada --administrator --stack lab --yes" in said
    assert lab.declared == []


def test_a_given_password_reaches_the_server_by_standard_input(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("four little words\n"))
    call(users.add, "ada", password_stdin=True, yes=True)
    # Asked whether it is good enough before anything is changed.
    assert commands(lab, "workbench-passwd") == [
        ("sudo workbench-passwd --check ada", "four little words\n"),
        ("sudo workbench-passwd ada", "four little words\n"),
    ]
    printed = capsys.readouterr()
    assert "four little words" not in printed.out + printed.err
    logs = lab.state().folder.rglob("*.log")
    assert [log for log in logs if "four little words" in log.read_text()] == []
    assert passwords.read_password(lab.state().folder, "ada") is None


@pytest.mark.parametrize(("given", "sentence"), [("", "no password"), ("short\n", "at least 8")])
def test_a_bad_password_stops_before_anything_is_changed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, given: str, sentence: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(given))
    said = refusal(users.add, "ada", password_stdin=True, yes=True)
    assert sentence in said
    assert "Nothing was changed." in said
    assert lab.declared == []


def test_a_rehearsal_hands_a_password_over_in_a_file(lab: Lab, capsys: Any) -> None:
    lab.rehearsal = SimpleNamespace(addresses={}, browser={}, ca_certificate="ca.pem")
    call(users.add, "ada", yes=True)
    kept = passwords.password_path(lab.state().folder, "ada")
    assert f"cat {kept}" in capsys.readouterr().out
    assert commands(lab, "workbench-passwd") == [("sudo workbench-passwd ada", kept.read_text())]


def test_who_comes_back_is_told_what_is_theirs(lab: Lab, capsys: Any) -> None:
    lab.accounts["ada"] = replace(ADA, member=False, disabled=True)
    call(users.add, "ada", yes=True)
    said = capsys.readouterr().out
    assert "was here before: uid 1003 and /home/ada are theirs again" in said
    assert "unchanged" in said


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("test-user", "is already a user of the stack lab"),
        ("admin", "the server's own administrator"),
        ("root", "system account"),
        ("crontab", "an account or a group of the server's system"),
        ("Ada", "lowercase letters"),
        ("a b", "lowercase letters"),
        ("x; reboot", "lowercase letters"),
    ],
)
def test_a_name_that_cannot_be_added_is_refused(lab: Lab, name: str, sentence: str) -> None:
    assert sentence in refusal(users.add, name, yes=True)
    assert lab.declared == []
    assert [command for command, _ in lab.server.asked if "reboot" in command] == []


def test_an_attempt_that_was_cut_off_goes_on(lab: Lab, capsys: Any) -> None:
    lab.config[KEY] = json.dumps([{"name": "test-user"}, {"name": "ada", "administrator": True}])
    call(users.add, "ada", yes=True)
    assert lab.declared[0].users["ada"].administrator
    del lab.accounts["ada"]
    assert "with other keys or rights" in refusal(users.add, "ada", public_key=[ED25519], yes=True)


def test_removal_says_what_ends_and_what_stays(lab: Lab, capsys: Any) -> None:
    lab.running = [{"user": "test-user", "kind": "ssh", "count": 2, "names": []}]
    call(users.remove, "test-user", yes=True)
    said = capsys.readouterr().out
    assert "2 SSH sessions" in said
    assert "Kept: /home/test-user on the data volume vol-1, and uid 1002." in said
    assert "Nobody is an administrator then, but the server's own account admin" in said
    assert lab.declared[0].as_config() == []
    capsys.readouterr()
    lab.config[KEY] = "[]"
    call(users.remove, "test-user", yes=True)
    assert "is removed already" in capsys.readouterr().out


CLOSED = replace(ADA, member=False, disabled=True)


@pytest.mark.parametrize(
    ("applied", "account"),
    [
        (["test-user", "ada"], None),
        (["test-user", "ada"], ADA),
        (["test-user"], ADA),
        (["test-user"], replace(ADA, member=False, administrator=True)),
        (["test-user"], replace(CLOSED, processes=3)),
        (["test-user"], replace(ADA, member=False, keys=TEST_USER.keys)),
    ],
)
def test_a_removal_that_was_cut_off_behind_the_configuration_goes_on(
    lab: Lab, capsys: Any, applied: list[str], account: ServerUser | None
) -> None:
    lab.config[KEY] = json.dumps([{"name": "test-user"}])
    lab.applied = applied
    if account:
        lab.accounts["ada"] = account
    call(users.remove, "ada", yes=True)
    (wanted,) = lab.declared
    assert list(wanted.users) == ["test-user"]
    assert "ada is locked out" in capsys.readouterr().out


def test_an_account_that_was_made_by_hand_is_nobody_to_remove(lab: Lab) -> None:
    lab.accounts["zoe"] = replace(ADA, name="zoe", member=False)
    assert "no user 'zoe'" in refusal(users.remove, "zoe", yes=True)
    assert lab.declared == []


@pytest.mark.parametrize(
    "change",
    [
        lambda: call(users.add, "carol", yes=True),
        lambda: call(users.remove, "ada", yes=True),
        lambda: call(users.promote, "ada", yes=True),
        lambda: call(user_keys.add, "ada", public_key=[ED25519], yes=True),
        lambda: call(user_keys.remove, "ada", "ada@home", yes=True),
    ],
)
@pytest.mark.parametrize(
    ("applied", "others", "sentence"),
    [
        (["ada", "bob"], [], "(bob only in the stack)"),
        (["ada"], [{"name": "dan"}], "(dan only in the configuration)"),
    ],
)
def test_other_people_than_the_stacks_are_not_changed_by_the_way(
    lab: Lab,
    change: Callable[[], None],
    applied: list[str],
    others: list[dict[str, str]],
    sentence: str,
) -> None:
    lab.config[KEY] = json.dumps([{"name": "ada", "publicKeys": [ED25519]}, *others])
    lab.applied = applied
    with pytest.raises(Exit) as refused:
        change()
    assert sentence in str(refused.value)
    assert "git pull" in str(refused.value)
    assert lab.declared == []


def test_a_plan_says_whom_the_recipe_changes_besides(lab: Lab, capsys: Any) -> None:
    lab.config[KEY] = json.dumps([{"name": "test-user"}, {"name": "ada"}])
    lab.accounts["ada"] = replace(ADA, administrator=True)
    call(users.add, "carol", dry_run=True)
    assert "ada on the server: administrator. That becomes as configured" in (
        capsys.readouterr().out.replace("\n", " ")
    )


def test_the_default_user_is_not_written_without_the_key_that_the_program_knows(lab: Lab) -> None:
    del lab.config[PUBLIC_KEY]
    assert "in its program" in refusal(users.add, "ada", yes=True)
    assert lab.declared == []


def test_people_that_the_program_passes_over_are_told(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (add_user, change_keys):
        monkeypatch.setattr(module, "apply", lambda state, *_: (state, {}))
    assert "doesn't seem to read workbench:users" in refusal(users.add, "ada", yes=True)
    said = refusal(user_keys.add, "test-user", public_key=[ED25519], yes=True)
    assert "doesn't seem to read workbench:users" in said


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("test-usr", "test-user?"), ("admin", "always stays"), ("zoe", "no user 'zoe'")],
)
def test_who_cannot_be_removed(lab: Lab, name: str, sentence: str) -> None:
    assert sentence in refusal(users.remove, name, yes=True)
    assert lab.declared == []


def test_what_did_not_end_is_told(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    left = {"test-user": replace(TEST_USER, processes=2, disabled=True, member=False)}
    left["test-user"] = replace(left["test-user"], administrator=False)
    monkeypatch.setattr(remove_user, "apply", lambda state, *_: (state, left))
    said = refusal(users.remove, "test-user", yes=True)
    assert "2 of their processes didn't end" in said
    assert "workbench restart --stack lab" in said
    left["test-user"] = TEST_USER
    assert "workbench doctor --stack lab" in refusal(users.remove, "test-user", yes=True)


@pytest.mark.parametrize(("change", "wanted"), [(users.promote, True), (users.demote, False)])
def test_the_right_to_use_sudo_goes_both_ways(
    lab: Lab, capsys: Any, change: Callable[..., None], wanted: bool
) -> None:
    lab.config[KEY] = json.dumps([{"name": "ada", "administrator": not wanted}])
    lab.accounts = {"ada": replace(ADA, administrator=not wanted)}
    call(change, "ada", yes=True)
    assert lab.declared[0].users["ada"].administrator is wanted
    lab.config[KEY] = json.dumps(lab.declared[0].as_config())
    call(change, "ada", yes=True)
    assert "already. Nothing was changed." in capsys.readouterr().out
    assert len(lab.declared) == 1


def test_keys_come_and_go(lab: Lab, capsys: Any) -> None:
    lab.config[KEY] = json.dumps([{"name": "ada"}])
    lab.accounts["ada"] = ADA
    call(user_keys.add, "ada", public_key=[ED25519], yes=True)
    assert lab.declared[-1].users["ada"].public_keys == (ED25519,)
    lab.config[KEY] = json.dumps(lab.declared[-1].as_config())
    call(user_keys.add, "ada", public_key=[ED25519], yes=True)
    assert lab.declared[-1].users["ada"].public_keys == (ED25519,)
    call(user_keys.remove, "ada", "ada@home", yes=True)
    assert lab.declared[-1].users["ada"].public_keys == ()
    assert "No key is left" in capsys.readouterr().out
    assert "No key of ada" in refusal(user_keys.remove, "ada", "bob@home", yes=True)
    assert "No key was given" in refusal(user_keys.add, "ada", yes=True)
    capsys.readouterr()
    lab.accounts["ada"] = ADA
    lab.config[KEY] = json.dumps([{"name": "ada"}])
    call(user_keys.list_, "ada")
    assert "users.keys.add ada --public-key FILE --stack lab" in capsys.readouterr().out


@pytest.mark.parametrize("given", ["ada@home", "SHA256:abc", "abcd"])
def test_a_key_that_is_removed_and_still_on_the_server_can_be_removed_again(
    lab: Lab, capsys: Any, given: str
) -> None:
    lab.config[KEY] = json.dumps([{"name": "ada"}])
    keys = (
        ServerKey("ssh-ed25519", "SHA256:abcdef", "ada@home", True),
        ServerKey("ssh-ed25519", "SHA256:own", "own", False),
    )
    lab.accounts["ada"] = replace(ADA, keys=keys)
    call(user_keys.list_, "ada", json=True)
    listed = json.loads(capsys.readouterr().out)
    assert [(key["declared"], key["by_recipe"]) for key in listed] == [
        (False, True),
        (False, False),
    ]
    call(user_keys.list_, "ada")
    assert "removed, still on the server" in capsys.readouterr().out

    call(user_keys.remove, "ada", given, yes=True)

    assert lab.declared[-1].as_config() == [{"name": "ada"}]
    said = capsys.readouterr().out
    assert "ssh-ed25519 SHA256:abcdef ada@home" in said
    assert "It is no longer in the configuration" in said
    # Their own is no business of the configuration's.
    assert "No key of ada" in refusal(user_keys.remove, "ada", "own", yes=True)


@pytest.mark.parametrize(("power", "told"), [("running", False), ("stopped", True)])
def test_a_plan_says_that_a_stopped_server_is_started(
    lab: Lab, power: str, told: bool, capsys: Any
) -> None:
    lab.power = power
    call(user_keys.add, "test-user", public_key=[ED25519], dry_run=True)
    said = capsys.readouterr().out
    assert ("The server is started for this, and keeps running." in said) is told


def test_a_password_is_set_for_people_with_an_account_only(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no user 'ada'" in refusal(users.password, "ada", password_stdin=True)
    lab.config[KEY] = json.dumps([{"name": "ada"}])
    assert "no active account" in refusal(users.password, "ada", password_stdin=True)
    lab.accounts["ada"] = ADA
    assert "no terminal" in refusal(users.password, "ada")
    said = refusal(users.password, "ada", password_stdin=True)
    assert "no password on standard input. Nothing was changed." in said
    assert "workbench users.password ada --password-stdin --stack lab < FILE" in said
    monkeypatch.setattr("sys.stdin", io.StringIO("four little words\r\n"))
    call(users.password, "ada", password_stdin=True)
    # Asked whether it is good enough before anything is changed.
    assert commands(lab, "workbench-passwd") == [
        ("sudo workbench-passwd --check ada", "four little words\n"),
        ("sudo workbench-passwd ada", "four little words\n"),
    ]


@pytest.mark.parametrize("task", [users.add, users.password])
def test_a_password_that_the_server_finds_easy_stops_before_anything_is_changed(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, task: Any
) -> None:
    lab.easy = "The password is too easy to guess: it is made from a common word. Choose a longer."
    if task is users.password:
        lab.config[KEY] = json.dumps([{"name": "ada"}])
        lab.accounts["ada"] = ADA
    monkeypatch.setattr("sys.stdin", io.StringIO("Password123!\n"))
    said = refusal(task, "ada", password_stdin=True, **({"yes": True} if task is users.add else {}))
    assert f"{lab.easy} Nothing was changed." in said
    assert commands(lab, "workbench-passwd") == [
        ("sudo workbench-passwd --check ada", "Password123!\n")
    ]
    assert lab.declared == []


def test_the_list_tells_what_differs(lab: Lab, capsys: Any) -> None:
    lab.config[KEY] = json.dumps([{"name": "test-user"}, {"name": "ada"}])
    lab.accounts["bob"] = replace(ADA, name="bob", disabled=True, member=False)
    lab.running = [{"user": "test-user", "kind": "kernel", "count": 2, "names": ["python", "R"]}]
    call(users.list_, json=True)
    found = {user["name"]: user for user in json.loads(capsys.readouterr().out)["users"]}
    assert found["test-user"]["differs"] == ["administrator", "other keys"]
    assert found["ada"]["differs"] == ["declared, but no active account"]
    assert (found["bob"]["declared"], found["bob"]["disabled"]) == (False, True)
    assert found["test-user"]["running"][0]["count"] == 2
    call(users.list_)
    printed = capsys.readouterr().out
    assert "2 kernel" in printed
    assert "disabled" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_people_of_the_program_are_listed_and_get_passwords(
    lab: Lab, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.applied = ["ada"]
    lab.accounts = {"ada": replace(ADA, administrator=True)}
    call(users.list_, json=True)
    (told,) = json.loads(capsys.readouterr().out)["users"]
    assert (told["name"], told["on_server"], told["administrator"]) == ("ada", True, True)
    # What the program wants of ada isn't known here.
    assert told["differs"] is told["declared_keys"] is told["declared_administrator"] is None
    call(users.list_)
    assert "ada" in capsys.readouterr().out

    monkeypatch.setattr("sys.stdin", io.StringIO("four words that hold\n"))
    call(users.password, "ada", password_stdin=True)
    assert "ada has a new password" in capsys.readouterr().out
    assert "has no user 'bob'" in refusal(users.password, "bob", password_stdin=True)
    # Whom to change is the program's.
    assert "in its program" in refusal(users.remove, "ada", yes=True)


def test_the_list_says_what_it_could_not_ask(lab: Lab, capsys: Any) -> None:
    lab.server._answers = (lambda command: Answer(1, "", "No module named workbench.host"),)
    call(users.list_, json=True)
    found = json.loads(capsys.readouterr().out)
    assert "No module named workbench.host" in found["problem"]
    assert (found["users"][0]["name"], found["users"][0]["on_server"]) == ("test-user", None)
    call(users.list_)
    said = capsys.readouterr().out
    assert "Showing only the configuration" in said
    assert "workbench up --stack lab" in said


@pytest.mark.parametrize("words", [(users.list_,), (user_keys.list_, "ada")])
def test_a_stack_that_is_not_there_has_no_people(
    monkeypatch: pytest.MonkeyPatch, lab: Lab, words: tuple[Any, ...]
) -> None:
    missing = StackState("lab", exists=False)
    monkeypatch.setattr("workbench.remote.stack_state.read_stack", lambda *_: missing)
    assert "There is no stack lab" in refusal(*words, json=True)


def test_an_open_account_that_nobody_declares_is_told() -> None:
    assert differences(None, ADA) == ["not declared, but active"]
    assert differences(None, replace(ADA, disabled=True)) == []


@pytest.mark.parametrize("words", [("users.add", "--help"), ("users.add", "ada", "-h")])
def test_a_task_that_needs_a_name_has_help(words: tuple[str, ...], capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        make_program().run(["workbench", *words])
    assert ended.value.code in (0, None)
    assert "Usage: workbench users.add NAME [options]" in capsys.readouterr().out


def test_a_missing_name_is_answered_with_how_to_type_it(capsys: Any) -> None:
    with pytest.raises(SystemExit) as ended:
        make_program().run(["workbench", "users.keys.remove", "ada"])
    assert ended.value.code == 2
    assert "users.keys.remove NAME KEY" in capsys.readouterr().err


def test_a_password_file_is_not_in_the_configurations_folder(lab: Lab, tmp_path: Path) -> None:
    assert passwords.password_path(lab.state().folder, "ada").is_relative_to(tmp_path / "state")

"""The people of a stack's configuration: the default stays when the first one is added."""

import json
import re

import pytest

from workbench.components.users import DEFAULT_USER
from workbench.components.users import check_users
from workbench.configured import USERS as KEY
from workbench.errors import WorkbenchError
from workbench.host.run import rendering
from workbench.remote import passwords
from workbench.remote.stack_state import StackState
from workbench.tasks.users.declared_users import InProgramError
from workbench.tasks.users.declared_users import User
from workbench.tasks.users.declared_users import read_declared
from workbench.tasks.users.declared_users import read_people

PUBLIC_KEY = "ssh-ed25519 AAAA me@home"


def state(users: object = None, outputs: list[str] | None = None) -> StackState:
    config = {"workbench:publicKey": PUBLIC_KEY}
    if users is not None:
        config[KEY] = users if isinstance(users, str) else json.dumps(users)
    return StackState("lab", {"users": outputs} if outputs is not None else {}, config)


def test_without_names_the_default_user_is_declared_with_the_stacks_key() -> None:
    declared = read_declared(state(outputs=["test-user"]))
    assert declared.is_default
    assert declared.users == {"test-user": User("test-user", (PUBLIC_KEY,), True)}
    wanted = declared.with_user(User("ada"))
    assert wanted.as_config() == [
        {"name": "test-user", "publicKeys": [PUBLIC_KEY], "administrator": True},
        {"name": "ada"},
    ]
    assert "test-user is written into it now" in "\n".join(declared.written_out())
    assert wanted.written_out() == []


def test_before_there_are_outputs_the_default_is_the_components() -> None:
    assert list(read_declared(state()).users) == [DEFAULT_USER]


@pytest.mark.parametrize(
    ("people", "named"), [(["ada", "grace"], "ada, grace"), (["ana"], "ana"), ([], "nobody")]
)
def test_people_of_a_program_are_changed_there(people: list[str], named: str) -> None:
    with pytest.raises(WorkbenchError, match=rf"\({named}\) are not in its configuration"):
        read_declared(state(outputs=people))


def test_of_several_workbenches_the_configuration_is_nobodys() -> None:
    mine = state([{"name": "ada"}], outputs=["grace"])
    mine.others = {"two": {}}
    with pytest.raises(InProgramError, match=r"\(grace\) are not in its configuration"):
        read_declared(mine)
    found = read_people(mine)
    assert (list(found.users), found.in_program) == (["grace"], True)


def test_what_is_read_is_written_back_alike() -> None:
    users = [
        {"name": "ada", "publicKeys": [PUBLIC_KEY]},
        {"name": "grace", "administrator": True},
    ]
    declared = read_declared(state(users))
    assert not declared.is_default
    assert declared.as_config() == users
    assert declared.without("ada").as_config() == users[1:]


def test_an_empty_list_is_nobody() -> None:
    declared = read_declared(state([], outputs=[]))
    assert declared.as_config() == []
    assert not declared.is_default


@pytest.mark.parametrize("text", ["not json", '{"name": "ada"}', '[{"publicKeys": []}]', "[1]"])
def test_a_list_that_cannot_be_read_says_so(text: str) -> None:
    with pytest.raises(
        WorkbenchError, match="The users of the stack lab can't be read: workbench:users"
    ) as refused:
        read_declared(state(text))
    assert "pulumi config get workbench:users --stack lab" in refused.value.hint


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    declared = read_declared(state([{"name": "grace"}]))
    with pytest.raises(WorkbenchError, match="no user 'grae'; grace\\?"):
        declared.find("grae", "lab")


def test_what_is_written_is_what_the_components_take() -> None:
    written = read_declared(state([{"name": "ada", "administrator": True}])).as_config()
    assert check_users([{"name": written[0]["name"], "administrator": True}], "users")


def test_this_computer_refuses_no_password_that_the_server_takes() -> None:
    rule = (rendering.TEMPLATES / "passwdqc.conf.j2").read_text()
    least = re.search(r"^min=disabled,\d+,\d+,\d+,(\d+)$", rule, re.M)
    assert least
    assert int(least[1]) == passwords.SHORTEST

"""Stack operations on a real engine."""

import pytest

from workbench.engine.command import EngineCommand
from workbench.engine.stacks import Default
from workbench.engine.stacks import Secret
from workbench.engine.stacks import StackChangesError
from workbench.engine.stacks import StackMissingError
from workbench.engine.stacks import StackOperationError


def test_a_second_up_changes_nothing(project):
    project.write('Thing("one"); pulumi.export("greeting", "hello")')
    stack = project.open()
    assert stack.up().counts == {"create": 2}  # with the stack itself
    second = stack.up()
    assert second.total == 0
    assert "no changes" in str(second)
    assert stack.preview(expect_no_changes=True).total == 0
    assert stack.refresh().total == 0
    assert stack.outputs() == {"greeting": "hello"}


def test_an_operation_is_one_run_of_the_engine(project, monkeypatch):
    run, execute = [], EngineCommand.execute
    monkeypatch.setattr(
        EngineCommand,
        "execute",
        lambda self, args, *others, **named: (
            run.append(args[0]) or execute(self, args, *others, **named)
        ),
    )
    stack = project.open()
    run.clear()
    for operate in (stack.preview, stack.up, stack.refresh, stack.destroy):
        operate()
    assert run == ["preview", "up", "refresh", "destroy"]


def test_a_changed_program_is_named_in_the_preview(project):
    stack = project.open()
    stack.up()
    project.write('Thing("late")')
    assert stack.preview().counts["create"] == 1
    with pytest.raises(StackChangesError, match="create Thing late"):
        stack.preview(expect_no_changes=True)


def test_destroy_leaves_an_empty_stack_and_remove_none(project):
    project.write('Thing("one")')
    stack = project.open()
    stack.up()
    assert [str(each) for each in stack.state().resources] == ["Thing one"]
    assert stack.destroy().counts["delete"] == 2
    assert stack.state().resources == ()
    stack.remove()
    assert not stack.exists()


def test_a_stack_that_is_not_there_is_an_error_of_its_own(project):
    with pytest.raises(StackMissingError, match="no stack rehearsal"):
        project.open(create=False)


def test_a_stack_of_any_backend_is_asked_of_the_engine(project, tmp_path, monkeypatch):
    monkeypatch.setenv("PULUMI_BACKEND_URL", tmp_path.as_uri())
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the person")
    with pytest.raises(StackMissingError):
        project.open("dev", create=False)
    project.write('Thing("one"); pulumi.export("key", pulumi.Output.secret("hidden"))')
    stack = project.open("dev")
    stack.up()
    assert stack.outputs() == {"key": "hidden"}
    assert [str(each) for each in stack.state().resources] == ["Thing one"]
    assert "hidden" not in str(stack.export())


def test_the_project_file_and_the_selected_stack_stay(project, tmp_path):
    before = (project.folder / "Pulumi.yaml").read_text()
    stack = project.open()
    stack.up()
    assert (project.folder / "Pulumi.yaml").read_text() == before
    selections = (tmp_path / "state").rglob("*-workspace.json")
    assert not any('"stack":' in each.read_text() for each in selections)


def test_configuration_reaches_the_program(project):
    project.write(
        'pulumi.export("seen", [config.get("text"), config.get_int("number"),'
        ' config.get_object("list"), config.get_bool("flag")])'
    )
    stack = project.open()
    stack.set_config(
        {"tiny:text": "a = b", "tiny:number": 3, "tiny:list": [{"n": 1}], "tiny:flag": False}
    )
    stack.up()
    assert stack.outputs()["seen"] == ["a = b", 3, [{"n": 1}], False]


def test_a_default_gives_way_to_what_a_person_chose(project):
    stack = project.open()
    stack.set_config({"tiny:size": Default("small"), "tiny:list": Default(["a"])})
    stack.set_config({"tiny:size": "big"})
    stack.set_config({"tiny:size": Default("small"), "tiny:list": None})
    assert stack.get_config() == {"tiny:size": "big"}


def test_a_secret_is_encrypted_in_the_file_and_readable_by_us(project):
    stack = project.open()
    stack.set_config({"tiny:token": Secret("s3cr3t-value"), "tiny:plain": "x"})
    text = (project.folder / "Pulumi.rehearsal.yaml").read_text()
    assert "s3cr3t-value" not in text
    assert "secure:" in text
    assert stack.get_config() == {"tiny:token": "s3cr3t-value", "tiny:plain": "x"}
    assert "s3cr3t-value" not in project.log


def test_configuration_is_tried_out_beside_the_stacks_own(project):
    project.write('Thing(config.get("name")); pulumi.export("token", config.get_secret("token"))')
    stack = project.open()
    stack.set_config({"tiny:name": "one", "tiny:token": Secret("of the first")})
    stack.up()
    path = project.folder / "Pulumi.rehearsal.yaml"
    before = path.read_bytes()
    with stack.trying_config({"tiny:name": "two", "tiny:token": Secret("of the second")}) as is_new:
        assert is_new
        assert "create Thing two" in stack.preview().named()
        assert path.read_bytes() == before
    assert stack.get_config() == {"tiny:name": "two", "tiny:token": "of the second"}
    stack.up()
    assert stack.outputs() == {"token": "of the second"}
    with stack.trying_config({"tiny:name": "two", "tiny:token": Secret("of the second")}) as is_new:
        assert not is_new


def test_configuration_of_an_earlier_rehearsal_is_no_obstacle(project):
    # Its passphrase went with it, and the engine would refuse the salt in the file.
    (project.folder / "Pulumi.rehearsal.yaml").write_text(
        "encryptionsalt: v1:xtnePjh43ZQ=:v1:WGqd+gWeVPUQ7YCy:RyZI8A/Rx8hKZeywvnqol/Jf9MFOKQ==\n"
    )
    assert project.open().up().total == 1


def test_what_a_person_has_in_the_environment_does_not_reach_a_rehearsal(project, monkeypatch):
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "another")
    monkeypatch.setenv("AWS_PROFILE", "the-real-account")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    project.write(
        "import os\n"
        'pulumi.export("aws", [os.environ.get("AWS_PROFILE"),'
        ' os.environ.get("AWS_SECRET_ACCESS_KEY")])'
    )
    stack = project.open()
    stack.up()
    assert stack.outputs()["aws"] == [None, "rehearsal"]


def test_a_resource_that_fails_is_named_in_one_sentence(project):
    project.write('Thing("good"); Thing("impossible")')
    stack = project.open()
    with pytest.raises(StackOperationError) as caught:
        stack.up()
    assert caught.value.message == "Thing impossible: there is no room for it"
    assert str(project.folder / "log") in caught.value.hint

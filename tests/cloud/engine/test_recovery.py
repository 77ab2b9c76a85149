"""What is damaged or lost of a stack is told, and comes back: on a real engine."""

import pytest

from workbench.engine.copies import read_copy
from workbench.engine.damage import ConfigLostError
from workbench.engine.damage import StateDamagedError
from workbench.engine.failures import PassphraseError
from workbench.engine.lost_passphrase import without_passphrase
from workbench.engine.stacks import Secret
from workbench.engine.stacks import StackMissingError
from workbench.engine.state import state_file
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.tasks.recover.set_aside import set_state_aside


@pytest.fixture
def made(project):
    """Return a stack that is up, with a configuration."""
    project.write('Thing(config.get("name")); pulumi.export("greeting", "hello")')
    stack = project.open()
    stack.set_config({"tiny:name": "one"})
    stack.up()
    return stack


def test_an_up_keeps_a_copy_for_its_owner_alone_and_a_destroy_takes_it_away(made, tmp_path):
    copy = read_copy("rehearsal", made.project_dir)
    assert copy.configuration == made.config_path.read_text()
    assert copy.resources == 1
    (path,) = (tmp_path / "state").rglob("copy-tiny.json")
    assert path.stat().st_mode & 0o077 == 0
    made.destroy()
    assert not path.exists()


def test_what_an_up_made_before_it_failed_is_in_the_copy(project):
    project.write(
        'one = Thing("one"); Thing("impossible", opts=pulumi.ResourceOptions(parent=one))'
    )
    with pytest.raises(WorkbenchError, match="there is no room for it"):
        project.open().up()
    assert read_copy("rehearsal", project.folder).resources == 1


@pytest.mark.parametrize("length", [0, 300])
def test_a_damaged_state_is_no_missing_stack_and_costs_no_configuration(made, project, length):
    path, before = state_file("rehearsal"), made.config_path.read_bytes()
    path.write_bytes(path.read_bytes()[:length])
    for operation in (made.state, made.outputs, made.preview, made.up, made.destroy, project.open):
        with pytest.raises(StateDamagedError, match="workbench recover --stack rehearsal"):
            operation().state()
    assert made.config_path.read_bytes() == before

    set_state_aside(made, "now")
    assert path.with_name("rehearsal.json.damaged-now").stat().st_size == length
    made.put_back(read_copy("rehearsal", project.folder))
    assert made.up().total == 0
    assert made.outputs() == {"greeting": "hello"}


def test_a_lost_state_is_put_back(made, project):
    state_file("rehearsal").unlink()
    with pytest.raises(StackMissingError):
        project.open(create=False)
    made.put_back(read_copy("rehearsal", project.folder))
    assert made.preview(expect_no_changes=True).total == 0


def test_a_state_in_a_folder_of_a_persons_own_is_put_back(project, tmp_path, monkeypatch):
    monkeypatch.setenv("PULUMI_BACKEND_URL", tmp_path.as_uri())
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the person")
    project.write('Thing("one")')
    stack = project.open("dev")
    stack.up()
    path = tmp_path / ".pulumi" / "stacks" / "tiny" / "dev.json"
    path.write_text(path.read_text()[:300])
    for operation in (stack.outputs, stack.state, stack.up):
        with pytest.raises(StateDamagedError):
            operation()
    set_state_aside(stack, "now")
    stack.put_back(read_copy("dev", project.folder))
    assert stack.up().total == 0


@pytest.mark.parametrize("left", [None, "encryptionsalt: v1:x\n", "config: {}\n"])
def test_a_lost_configuration_is_not_written_anew(made, left):
    text = made.config_path.read_text()
    made.config_path.unlink()
    if left is not None:
        made.config_path.write_text(left)
    for operation in (made.preview, made.up, lambda: made.trying_config({}).__enter__()):
        with pytest.raises(ConfigLostError, match="workbench recover --stack rehearsal"):
            operation()
    assert (made.config_path.read_text() if made.config_path.is_file() else None) == left
    assert read_copy("rehearsal", made.project_dir).configuration == text


def test_a_damaged_configuration_is_told_with_what_brings_it_back(made):
    made.config_path.write_bytes(b"config: [\xff")
    with pytest.raises(ConfigError, match="workbench recover --stack rehearsal"):
        made.up()


def test_a_configuration_written_before_the_first_up_becomes_the_stacks(project):
    path = project.folder / "Pulumi.rehearsal.yaml"
    path.write_text("# mine\nconfig:\n  tiny:name: prepared\n")
    project.write('pulumi.export("name", config.get("name"))')
    stack = project.open()
    stack.up()
    assert stack.outputs() == {"name": "prepared"}
    assert "# mine" in path.read_text()


def test_an_earlier_rehearsals_configuration_is_kept_aside(project):
    salt = "v1:xtnePjh43ZQ=:v1:WGqd+gWeVPUQ7YCy:RyZI8A/Rx8hKZeywvnqol/Jf9MFOKQ=="
    text = f"encryptionsalt: {salt}\nconfig:\n  tiny:name: of then\n"
    path = project.folder / "Pulumi.rehearsal.yaml"
    path.write_text(text)
    assert project.open().get_config() == {}
    assert path.with_name("Pulumi.rehearsal.yaml.old").read_text() == text


def test_a_stack_gets_another_passphrase_where_its_own_is_lost(project, tmp_path):
    project.write('Thing(config.get("name")); pulumi.export("token", config.get_secret("token"))')
    stack = project.open()
    stack.set_config({"tiny:name": "one", "tiny:token": Secret("s3cr3t")})
    stack.up()
    (tmp_path / "state" / "rehearsals" / "default" / "passphrase").write_text("another")
    stack = project.open()
    with pytest.raises(PassphraseError, match="recover --new-passphrase --stack rehearsal"):
        stack.check_passphrase(stack.configuration_text)

    stripped = without_passphrase(read_copy("rehearsal", project.folder))
    assert stripped.secrets == ("tiny:token", "tiny-rehearsal")
    stack.config_path.write_text(stripped.copy.configuration)
    stack.put_back(stripped.copy)
    stack.check_passphrase(stack.configuration_text)
    stack.set_config({"tiny:token": Secret("new")})
    stack.up()
    assert stack.outputs() == {"token": "new"}
    assert [str(each) for each in stack.state().resources] == ["Thing one"]

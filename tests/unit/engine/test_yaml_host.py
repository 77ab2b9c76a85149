"""When Pulumi's host for YAML is built, and when not."""

import pytest

from workbench.engine import yaml_host
from workbench.engine.find import Engine
from workbench.errors import MissingToolError
from workbench.go_build import BuildUnavailable
from workbench.progress import Progress


@pytest.fixture
def engine(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    folder = tmp_path / "made"
    folder.mkdir()
    return Engine(folder / "pulumi", "3.259.0", "built", has_language_host=False)


@pytest.fixture
def built(monkeypatch):
    """Give what is built, without Go."""
    modules = []

    def build(module, root, phase):
        modules.append(module)
        (root / "bin").mkdir(parents=True)
        program = root / "bin" / yaml_host.YAML_HOST
        program.write_text("")
        program.chmod(0o755)

    monkeypatch.setattr(yaml_host, "build_program", build)
    return modules


def project(tmp_path, text):
    (tmp_path / "Pulumi.yaml").write_text(text)
    return tmp_path


def ensure(engine, folder):
    yaml_host.ensure_yaml_host(engine, folder, Progress(quiet=True))


@pytest.mark.parametrize("runtime", ["runtime: yaml", "runtime:\n  name: yaml\n"])
def test_a_project_in_yaml_gets_the_host_once_next_to_the_engine(tmp_path, engine, built, runtime):
    folder = project(tmp_path, f"name: it\n{runtime}")
    ensure(engine, folder)
    ensure(engine, folder)
    assert built == [yaml_host.MODULE]
    assert engine.command.with_name("pulumi-language-yaml").is_file()


@pytest.mark.parametrize("text", ["name: it\nruntime: python\n", "name: it\n", "- 1\n", "{"])
def test_others_get_none(tmp_path, engine, built, text):
    ensure(engine, project(tmp_path, text))
    ensure(engine, tmp_path / "nowhere")
    assert built == []


def test_none_is_built_where_pulumis_own_is(tmp_path, engine, built, monkeypatch):
    folder = project(tmp_path, "runtime: yaml")
    official = Engine(engine.command, "3.259.0", "installed", has_language_host=True)
    ensure(official, folder)
    on_path = tmp_path / "path" / "pulumi-language-yaml"
    on_path.parent.mkdir()
    on_path.write_text("")
    on_path.chmod(0o755)
    ensure(engine, folder)
    assert built == []


def test_where_it_cant_be_built_the_sentence_says_what_to_install(tmp_path, engine, monkeypatch):
    def build(module, root, phase):
        raise BuildUnavailable("it can't be built here, as Go isn't installed")

    monkeypatch.setattr(yaml_host, "build_program", build)
    with pytest.raises(MissingToolError) as told:
        ensure(engine, project(tmp_path, "runtime: yaml"))
    assert "Go isn't installed" in told.value.message
    assert "pulumi.com/docs/install" in told.value.hint

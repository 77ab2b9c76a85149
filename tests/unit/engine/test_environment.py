"""The environment of pulumi commands."""

import os
import shlex
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.engine.environment import engine_variables
from workbench.engine.environment import export_lines
from workbench.engine.environment import passphrase_file
from workbench.engine.environment import pulumi_environment
from workbench.engine.find import Engine
from workbench.errors import ConfigError
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import write_description


@pytest.fixture
def project_dir(tmp_path):
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").touch()
    return folder


@pytest.fixture
def built(pulumi, cached):
    return Engine(pulumi("3.259.0", folder=cached), "3.259.0", "built", False)


def test_a_rehearsals_state_is_in_its_own_folder(built, project_dir, tmp_path):
    variables = pulumi_environment(built, "rehearsal-x", project_dir)
    own = tmp_path / "state" / "rehearsals" / "x"
    assert variables["PULUMI_BACKEND_URL"] == (own / "pulumi-state").as_uri()
    assert variables["PULUMI_HOME"] == str(own / "pulumi-home")
    assert variables["PULUMI_STACK"] == "rehearsal-x"
    assert (own / "pulumi-state").is_dir()
    passphrase = Path(variables["PULUMI_CONFIG_PASSPHRASE_FILE"])
    assert stat.S_IMODE(passphrase.stat().st_mode) == 0o600
    assert len(passphrase.read_text()) > 30


def test_the_passphrase_is_made_once_and_is_in_no_variable(built, project_dir):
    text = passphrase_file("x").read_text()
    variables = pulumi_environment(built, "rehearsal-x", project_dir)
    assert passphrase_file("x").read_text() == text
    assert text not in " ".join(variables.values())


def test_a_stack_on_aws_keeps_the_persons_own_settings(built, project_dir, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "mine")
    variables = engine_variables(built, "dev", project_dir)
    assert variables["AWS_PROFILE"] == variables["PULUMI_CONFIG_PASSPHRASE"] == "mine"
    assert "PULUMI_BACKEND_URL" not in pulumi_environment(built, "dev", project_dir)


def test_real_keys_never_reach_a_rehearsal(built, project_dir, monkeypatch):
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "PULUMI_CONFIG_PASSPHRASE"):
        monkeypatch.setenv(name, "mine")
    variables = engine_variables(built, "rehearsal", project_dir)
    assert "mine" not in variables.values()
    assert variables["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_what_was_set_for_a_rehearsal_does_not_reach_a_stack_on_aws(
    built, project_dir, monkeypatch
):
    write_description(description("default", "http://127.0.0.1:4567"))
    for name, value in pulumi_environment(built, "rehearsal", project_dir).items():
        monkeypatch.setenv(name, value)
    variables = engine_variables(built, "dev", project_dir)
    for name in ("AWS_ENDPOINT_URL", "AWS_SECRET_ACCESS_KEY", "PULUMI_BACKEND_URL"):
        assert name not in variables
    lines = export_lines(built, "dev", project_dir)
    assert "unset AWS_ENDPOINT_URL" in lines
    assert "unset PULUMI_HOME" in lines


def test_any_aws_tool_goes_to_a_rehearsal_that_was_started(built, project_dir):
    assert "AWS_ENDPOINT_URL" not in pulumi_environment(built, "rehearsal", project_dir)
    write_description(description("default", "http://127.0.0.1:4567"))
    variables = pulumi_environment(built, "rehearsal", project_dir)
    assert variables["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4567"
    assert variables["AWS_REGION"] == "us-east-1"


def test_the_python_host_is_put_beside_a_built_engine(built, project_dir):
    variables = pulumi_environment(built, "rehearsal", project_dir)
    host = built.command.parent / "pulumi-language-python"
    assert os.access(host, os.X_OK)
    assert variables["PATH"].split(os.pathsep)[0] == str(host.parent)
    assert variables["PULUMI_PYTHON_CMD"] == sys.executable


def test_an_engine_of_the_persons_own_gets_the_host_at_the_end_of_path(
    pulumi, project_dir, tmp_path
):
    engine = Engine(pulumi("3.259.0"), "3.259.0", "path", False)
    last = pulumi_environment(engine, "rehearsal", project_dir)["PATH"].split(os.pathsep)[-1]
    assert Path(last).is_relative_to(tmp_path / "cache")
    assert os.access(Path(last) / "pulumi-language-python", os.X_OK)
    assert not (engine.command.parent / "pulumi-language-python").exists()


def test_an_official_engine_gets_none(pulumi, project_dir):
    engine = Engine(pulumi("3.259.0"), "3.259.0", "path", True)
    variables = pulumi_environment(engine, "rehearsal", project_dir)
    assert variables["PATH"] == os.environ["PATH"]


def test_a_folder_without_a_project_is_refused(built, tmp_path):
    with pytest.raises(ConfigError, match=r"no Pulumi\.yaml"):
        pulumi_environment(built, "rehearsal", tmp_path)


def test_the_shells_lines_can_be_evaluated(built, project_dir, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "mine")
    lines = "\n".join(export_lines(built, "rehearsal", project_dir))
    shown = subprocess.run(
        ["/bin/sh", "-c", f"eval {shlex.quote(lines)}; echo $PULUMI_STACK-$AWS_PROFILE-"],
        capture_output=True,
        text=True,
    )
    assert shown.stdout == "rehearsal--\n"


def description(name, api_url):
    return Description(
        name=name,
        pid=1,
        process_start=1,
        boot_id="",
        api_url=api_url,
        region="us-east-1",
        network_gateway="",
        bridge="",
        acme_directory="https://acme.rehearsal.internal:14000/dir",
        acme_root="",
        ca_certificate="",
        dns="",
        packages_url="http://169.254.169.252/packages",
    )

"""Component packages and policy packs in Python, run by the project's own language host."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

import workbench
from workbench.engine.environment import engine_variables

PACKAGE = Path(workbench.__file__).parent / "components" / "plugin"
PREVIEW = ("preview", "--stack", "rehearsal", "--policy-pack")
POLICY = """\
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def refuse(args, report):
    if args.props.get("gate") == "shut":
        report(f"{args.name} is shut. Open it.")

PolicyPack("gates", [
    ResourceValidationPolicy("open-gates", "Gates are open.", refuse)
], EnforcementLevel.MANDATORY)
"""


@pytest.fixture
def pulumi(project):
    """Run Pulumi's own command on the project's stack."""
    project.open()
    environment = engine_variables(project.engine, "rehearsal", project.folder)

    def run(*words, exit_code=0):
        done = subprocess.run(
            [project.engine.command, *words, "--non-interactive", "--color", "never"],
            cwd=project.folder,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == exit_code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def policy_pack(project):
    folder = project.folder / "policy"
    folder.mkdir()
    (folder / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (folder / "__main__.py").write_text(POLICY)
    return folder


def test_the_component_packages_schema_is_had_from_its_folder(pulumi):
    schema = json.loads(pulumi("package", "get-schema", str(PACKAGE)))
    assert schema["name"] == "workbench"
    assert "workbench:index:Workbench" in schema["resources"]


def test_an_sdk_in_python_is_refused_in_a_sentence(pulumi):
    said = pulumi("package", "add", str(PACKAGE), exit_code=1)
    assert "from workbench import Workbench" in said


def test_a_policy_pack_stops_a_preview(project, pulumi, policy_pack):
    project.write('Thing("one", gate="shut")')
    said = pulumi(*PREVIEW, str(policy_pack), exit_code=1)
    assert "one is shut. Open it." in said
    project.write('Thing("one", gate="open")')
    assert "gates" in pulumi(*PREVIEW, str(policy_pack))


def test_a_plugin_without_a_program_is_named(pulumi, policy_pack):
    (policy_pack / "__main__.py").unlink()
    said = pulumi(*PREVIEW, str(policy_pack), exit_code=1)
    assert f"There is no plugin in {policy_pack}: it has no __main__.py" in said


def test_a_plugin_does_not_outlive_a_killed_engine(project, policy_pack, wait_until):
    project.write('import time; Thing("one"); time.sleep(600)')
    project.open()
    command = [project.engine.command, *PREVIEW, policy_pack, "--non-interactive"]
    environment = engine_variables(project.engine, "rehearsal", project.folder)

    def plugins():
        words = [_words(each) for each in Path("/proc").glob("[0-9]*")]
        return [each for each in words if str(policy_pack) in each and "pulumi.policy" in each]

    with subprocess.Popen(
        command,
        cwd=project.folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as engine:
        wait_until(plugins)
        os.kill(engine.pid, signal.SIGKILL)
    wait_until(lambda: not plugins())


def _words(process):
    try:
        return (process / "cmdline").read_text().split("\0")
    except OSError:
        return []  # it has ended

"""Programs run by the project's own Python host."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.engine.environment import engine_variables
from workbench.engine.stacks import StackOperationError

HOST = [sys.executable, "-P", "-m", "workbench.engine.language_host"]
ADDRESS = "127.0.0.1:1"


def failure(project):
    with pytest.raises(StackOperationError) as caught:
        project.open().up()
    return caught.value.message


def test_what_the_program_prints_is_in_the_log(project):
    project.write('import sys; print("to standard output"); print("to the other", file=sys.stderr)')
    project.open().up()
    assert "to standard output" in project.log
    assert "to the other" in project.log


def test_nobody_looks_for_garbage_while_a_program_runs(project):
    project.write('import gc; pulumi.export("looked", gc.isenabled())')
    stack = project.open()
    stack.up()
    assert stack.outputs() == {"looked": False}


def test_a_run_error_is_its_own_sentence(project):
    project.write('raise pulumi.RunError("The domain has a space in it.")')
    assert failure(project) == "The domain has a space in it."
    assert "Traceback" not in project.log


def test_an_exception_names_where_in_the_program_it_was(project):
    project.write("\n\n1 / 0\n")
    message = failure(project)
    assert "ZeroDivisionError: division by zero" in message
    assert "program/__main__.py, line" in message
    assert "runpy" not in project.log


def test_an_exception_in_an_apply_fails_the_run(project):
    project.write('Thing("one").id.apply(lambda _: [][1])')
    assert "IndexError" in failure(project)


def test_a_program_that_is_not_there_is_named(project):
    (project.folder / "program" / "__main__.py").unlink()
    assert "There is no Pulumi program at" in failure(project)


def test_a_program_may_end_itself(project):
    project.write("import sys; sys.exit()")
    project.open().up()
    project.write("import sys; sys.exit(3)")
    assert "sys.exit(3)" in failure(project)


def test_modules_beside_the_program_are_found_and_the_project_is_known(project):
    (project.folder / "program" / "alongside.py").write_text('NAME = "alongside"')
    project.write(
        "from alongside import NAME\n"
        'pulumi.export("seen", [NAME, pulumi.get_project(), pulumi.get_stack(),'
        " pulumi.get_organization(), str(pulumi.runtime.is_dry_run())])"
    )
    stack = project.open()
    stack.up()
    assert stack.outputs()["seen"] == ["alongside", "tiny", "rehearsal", "organization", "False"]


def test_the_command_line_has_no_warning_about_the_host(project):
    project.open()
    done = subprocess.run(
        [project.engine.command, "preview", "--stack", "rehearsal"],
        cwd=project.folder,
        env=engine_variables(project.engine, "rehearsal", project.folder),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stdout + done.stderr


def test_about_names_the_interpreter(project):
    done = subprocess.run(
        [project.engine.command, "about", "--stack", "rehearsal"],
        cwd=project.folder,
        env=engine_variables(project.engine, "rehearsal", project.folder),
        capture_output=True,
        text=True,
    )
    assert sys.executable in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_and_quietly(number):
    command = [*HOST, str(os.getpid()), ADDRESS]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as host:
        assert host.stdout
        assert host.stderr
        assert int(host.stdout.readline()) > 0
        host.send_signal(number)
        assert host.wait(20) == 0
        assert host.stderr.read() == b""


def test_it_does_not_outlive_its_engine(wait_until):
    # A parent that is gone at once, as a killed engine is.
    script = (
        "import os, subprocess, sys\n"
        f"command = [*sys.argv[1:], str(os.getpid()), {ADDRESS!r}]\n"
        "print(subprocess.Popen(command).pid, flush=True)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, *HOST], stdout=subprocess.PIPE)
    assert parent.stdout
    pid = int(parent.stdout.readline())
    parent.wait(20)
    parent.stdout.close()
    wait_until(lambda: not runs(pid))


def runs(pid):
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False

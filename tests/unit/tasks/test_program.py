"""The command line: help that fits 80 columns, and one sentence for every mistake."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fabric.main import make_program as make_fab
from invoke.collection import Collection
from invoke.context import Context

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.rehearsal.control import RehearsalStatus
from workbench.tasks import namespace
from workbench.tasks.changes.asking import agree
from workbench.tasks.program import make_program
from workbench.tasks.task import task

ROOT = Path(__file__).parents[3]
NAMES = set(namespace.task_names)


@task()
def refuse(context: Context, cidr: str) -> None:
    """Refuse."""
    raise ConfigError(f"{cidr!r} is no network.", "pulumi config set workbench:sshFrom 10.0.0.0/8")


@task()
def interrupt(context: Context) -> None:
    """Interrupt."""
    raise KeyboardInterrupt


@task()
def crash(context: Context) -> None:
    """Crash."""
    raise KeyError("mistake")


def run(*words: str, tasks: Collection = namespace) -> int:
    with pytest.raises(SystemExit) as ended:
        make_program(tasks).run(["workbench", *words])
    code = ended.value.code
    return code if isinstance(code, int) else 0


@pytest.mark.parametrize(
    "words",
    [(), ("--help",), ("--list",), ("--version",), *((name, "--help") for name in sorted(NAMES))],
)
def test_help_fits_80_columns(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 0
    printed = capsys.readouterr().out
    assert printed.strip()
    assert max(map(len, printed.splitlines())) < 80


def test_help_shows_that_an_option_that_may_come_twice_takes_a_value(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run("users.add", "--help")
    shown = capsys.readouterr().out
    assert "  --public-key=STRING " in shown
    assert "  --administrator " in shown


def test_help_names_every_task(capsys: pytest.CaptureFixture[str]) -> None:
    run("--help")
    listed = {line.split()[0] for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert listed >= NAMES


def test_every_option_is_explained() -> None:
    for context in namespace.to_contexts():
        for flags, explained in context.help_tuples():
            assert explained, f"{context.name} {flags}"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["upp"], "There is no task 'upp'. Did you mean up?\n  workbench --list\n"),
        (
            ["status", "--jsn"],
            "The task status has no option --jsn. Did you mean --json?\n"
            "  workbench status --help\n",
        ),
        (["up", "now"], "The task up doesn't take 'now'.\n  workbench up --help\n"),
        (["up", "--stack"], "The option --stack needs a value.\n  workbench up --help\n"),
        (
            ["rehearsal"],
            "rehearsal is a collection of tasks: rehearsal.config, rehearsal.reset,"
            " rehearsal.start, rehearsal.status, rehearsal.stop\n",
        ),
        (
            ["--stack", "x", "up"],
            "There is no option --stack before a task's name; a task's options follow it.\n"
            "  workbench --help\n",
        ),
    ],
)
def test_a_wrong_word_is_answered_with_one_sentence(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", sentence)


def test_an_error_a_user_can_mend_is_two_lines_and_its_exit_code(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run("refuse", "--cidr", "x", tasks=Collection(refuse)) == 2
    said = "'x' is no network.\n  pulumi config set workbench:sshFrom 10.0.0.0/8\n"
    assert capsys.readouterr().err == said


def test_a_number_that_is_none_is_answered_alike(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("logs", "jupyterhub", "--lines", "abc") == 2
    assert capsys.readouterr().err == (
        "--lines is 'abc', but must be a whole number, 1 or more.\n  workbench logs --help\n"
    )


def test_fab_ends_alike(capsys: pytest.CaptureFixture[str]) -> None:
    program = make_fab()
    program.namespace = Collection(refuse)
    with pytest.raises(SystemExit) as ended:
        program.run(["fab", "refuse", "--cidr", "x"])
    assert ended.value.code == 2
    assert "Traceback" not in capsys.readouterr().err


def test_an_interruption_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("interrupt", tasks=Collection(interrupt)) == 130
    assert capsys.readouterr().err.startswith("Interrupted.")


def test_a_question_with_standard_input_closed_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(WorkbenchError, match="no terminal to ask you on"):
        agree("This removes it.", "workbench destroy --yes")


def test_the_rehearsal_is_that_of_the_stack_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "workbench.rehearsal.control.status", lambda name: RehearsalStatus(name, "x")
    )
    for stack, name in (("rehearsal-two", "two"), ("prod", "default"), ("", "default")):
        monkeypatch.setenv("WORKBENCH_STACK", stack)
        make_program().run(["workbench", "rehearsal.status", "--json"])
        assert json.loads(capsys.readouterr().out)["name"] == name
    make_program().run(["workbench", "rehearsal.status", "--json", "--name", "three"])
    assert json.loads(capsys.readouterr().out)["name"] == "three"


def test_a_mistake_of_ours_leaves_its_traceback_in_a_file(
    capsys: pytest.CaptureFixture[str], state_dir: Path
) -> None:
    assert run("crash", tasks=Collection(crash)) == 1
    said = capsys.readouterr().err
    logs = list((state_dir / "logs").iterdir())
    assert "Traceback" not in said
    assert str(logs[0]) in said
    assert "KeyError" in logs[0].read_text()


def test_the_fabfile_has_the_same_tasks() -> None:
    listed = subprocess.run(
        [Path(sys.executable).parent / "fab", "--list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert {line.split()[0] for line in listed.splitlines()[1:] if line.strip()} == NAMES


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from workbench.tasks.program import make_program\n"
        "try: make_program().run(['workbench', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'boto3', 'docker', 'grpc', 'httpx', 'moto', 'pulumi', 'pulumi_aws', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_bytecode_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make_program().run(["workbench", "--list"])
    assert sys.dont_write_bytecode is False


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = [str(Path(sys.executable).with_name("workbench")), "--list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stderr
        # Before it writes: it is still being imported.
        process.stdout.close()
        said = process.stderr.read()
    assert (said, process.returncode) == (b"", 1)

"""What others wrote is shown as text: it doesn't act on the terminal, and forges no line."""

import ast
import io
import json
import sys
from pathlib import Path

import pytest
from invoke.context import Context
from invoke.exceptions import Exit
from rich.table import Table
from rich.text import Text

import workbench
from workbench.errors import WorkbenchError
from workbench.plain_console import PlainConsole
from workbench.progress import Progress
from workbench.tasks.task import task
from workbench.terminal import escape
from workbench.terminal import escape_name
from workbench.terminal import plain_output

HOSTILE = {
    "a colour": "\x1b[31mX",
    "a title": "\x1b]0;PWN\x07",
    "a link": "\x1b]8;;https://evil.example\x07here\x1b]8;;\x07",
    "a C1 control": "\x9b31mX",
    "a backspace": "rm\b\b",
    "a return": "evil\rgood",
    "text that runs backward": "\u202egnp.exe",
    "an isolate": "\u2066a\u2069",
    "nothing to see": "a\u200bb\u2060c\ufeff",
    "a tag": "a\U000e0041",
    "a line separator": "a\u2028b",
    "half a character": "a\udc9bb",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_but_plain_text_is_left(name: str) -> None:
    shown = escape(HOSTILE[name])
    assert shown.isprintable()
    assert json.loads(f'"{shown}"') == HOSTILE[name]


def test_plain_text_stays_as_it_is() -> None:
    text = "Zoë\u00a0Müller\t✓ 東京 🐧\n  workbench check --stack lab"
    assert escape(text) == text


def test_a_name_begins_no_line_and_has_an_end() -> None:
    assert escape_name("a\nPASS  rights\tb") == r"a\nPASS  rights\tb"
    assert len(escape_name("x" * 5000)) == 80


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_task_prints_is_text(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    @task()
    def show(context: Context) -> None:
        print(HOSTILE[name])
        sys.stderr.write(HOSTILE[name])
        PlainConsole(force_terminal=True).print(Text(HOSTILE[name]))
        raise WorkbenchError(HOSTILE[name])

    with pytest.raises(Exit) as told:
        show(Context())
    shown = capsys.readouterr()
    for text in (shown.out, shown.err, str(told.value.message)):
        assert escape(text) == text
        assert escape(HOSTILE[name]) in text


def test_our_own_styles_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with plain_output():
        PlainConsole(force_terminal=True, color_system="standard").print("PASS", style="green")
    assert capsys.readouterr().out == "\x1b[32mPASS\x1b[0m\n"


def test_markup_in_a_name_is_text() -> None:
    out = io.StringIO()
    console = PlainConsole(file=out, force_terminal=True, width=60)
    table = Table.grid()
    table.add_row("[red]ada[/red] :penguin:")
    console.print("[link=https://evil.example]ada[/link]")
    console.print(table)
    assert "[link=https://evil.example]ada[/link]" in out.getvalue()
    assert "[red]ada[/red] :penguin:" in out.getvalue()


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_and_its_log_are_text(tmp_path: Path, is_terminal: bool) -> None:
    out = io.StringIO()
    console = PlainConsole(file=out, force_terminal=is_terminal, width=200)
    progress = Progress(tmp_path / "log", console=console)
    for hostile in ("\x1b]0;PWN\x07", "\u202e", "[red]x[/red]"):
        with progress.phase(f"phase {hostile}") as phase:
            phase.update(f"step {hostile}")
            phase.tick(f"tick {hostile}")
        progress.say(f"said {hostile}")
    progress.close()
    log = (tmp_path / "log").read_text()
    assert escape(log) == log
    for text in (log, out.getvalue()):
        assert "\x1b]" not in text
        assert "\x07" not in text
        assert "\u202e" not in text
        assert "said [red]x[/red]" in text
        assert r"said \u001b]0;PWN" in text


def test_what_is_printed_while_something_is_redrawn_has_no_links(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with plain_output():
        progress = Progress(console=PlainConsole(force_terminal=True, file=sys.stdout))
        with progress.phase("Work"):
            print("\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\")
    shown = capsys.readouterr().out
    assert "here" in shown
    assert "\x1b]" not in shown


def test_every_console_is_the_plain_one() -> None:
    root = Path(workbench.__file__).parent
    for path in root.rglob("*.py"):
        imports = [
            node
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module == "rich.console"
        ]
        if imports and path.name != "plain_console.py":
            # For types alone.
            assert " Console(" not in path.read_text().replace("class Console(", ""), path

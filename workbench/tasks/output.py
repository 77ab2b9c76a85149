"""Print results: a table for people at 80 columns, JSON for scripts."""

import json
import sys
import textwrap
from collections.abc import Iterable
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.plain_console import PlainConsole
from workbench.progress import Progress
from workbench.progress import stderr_progress
from workbench.tasks.command_name import as_typed
from workbench.terminal import escape_name

STYLES = {Result.PASS: "green", Result.FAIL: "bold red", Result.WARN: "yellow", Result.SKIP: "dim"}

# Values that begin like this are typed or opened, so they are never broken.
WHOLE = ("cat ", "/", "https://")
# In characters: what is longer only pushes the rest off the screen.
LONGEST_CELL = 500


def print_json(value: Any) -> None:
    """Print a value for scripts."""
    json.dump(value, sys.stdout, indent=2)
    sys.stdout.write("\n")


def make_console() -> Console:
    """Return a console for results, on standard output."""
    return PlainConsole(soft_wrap=False)


def make_progress(*, quiet: bool) -> Progress:
    """Return a progress on standard error that keeps no log."""
    return Progress(quiet=True) if quiet else stderr_progress()


def print_facts(rows: Iterable[tuple[str, str | None]], console: Console) -> None:
    """Print names and values in two columns, leaving out what there is none of."""
    known = [(name, value) for name, value in rows if value]
    width = max((cell_len(name) for name, _ in known), default=0)
    room = max(20, console.width - width - 6)
    for name, value in known:
        first, *others = [line for part in value.splitlines() for line in _fold(part, room)]
        _print_whole(Text.assemble("  ", (name.ljust(width), "bold"), "   ", first), console)
        for line in others:
            _print_whole(Text(f"{'':{width + 5}}{line}"), console)


def _fold(value: str, room: int) -> list[str]:
    # What is to be copied stays whole: half a command is another command.
    if value.startswith(WHOLE):
        return [value]
    return textwrap.wrap(value, room, break_long_words=False, break_on_hyphens=False) or [""]


def _print_whole(line: Text, console: Console) -> None:
    """Print a line that the terminal breaks, if it has to: it is copied as one, then."""
    console.print(line, soft_wrap=True)


def print_rows(titles: tuple[str, ...], rows: Iterable[tuple[str, ...]], console: Console) -> None:
    """Print a plain table."""
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for title in titles:
        table.add_column(title, overflow="fold")
    for row in rows:
        # Escaped here, too: a column is as wide as what is shown in it.
        table.add_row(*(Text(escape_name(cell, LONGEST_CELL)) for cell in row))
    console.print(table)


def print_reports(reports: Iterable[Report], console: Console) -> None:
    """Print checks' results, each fix below what it fixes; those blocked by others as one line."""
    reports = list(reports)
    blocked = sum(report.blocked for report in reports)
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for report in (report for report in reports if not report.blocked):
        evidence = Text(report.evidence)
        if report.fix:
            evidence.append(f"\n{as_typed(f'→ {report.fix}')}", style="bold")
        table.add_row(Text(report.result, STYLES[report.result]), report.name, evidence)
    if blocked:
        skip = Text(Result.SKIP, STYLES[Result.SKIP])
        table.add_row(skip, f"{blocked} more", "depend on what failed or can't be checked")
    console.print(table)


def count(reports: Iterable[Report]) -> str:
    """Return how many ended how, in words: "20 PASS, 1 FAIL"."""
    results = [report.result for report in reports]
    return ", ".join(f"{results.count(r)} {r}" for r in Result if r in results)

"""Print checks' results layer by layer, at 80 columns."""

from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.tasks.command_name import as_typed
from workbench.tasks.output import STYLES
from workbench.tasks.output import count
from workbench.tasks.output import make_console

# Layers whose names aren't just written with a capital.
TITLES = {"dns": "DNS", "tls": "TLS", "ssh": "SSH"}


def print_layers(reports: list[Report], console: Console | None = None) -> None:
    """Print a block for each layer, each fix below what it fixes, and where to begin."""
    console = console or make_console()
    width = max(len(report.name) for report in reports)
    for layers, members in _blocks(reports):
        console.print(
            Text(", ".join(TITLES.get(each, each.capitalize()) for each in layers), "bold")
        )
        for row in members:
            _print_row(row, width, console)
    console.print(f"\n{count(reports)}")
    first = next((report for report in reports if report.result is Result.FAIL), None)
    if first is not None:
        fix = as_typed(f"\n  {first.fix}") if first.fix else ""
        console.print(f"Start with the first FAIL, {first.name}:{fix}", soft_wrap=True)


def _blocks(reports: list[Report]) -> Iterator[tuple[list[str], list[Report]]]:
    """Give the layers with their reports; neighbours of which nothing could be asked become one."""
    layers = [(layer, list(group)) for layer, group in groupby(reports, key=lambda r: r.layer)]
    for blocked, group in groupby(layers, key=lambda layer: all(r.blocked for r in layer[1])):
        if blocked:
            names, members = zip(*group, strict=True)
            yield list(names), [_skipped(sum(map(len, members)))]
        else:
            yield from (([layer], list(_rows(members))) for layer, members in group)


def _skipped(number: int) -> Report:
    who = "1 check depends" if number == 1 else f"{number} checks depend"
    said = f"{who} on what failed or can't be checked"
    return Report("", Result.SKIP, said, "", blocked=True)


def _rows(reports: Iterable[Report]) -> Iterator[Report]:
    """Give a layer's reports; neighbours that wait for the same check become one."""
    for _, group in groupby(reports, key=lambda r: r.evidence if r.blocked else r.name):
        first, *others = group
        names = ", ".join(each.name for each in (first, *others))
        yield replace(first, name="", evidence=f"{names}: {first.evidence}") if others else first


def _print_row(report: Report, width: int, console: Console) -> None:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, min_width=width)
    table.add_column(overflow="fold")
    dim = "dim" if report.blocked else ""
    result = Text(f"  {report.result}", STYLES[report.result])
    table.add_row(result, Text(report.name, dim), Text(report.evidence, dim))
    console.print(table)
    if report.fix and report.result is not Result.PASS:
        # Whole on its line: what the terminal breaks is still copied as one.
        console.print(Text(as_typed(f"        → {report.fix}"), "bold"), soft_wrap=True)

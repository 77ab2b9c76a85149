"""A plugin of pytest's that notes how each check ended in the tests that ran."""

import functools
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.checks.labs.table import LAB_CHECKS
from workbench.checks.table import CHECKS

Run = Callable[..., Any]


def _function(run: Run) -> Run:
    return run.func if isinstance(run, functools.partial) else run


FUNCTIONS = {_function(check.run) for check in (*CHECKS, *LAB_CHECKS)}


def _name(check: Run) -> str:
    return f"{check.__module__}.{check.__name__}".removeprefix("workbench.checks.")


ENDED: dict[str, set[str]] = {_name(each): set() for each in FUNCTIONS}


@functools.cache
def _recording(check: Run) -> Run:
    @functools.wraps(check)
    def run(*args: Any) -> Any:
        outcome = check(*args)
        ENDED[_name(check)].add(str(outcome.result))
        return outcome

    return run


def pytest_configure() -> None:
    """Put a recording function in each check's place, before a test imports it."""
    places = [
        (vars(module), name, value)
        for module in list(sys.modules.values())
        if module.__name__.startswith("workbench.checks")
        for name, value in list(vars(module).items())
        if callable(value) and value in FUNCTIONS
    ]
    for names, name, value in places:
        names[name] = _recording(value)


def pytest_unconfigure() -> None:
    """Write it into the file that the variable ``RECORDED`` names."""
    found = {name: sorted(results) for name, results in ENDED.items()}
    Path(os.environ["RECORDED"]).write_text(json.dumps(found), encoding="utf-8")

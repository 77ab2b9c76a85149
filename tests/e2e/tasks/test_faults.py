"""Faults, injected: doctor names each, and what it says to type fixes it."""

import json
import os
import pty
import subprocess
from typing import Any

import pytest
from bench import ROOT
from bench import Bench
from faults import FAULTS

LIMIT = 600


def examine(bench: Bench) -> list[dict[str, Any]]:
    """Return what doctor finds wrong, first things first."""
    done = bench.run("doctor", "--quick", "--json", exit_code=None)
    reports: list[dict[str, Any]] = json.loads(done.stdout)
    failed = [report for report in reports if report["result"] == "FAIL"]
    assert done.returncode == bool(failed)
    return failed


def paste(bench: Bench, command: str) -> None:
    """Run a command as a person does who pastes it into a terminal, and says yes."""
    terminal, side = pty.openpty()
    try:
        os.write(terminal, b"y\n" * 3)
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=ROOT,
            env=bench.env,
            stdin=side,
            capture_output=True,
            text=True,
            timeout=LIMIT,
        )
    finally:
        os.close(side)
        os.close(terminal)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"


@pytest.mark.parametrize("name", FAULTS)
def test_faults_are_named_and_fixed_by_what_doctor_says(bench: Bench, name: str) -> None:
    faults = FAULTS[name]
    try:
        for fault in faults:
            fault.inject(bench)
        found = examine(bench)
        assert found[0]["name"] in {fault.check for fault in faults}, found
        for fault in faults:
            report = next(report for report in found if report["name"] == fault.check)
            assert [word for word in fault.words if word not in report["evidence"]] == [], report
            assert report["fix"].startswith(f"workbench {fault.command} "), report
        paste(bench, found[0]["fix"])
        assert examine(bench) == []
    finally:
        for fault in faults:
            fault.tidy(bench)

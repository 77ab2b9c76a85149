"""Faults, injected one by one: doctor names each, and what it says to type fixes it."""

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
def test_a_fault_is_named_and_mended_by_what_doctor_says(bench: Bench, name: str) -> None:
    fault = FAULTS[name]
    fault.inject(bench)
    try:
        first, *_ = examine(bench)
        assert first["name"] == fault.check, first
        assert [word for word in fault.words if word not in first["evidence"]] == [], first
        assert first["fix"].startswith(f"workbench {fault.command} "), first
        paste(bench, first["fix"])
        assert examine(bench) == []
    finally:
        fault.tidy(bench)

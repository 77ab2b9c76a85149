"""A lab by its own solutions, and its game days."""

import json

from lab_world import ROOT
from walkthrough import Shell

from workbench.labs.lab_file import Lab
from workbench.labs.lab_file import read_labs

LABS = read_labs(ROOT / "labs")
LIMIT = 600
# What a lab begins with may have to be installed first.
START_LIMIT = 1200


def stands(reader: Shell, number: int) -> dict[str, str]:
    """Return how each step of a lab stands."""
    _, printed = reader.run(f"workbench labs.check {number} --json 2>/dev/null", LIMIT)
    return {each["step"]: each["result"] for each in json.loads(printed)}


def do(reader: Shell, command: str, exit_code: int = 0, limit: float = LIMIT) -> str:
    code, printed = reader.run(command, limit)
    assert code == exit_code, f"{command}\n{printed}"
    return printed


def solve_each_step(reader: Shell, number: int) -> None:
    """See that no step of a lab is done before its solution, and each one after it."""
    lab = next(each for each in LABS if each.number == number)
    do(reader, f"workbench labs.start {lab.number} --yes", limit=START_LIMIT)
    for step in lab.steps:
        # It looks before and after: what is done already it doesn't solve, and it fails where the
        # step isn't done by it.
        solved = do(reader, f"workbench labs.solve {step.name}")
        assert f"{step.name} is done already" not in solved
        assert step.solve.strip().splitlines()[0] in solved
    assert set(stands(reader, lab.number).values()) == {"PASS"}
    find_each_fault(reader, lab)

    listed = json.loads(do(reader, "workbench labs --json"))
    [row] = [each for each in listed if each["lab"] == lab.number]
    assert (row["done"], row["helped"]) == (len(lab.steps), len(lab.steps))


def find_each_fault(reader: Shell, lab: Lab) -> None:
    """Break what a game day breaks, see that it shows, repair it, and be told that it's gone."""
    for step in lab.steps:
        for fault in step.faults:
            said = do(reader, f"workbench labs.break {fault.name}")
            assert fault.cause not in said
            assert "FAIL" in do(reader, "workbench labs.fault", exit_code=1), fault.name
            do(reader, "workbench labs.break", exit_code=1)
            assert f"It was: {fault.cause}" in do(reader, "workbench labs.fault --solve")
            do(reader, "workbench labs.fault", exit_code=1)

"""Checks of several workbenches at a time."""

import threading

import pytest

from workbench.checks.check import Check
from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.target import Target
from workbench.progress import Progress
from workbench.tasks.changes.verify import run_on_each

ONE, TWO = Target("dev", outputs={"name": "one"}), Target("dev", outputs={"name": "two"})


def quiet() -> Progress:
    return Progress(quiet=True)


def test_workbenches_are_checked_at_the_same_time_and_told_apart() -> None:
    both = threading.Barrier(2, timeout=10)

    def meet(target: Target) -> Outcome:
        both.wait()
        return failed(str(target.outputs["name"]))

    def after(target: Target) -> Outcome:
        return passed("")

    checks = [Check("meet", meet, (), "", "a"), Check("after", after, ("meet",), "", "a")]
    one, two = run_on_each([ONE, TWO], checks, quiet())
    assert [report.evidence for report in one] == ["one", "needs meet"]
    assert [report.evidence for report in two] == ["two", "needs meet"]


def test_one_that_is_interrupted_ends_the_others_before_their_next_check() -> None:
    interrupted = threading.Event()
    begun: list[Target] = []

    def first(target: Target) -> Outcome:
        if target is TWO:
            interrupted.set()
            raise KeyboardInterrupt
        assert interrupted.wait(10)
        # Time for the other thread to end, and for this one to be told.
        threading.Event().wait(0.2)
        return passed("")

    def second(target: Target) -> Outcome:
        begun.append(target)
        return passed("")

    checks = [Check("first", first, (), "", "a"), Check("second", second, (), "", "a")]
    with pytest.raises(KeyboardInterrupt):
        run_on_each([TWO, ONE], checks, quiet())
    assert begun == []

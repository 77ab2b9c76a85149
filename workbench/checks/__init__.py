"""What must be true of a workbench, written once: for status, doctor, the labs and the tests."""

from workbench.checks.check import Check
from workbench.checks.check import Outcome
from workbench.checks.check import Report
from workbench.checks.check import Result
from workbench.checks.check import run_checks
from workbench.checks.target import Address
from workbench.checks.target import Answer
from workbench.checks.target import Server
from workbench.checks.target import Target

__all__ = [
    "Address",
    "Answer",
    "Check",
    "Outcome",
    "Report",
    "Result",
    "Server",
    "Target",
    "run_checks",
]

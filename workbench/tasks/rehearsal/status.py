"""Print what runs of a rehearsal."""

from dataclasses import asdict
from typing import Any

from workbench.tasks.command_name import as_typed
from workbench.tasks.output import make_console
from workbench.tasks.output import print_facts
from workbench.tasks.output import print_json

TITLES = {
    "name": "Rehearsal",
    "state": "State",
    "api_url": "AWS API",
    "pid": "Process",
    "machines": "Machines",
    "volumes": "Volumes",
    "gone": "Gone",
    "log": "Log",
}


def print_status(status: Any, *, as_json: bool) -> None:
    """Print a rehearsal's status (a dataclass of the rehearsal's control)."""
    fields = asdict(status)
    if as_json:
        print_json(fields)
        return
    facts = [(TITLES[name], _text(value)) for name, value in fields.items() if name != "next"]
    print_facts(facts, make_console())
    if status.next:
        print("\nNext:")
        for command in status.next.splitlines():
            print(as_typed(f"  {command}"))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_text(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(map(_text, value))
    return "" if value is None else str(value)

"""Print what runs of a rehearsal."""

from dataclasses import asdict
from typing import Any

from workbench.tasks.show import make_console
from workbench.tasks.show import print_facts
from workbench.tasks.show import print_json


def print_status(status: Any, *, as_json: bool) -> None:
    """Print a rehearsal's status (a dataclass of the rehearsal's control)."""
    fields = asdict(status)
    if as_json:
        print_json(fields)
        return
    print_facts([(name, _text(value)) for name, value in fields.items()], make_console())


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_text(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(map(_text, value))
    return "" if value is None else str(value)

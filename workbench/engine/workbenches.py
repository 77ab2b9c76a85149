"""The workbenches that a stack's outputs list: the one place where commands find them."""

from collections.abc import Mapping
from typing import Any

from workbench.errors import ConfigError

OUTPUT = "workbenches"


def find_workbenches(outputs: Mapping[str, Any], stack: str) -> dict[str, Mapping[str, Any]]:
    """Return each workbench's own outputs by its name.

    Where a stack names none, all its outputs are those of the one it has, whose name isn't known
    ("") then. Raises ConfigError where what names them isn't an object of objects.
    """
    named = outputs.get(OUTPUT)
    if not named:
        return {"": outputs}
    if not isinstance(named, Mapping) or not all(isinstance(e, Mapping) for e in named.values()):
        raise ConfigError(
            f"The output {OUTPUT} of the stack {stack} isn't an object that has each workbench's"
            " outputs under its name.",
            # Not our own `up`, which looks at the outputs of before first.
            f'pulumi.export("{OUTPUT}", {{"lab": lab.outputs}})   is how a program exports them;'
            f" then\n  pulumi up --stack {stack}",
        )
    return dict(named)

"""Whether JupyterHub takes settings: run by its own Python on the server, before it has them.

Given a JSON object of classes and traits on standard input, it says in a sentence what is wrong.
traitlets itself passes over a name that it doesn't know, and ends the hub at a value it can't take.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from jupyterhub.app import JupyterHub
from traitlets import HasTraits
from traitlets import TraitError

from .authenticator import MembersAuthenticator
from .spawner import SocketSpawner


def classes() -> dict[str, Any]:
    """Return the classes that this hub makes objects of, and those they are made of, by name."""
    used = [*JupyterHub().classes, JupyterHub, SocketSpawner, MembersAuthenticator]
    every = [parent for each in used for parent in each.__mro__]
    return {each.__name__: each for each in every if issubclass(each, HasTraits)}


def problems(settings: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Give a sentence for each setting that the hub doesn't know, or doesn't take."""
    known = classes()
    for name, values in settings.items():
        if name not in known:
            yield f"JupyterHub has no class {name}."
            continue
        kind = known[name]
        traits = kind.class_traits(config=True)
        for trait, value in values.items():
            if trait not in traits:
                yield f"{name} has no setting {trait}."
                continue
            try:
                traits[trait]._validate(kind.__new__(kind), value)
            except (TraitError, ValueError, TypeError) as error:
                yield f"{name}.{trait} can't be {json.dumps(value)}: {error}"


def main() -> None:
    """Say what is wrong with the settings on standard input, if anything."""
    if found := list(problems(json.load(sys.stdin))):
        sys.exit(f"workbench:jupyterhubConfig can't be used, and is as before. {' '.join(found)}")


if __name__ == "__main__":
    main()

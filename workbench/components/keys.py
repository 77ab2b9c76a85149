"""What a key of the configuration is, said once: at the argument of ``WorkbenchArgs``.

The argument has its name, its type and, as its docstring, its documentation; the rest is a ``Key``
in its annotation. Program, configuration, server settings, reference, schema and the tasks' view
all come from there.
"""

import typing
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import KW_ONLY
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Key:
    """What a key is besides its name, type and documentation.

    ``check`` returns the value as it is used, and raises ArgumentError. ``default`` is what holds
    where nothing is given; None where that depends on more than the key. ``part`` is the component
    that takes it, and as which argument where that is another one: ``storage.size``. ``setting`` is
    its place in the server's settings: ``acme.email``; with ``derives``, something there follows
    from it. With ``commands``, the commands on a person's computer go by it.
    """

    check: Callable[[Any, str], Any] | None = None
    _: KW_ONLY
    default: Any = None
    part: str | None = None
    setting: str | None = None
    derives: bool = False
    commands: bool = False

    @property
    def plane(self) -> str:
        """What it changes: AWS, the server, both, or only what commands do."""
        on_server = self.setting or self.derives
        known = (("AWS", self.part), ("server", on_server), ("commands", self.commands))
        planes = [name for name, it in known if it]
        return " and ".join(planes)


def take_keys(arguments: type) -> dict[str, Key]:
    """Return the keys in a ``TypedDict``'s annotations, and take them out.

    Pulumi reads types there, and knows no ``Annotated``.
    """
    keys, annotations = {}, {}
    for name, annotation in arguments.__annotations__.items():
        optional = name not in getattr(arguments, "__required_keys__", ())
        inner = typing.get_args(annotation)[0] if optional else annotation
        kind, keys[name] = typing.get_args(inner)
        annotations[name] = typing.NotRequired[kind] if optional else kind
    arguments.__annotations__ = annotations
    return keys


def taken_by(part: str, keys: Mapping[str, Key], args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments given that a part takes, by the part's own names."""
    found = {}
    for name, key in keys.items():
        taker, _, renamed = (key.part or "").partition(".")
        if taker == part and args.get(name) is not None:
            found[renamed or name] = args[name]
    return found

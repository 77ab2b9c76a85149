"""What every component is: its arguments are held against its annotations before it begins."""

import difflib
import inspect
import typing
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from typing import Self

import pulumi

from workbench.components.errors import ArgumentError
from workbench.components.names import snake_case
from workbench.components.validation import MAKE_A_KEY
from workbench.components.validation import shown

_SCALARS: dict[object, tuple[tuple[type, ...], str]] = {
    str: ((str,), "text"),
    bool: ((bool,), "true or false"),
    # Other languages send every number as a float.
    int: ((int, float), "a whole number"),
}


class Component(pulumi.ComponentResource):
    """A component that refuses wrong arguments before it, or a part of it, is registered.

    What the annotations of its ``args`` say is checked here: unknown, missing, of another kind.
    What else a value must be is for each component to say, in ``check``.
    """

    @classmethod
    def check(cls, name: str, args: Any) -> None:
        """Raise ArgumentError for a value that can't be used, as far as it is known by now."""

    def __new__(cls, *given: Any, **named: Any) -> Self:
        """Check what a program gives. Raises ArgumentError."""
        arguments = _bind(cls, given, named)
        kind: type = cls.__init__.__annotations__["args"]
        check_object(kind, arguments["args"], "", cls.__name__)
        opts = arguments.get("opts")
        if opts is not None and not isinstance(opts, pulumi.ResourceOptions):
            raise ArgumentError(
                f"The options of {cls.__name__} are {shown(opts)}, but must be "
                "pulumi.ResourceOptions(...)."
            )
        cls.check(arguments["name"], arguments["args"])
        return super().__new__(cls)


def unprotected(opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Return options for what an everyday change deletes or replaces, and makes again at no loss.

    ``protect`` of a component isn't for these: Pulumi would refuse an address less in ``ssh_from``,
    or the recipe of a new release.
    """
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(protect=False))


def _bind(
    component: type[Component], given: tuple[Any, ...], named: dict[str, Any]
) -> dict[str, Any]:
    """Return name, arguments and options as the component's function takes them."""
    try:
        return inspect.signature(component.__init__).bind(None, *given, **named).arguments
    except TypeError:
        name = component.__name__
        raise ArgumentError(
            f"{name} takes a name and one dictionary of arguments, and pulumi.ResourceOptions "
            "where they are needed.",
            f'Write: {name}("lab", {{"…": …}})',
        ) from None


@dataclass(frozen=True)
class Spelling:
    """How arguments are written where a person gave them; the default is a Python program."""

    word: str = "argument"
    container: str = "a dictionary"
    spell: Callable[[str], str] = str


PYTHON = Spelling()


def check_object(
    kind: type, value: object, what: str, owner: str, spelling: Spelling = PYTHON
) -> None:
    """Check a ``TypedDict``'s keys and the kinds of its values; ``what`` is its place, or none."""
    names = {spelling.spell(name): name for name in kind.__annotations__}
    if not isinstance(value, Mapping):
        raise ArgumentError(
            f"{what or f'What {owner} is given'} is {shown(value)}, but must be "
            f"{spelling.container} with some of: {', '.join(names)}."
        )
    for key in value:
        if key not in names:
            message = no_such(what or owner, str(key), [*kind.__annotations__], spelling)
            is_told = len(names) >= 10 and "did you mean" in message
            raise ArgumentError(message, "" if is_told else f"It has: {', '.join(names)}")
    for spelled, name in names.items():
        place = f"{what}.{spelled}" if what else spelled
        if (item := value.get(spelled)) is not None:
            check_kind(kind.__annotations__[name], item, place, owner, spelling)
        elif name in getattr(kind, "__required_keys__", ()):
            hint = MAKE_A_KEY if name == "public_key" else f"Give it: {{{spelled!r}: …}}"
            raise ArgumentError(f"{place} is missing, which {owner} needs.", hint)


def no_such(owner: str, key: str, names: list[str], spelling: Spelling) -> str:
    """Return the sentence on a name that isn't known, with the one that was probably meant."""
    wanted = snake_case(key.rpartition(":")[2])
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
    end = f"; did you mean {spelling.spell(near[0])!r}?" if near else "."
    return f"{owner} has no {spelling.word} {key!r}{end}"


def check_kind(
    annotation: object, value: object, what: str, owner: str, spelling: Spelling = PYTHON
) -> None:
    """Check that a value is of an annotation's kind, and an output only where that says so."""
    kind, late = unwrap(annotation)
    if isinstance(value, pulumi.Output | Awaitable):
        if not late:
            items = "" if not _takes_late_items(kind) else "a list, whose items may be outputs; "
            raise ArgumentError(
                f"{what} must be known in a preview, because {owner} needs it to decide what to"
                " create, but it "
                "is an output.",
                f"Give {items}the value itself, for example from pulumi.Config.",
            )
        return
    if isinstance(value, pulumi.Resource):
        name = type(value).__name__
        raise ArgumentError(
            f"{what} is a whole {name}, but must be one of its outputs.",
            f"For example: {name.lower()}.{what.rpartition('.')[2]}",
        )
    _check_plain(kind, value, what, owner, spelling)


def _check_plain(kind: object, value: object, what: str, owner: str, spelling: Spelling) -> None:
    origin = typing.get_origin(kind)
    if kind in _SCALARS:
        types, words = _SCALARS[kind]
        if not isinstance(value, types) or (isinstance(value, bool) and kind is not bool):
            raise ArgumentError(f"{what} is {shown(value)}, but must be {words}.")
    elif origin in (list, Sequence):
        if not isinstance(value, list | tuple):
            raise ArgumentError(f"{what} is {shown(value)}, but must be a list.")
        for index, item in enumerate(value):
            check_kind(typing.get_args(kind)[0], item, f"{what}[{index}]", owner, spelling)
    elif isinstance(kind, type) and typing.is_typeddict(kind):
        check_object(kind, value, what, owner, spelling)
    elif origin is dict and not isinstance(value, Mapping):
        raise ArgumentError(f"{what} is {shown(value)}, but must be a dictionary.")


def _takes_late_items(kind: object) -> bool:
    items = typing.get_args(kind) if typing.get_origin(kind) in (list, Sequence) else ()
    return any(unwrap(item)[1] for item in items)


def unwrap(annotation: object) -> tuple[object, bool]:
    """Return the plain type inside an annotation, and whether an output will do as well.

    It is inside ``NotRequired`` and ``pulumi.Input``, of whose types the plain one is the first.
    """
    late = False
    while typing.get_origin(annotation) in (typing.NotRequired, typing.Union):
        late = late or typing.get_origin(annotation) is typing.Union
        annotation = typing.get_args(annotation)[0]
    return annotation, late

"""Values that are known only when another resource is there: checked then."""

from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterable
from functools import partial
from typing import Any
from typing import TypeVar
from typing import cast

import pulumi

from workbench.components.errors import ArgumentError
from workbench.components.validation import shown

T = TypeVar("T")


def is_late(value: object) -> bool:
    """Say whether a value is another resource's output, which a preview may not know."""
    return isinstance(value, pulumi.Output | Awaitable)


def checked(check: Callable[[Any, str], T], value: Any, what: str) -> pulumi.Input[T]:
    """Return what a check makes of a value: at once, or when it is known."""
    if is_late(value):
        return pulumi.Output.from_input(value).apply(lambda known: check(known, what))
    return check(value, what)


def after(value: pulumi.Output[T], resources: Iterable[pulumi.Resource]) -> pulumi.Output[T]:
    """Return a value whose users are made after the resources, and go before them.

    It is known as early as before, so a preview in which one of them is new shows no other changes.
    """

    async def known() -> bool:
        return True

    # An output of nothing but what it depends on.
    awaited = pulumi.Output({*resources}, known(), known())
    return pulumi.Output.all(value, awaited).apply(lambda both: cast(T, both[0]))


def check_each(check: Callable[[Any, str], T], values: object, what: str) -> list[Any]:
    """Return a list of checked items, some of which may be outputs; their number is known."""
    if not isinstance(values, list | tuple):
        raise ArgumentError(f"{what} is {shown(values)}, but must be a list.")
    return [checked(check, value, f"{what}[{index}]") for index, value in enumerate(values)]


def each(check: Callable[[Any, str], Any]) -> Callable[[Any, str], list[Any]]:
    """Return a check of lists whose items pass ``check``."""
    return partial(check_each, check)

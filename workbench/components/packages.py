"""Packages for everyone on the server: what the stack adds, and what of the base it takes."""

import re
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import NotRequired
from typing import TypedDict

from workbench.components.errors import ArgumentError
from workbench.components.validation import check_text
from workbench.components.validation import check_texts

# What the recipe refuses is refused here, before anything is made; a test keeps the two in step.
BASE_GROUPS = ("python", "r", "libraries", "geospatial")
# A name with a minus at its end would be removed by apt-get.
APT_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+.]", re.ASCII)
PYTHON_NAME = re.compile(
    r"(?P<name>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(\[[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*\])?"
    r"((~=|===?|!=|<=?|>=?)[A-Za-z0-9.*+!_-]+(,(~=|===?|!=|<=?|>=?)[A-Za-z0-9.*+!_-]+)*)?",
    re.ASCII,
)
R_NAME = re.compile(r"[A-Za-z][A-Za-z0-9.]*[A-Za-z0-9]", re.ASCII)


class Packages(TypedDict):
    """What is installed for everyone, besides the base."""

    apt: NotRequired[list[str]]
    """Packages of the distribution, by their names. Default: none."""

    python: NotRequired[list[str]]
    """Python packages, with versions where these matter, such as `xgboost` or `polars>=1,<2`.
    Default: none."""

    r: NotRequired[list[str]]
    """R packages, by their names. Default: none."""


def check_packages(value: Any, what: str) -> dict[str, list[str]]:
    """Return the lists as the settings have them."""
    if not isinstance(value, Mapping) or not set(value) <= set(_CHECKS):
        raise ArgumentError(f"{what} must be an object with some of {', '.join(_CHECKS)}.")
    return {
        kind: _check_list(value.get(kind) or [], f"{what}.{kind}", check)
        for kind, check in _CHECKS.items()
    }


def check_base_packages(values: object, what: str) -> list[str]:
    """Return which groups of the base are wanted."""
    groups = check_texts(values, what)
    for index, group in enumerate(groups):
        if group not in BASE_GROUPS:
            raise ArgumentError(
                f"{what}[{index}] is {group!r}, but the base has {', '.join(BASE_GROUPS)}.",
                "For example: python,r",
            )
    return [group for group in BASE_GROUPS if group in groups]


def _check_list(values: object, what: str, check: Callable[[object, str], str]) -> list[str]:
    given = enumerate(check_texts(values, what))
    names = [check(name, f"{what}[{index}]") for index, name in given]
    plain = [_plain(name) for name in names]
    for name, other in zip(names, plain, strict=True):
        if plain.count(other) > 1:
            raise ArgumentError(f"{what} has {name!r} twice.", "Name each package once.")
    return names


def _plain(name: str) -> str:
    """Return a Python package's name as the index compares it; others stay as they are."""
    match = PYTHON_NAME.fullmatch(name)
    return re.sub(r"[._-]+", "-", match["name"].lower()) if match else name


def _check_apt(value: object, what: str) -> str:
    return _check(APT_NAME, value, what, "a package of the distribution", "ffmpeg")


def _check_python(value: object, what: str) -> str:
    text = "".join(check_text(value, what).split())
    return _check(PYTHON_NAME, text, what, "a Python package, with versions or not", "polars>=1")


def _check_r(value: object, what: str) -> str:
    return _check(R_NAME, value, what, "an R package", "data.table")


def _check(pattern: re.Pattern[str], value: object, what: str, kind: str, example: str) -> str:
    text = check_text(value, what)
    if not pattern.fullmatch(text):
        raise ArgumentError(
            f"{what} is {text!r}, which isn't the name of {kind}.", f"For example: {example}"
        )
    return text


_CHECKS: dict[str, Callable[[object, str], str]] = {
    "apt": _check_apt,
    "python": _check_python,
    "r": _check_r,
}

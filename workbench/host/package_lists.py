"""Which packages everyone on the server has, as the stack's configuration lists them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Self

from workbench.host.contract.values import UnusableValueError
from workbench.host.contract.values import check_text
from workbench.host.contract.values import check_texts

# Groups of the base (`base_packages`); all of them where the settings say nothing.
BASE_GROUPS = ("python", "r", "libraries", "geospatial")
# A name with a minus at its end would be removed by apt-get.
APT_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+.]", re.ASCII)
_VERSION = r"(~=|===?|!=|<=?|>=?)[A-Za-z0-9.*+!_-]+"
PYTHON_NAME = re.compile(
    r"(?P<name>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?)"
    r"(\[[A-Za-z0-9._-]+(,[A-Za-z0-9._-]+)*\])?"
    rf"({_VERSION}(,{_VERSION})*)?",
    re.ASCII,
)
R_NAME = re.compile(r"[A-Za-z][A-Za-z0-9.]*[A-Za-z0-9]", re.ASCII)
# What a list is called where people read of it.
KINDS = {"apt": "apt", "python": "Python", "r": "R"}
# What a name must look like, what it is the name of, and one that is right.
_NAMES = {
    "apt": (APT_NAME, "a package of the distribution", "ffmpeg"),
    "python": (PYTHON_NAME, "a Python package, with versions or not", "polars>=1"),
    "r": (R_NAME, "an R package", "data.table"),
}


@dataclass(frozen=True)
class PackageLists:
    """Groups of the base, and what the stack adds to them."""

    base: tuple[str, ...] = BASE_GROUPS
    apt: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    r: tuple[str, ...] = ()

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Read them from settings; raise UnusableValueError for what can't be a name."""
        base = check_base_groups(values.get("base", BASE_GROUPS), "packages.base")
        names = {
            kind: check_names(kind, values.get(kind) or [], f"packages.{kind}") for kind in KINDS
        }
        return cls(tuple(base), **{kind: tuple(each) for kind, each in names.items()})

    @property
    def is_empty(self) -> bool:
        """Whether nothing is wanted."""
        return not (self.base or self.apt or self.python or self.r)

    def added_to(self, other: "PackageLists") -> list[str]:
        """Return in words what these have and the other ones have not."""
        groups = [f"base group {each}" for each in self.base if each not in other.base]
        return groups + [
            f"{label} {name}"
            for kind, label in KINDS.items()
            for name in getattr(self, kind)
            if name not in getattr(other, kind)
        ]


def plain_name(name: str) -> str:
    """Return a Python package's name without versions, as the index compares it."""
    match = PYTHON_NAME.match(name)
    return re.sub(r"[._-]+", "-", match["name"].lower()) if match else name


def check_base_groups(values: object, what: str) -> list[str]:
    """Return which groups of the base are wanted, in the base's order."""
    groups = check_texts(values, what)
    for index, group in enumerate(groups):
        if group not in BASE_GROUPS:
            raise UnusableValueError(
                f"{what}[{index}] is {group!r}, but the base has {', '.join(BASE_GROUPS)}.",
                "For example: python,r",
            )
    return [group for group in BASE_GROUPS if group in groups]


def check_names(kind: str, values: object, what: str) -> list[str]:
    """Return the names of packages of a kind (``KINDS``), which end up in commands."""
    names = [
        _check_name(kind, name, f"{what}[{index}]")
        for index, name in enumerate(check_texts(values, what))
    ]
    plain = [plain_name(name) if kind == "python" else name for name in names]
    for name, other in zip(names, plain, strict=True):
        if plain.count(other) > 1:
            raise UnusableValueError(f"{what} has {name!r} twice.", "List each package once.")
    return names


def _check_name(kind: str, value: object, what: str) -> str:
    pattern, words, example = _NAMES[kind]
    text = check_text(value, what)
    # People write `polars >= 1, < 2`.
    name = "".join(text.split()) if kind == "python" else text
    if not pattern.fullmatch(name):
        raise UnusableValueError(
            f"{what} is {text!r}, which isn't the name of {words}.", f"For example: {example}"
        )
    return name

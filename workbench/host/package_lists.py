"""Which packages everyone on the server has, as the stack's configuration lists them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from typing import Self

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
_NAMES = {"apt": APT_NAME, "python": PYTHON_NAME, "r": R_NAME}


@dataclass(frozen=True)
class PackageLists:
    """Groups of the base, and what the stack adds to them."""

    base: tuple[str, ...] = BASE_GROUPS
    apt: tuple[str, ...] = ()
    python: tuple[str, ...] = ()
    r: tuple[str, ...] = ()

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Self:
        """Read them from settings; raise ValueError for what can't be a package's name."""
        base = tuple(values.get("base", BASE_GROUPS))
        if unknown := set(base) - set(BASE_GROUPS):
            raise ValueError(f"the base has no group {sorted(unknown)[0]!r}")
        return cls(base, **{kind: _names(values, kind) for kind in KINDS})

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


def _names(values: Mapping[str, Any], kind: str) -> tuple[str, ...]:
    names = tuple(values.get(kind) or ())
    for name in names:
        # They end up in commands.
        if not isinstance(name, str) or not _NAMES[kind].fullmatch(name):
            raise ValueError(f"{name!r} can't be the name of a package ({KINDS[kind]})")
    return names

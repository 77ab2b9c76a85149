"""What the stack sets of JupyterHub's own configuration: values of traits, by class."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import cache
from pathlib import Path
from typing import Any
from typing import Self

from workbench.host.contract.values import UnusableValueError
from workbench.host.contract.values import shown

_TEMPLATE = Path(__file__).parents[1] / "templates" / "jupyterhub_config.py.j2"
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*", re.ASCII)
_TRAIT = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)
# Who may sign in, how, and by which way requests come.
_CLOSED = re.compile(r".*(Authenticator|Proxy)|Service", re.ASCII)
# Where people's servers and the hub are, too, where what the workbench doesn't write is right.
_PLACES = {
    *("base_url", "hub_prefix", "ip", "port", "hub_ip", "hub_port", "proxy_class", "proxy_cmd"),
    *("internal_ssl", "ssl_key", "ssl_cert", "public_url", "cookie_secret", "config_file"),
    *("dynamic_users", "unit_name_template", "username_template", "user_workingdir"),
}
# What the workbench only suggests.
_SUGGESTED = {"default_url", "start_timeout"}
EXAMPLE = "For example: Spawner.mem_limit, 2G"


@dataclass(frozen=True)
class HubSettings:
    """Values by class and trait."""

    traits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)

    @classmethod
    def parse(cls, values: object) -> Self:
        """Read them; raise UnusableValueError for what isn't one, or is the workbench's."""
        return cls(check_traits(values, "hub"))

    @property
    def text(self) -> str:
        """The file that the hub's configuration reads."""
        return json.dumps(self.traits, indent=1, sort_keys=True) + "\n"

    def changed_from(self, before: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Return the names of those that other settings have not, or have otherwise."""
        one, other = (
            {(name, trait): value for name, of in each.items() for trait, value in of.items()}
            for each in (self.traits, before)
        )
        names = [*one, *(name for name in other if name not in one)]
        missing = object()
        return [".".join(each) for each in names if one.get(each) != other.get(each, missing)]

    @property
    def line(self) -> str:
        """The same in one line, for a command."""
        return json.dumps(self.traits)


def check_traits(values: object, what: str) -> dict[str, dict[str, Any]]:
    """Return values by class and trait; whether JupyterHub has them only it can say."""
    if not isinstance(values, Mapping):
        raise UnusableValueError(
            f"{what} is {shown(values)}, but must be an object of classes.", EXAMPLE
        )
    for name, traits in values.items():
        if not _CLASS.fullmatch(name):
            raise UnusableValueError(
                f"{what} has {name!r}, which isn't the name of a class.", EXAMPLE
            )
        if not isinstance(traits, Mapping):
            raise UnusableValueError(
                f"{what}.{name} is {shown(traits)}, but must be an object of traits.", EXAMPLE
            )
        for trait in traits:
            _check_trait(name, trait, what)
    return {
        name: {trait: _whole(value) for trait, value in traits.items()}
        for name, traits in values.items()
    }


def _whole(value: Any) -> Any:
    # Other languages send every number as a float, which JupyterHub doesn't take for a whole one.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _check_trait(name: str, trait: str, what: str) -> None:
    if not _TRAIT.fullmatch(trait):
        raise UnusableValueError(
            f"{what}.{name} has {trait!r}, which isn't the name of a trait.", EXAMPLE
        )
    if _CLOSED.fullmatch(name) or trait in own_traits():
        raise UnusableValueError(
            f"{what} has {name}.{trait}, which the workbench sets itself: people sign in and reach "
            "their servers by it.",
            "Leave it out.",
        )


@cache
def own_traits() -> frozenset[str]:
    """Return the traits that the workbench sets, of whichever class: subclasses have them, too."""
    text = _TEMPLATE.read_text(encoding="utf-8")
    # Of an assignment to several, each.
    found = re.findall(r"\bc\.[A-Za-z]+\.([a-z_]+)\s*=", text)
    return frozenset({*found, *_PLACES} - _SUGGESTED)

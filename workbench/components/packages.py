"""Packages for everyone on the server: what the stack adds, and what of the base it takes."""

from collections.abc import Mapping
from collections.abc import Sequence
from functools import partial
from typing import Any
from typing import NotRequired
from typing import TypedDict

import pulumi

from workbench.components.errors import ArgumentError
from workbench.components.late import checked
from workbench.components.validation import refusing
from workbench.host.package_lists import BASE_GROUPS
from workbench.host.package_lists import KINDS
from workbench.host.package_lists import check_base_groups
from workbench.host.package_lists import check_names

__all__ = ["BASE_GROUPS", "Packages", "check_base_packages", "check_packages"]


class Packages(TypedDict):
    """What is installed for everyone, besides the base."""

    apt: NotRequired[pulumi.Input[Sequence[str]]]
    """Packages of the distribution, by their names. Default: none."""

    python: NotRequired[pulumi.Input[Sequence[str]]]
    """Python packages, with versions if they matter, such as `xgboost` or `polars>=1,<2`. Default:
    none."""

    r: NotRequired[pulumi.Input[Sequence[str]]]
    """R packages, by their names. Default: none."""


def check_packages(value: Any, what: str) -> dict[str, Any]:
    """Return the lists as the settings have them; those not known yet are outputs."""
    if not isinstance(value, Mapping) or not set(value) <= set(KINDS):
        raise ArgumentError(f"{what} must be an object with some of {', '.join(KINDS)}.")
    return {
        kind: checked(partial(refusing(check_names), kind), value.get(kind) or [], f"{what}.{kind}")
        for kind in KINDS
    }


check_base_packages = refusing(check_base_groups)

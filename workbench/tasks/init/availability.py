"""The availability zone of a new workbench: AWS's choice, unless a person says which."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.configured import SUBNET
from workbench.configured import ZONE
from workbench.configured import Configured
from workbench.errors import ConfigError
from workbench.tasks.init.aws_account import Account
from workbench.tasks.init.interview import Interview

if TYPE_CHECKING:
    from workbench.engine.stack_config import Value

OPTION = "--availability-zone"
ANY = "any"


@dataclass(frozen=True)
class Availability:
    """A zone by its name; None where the first one that offers the type is as good."""

    zone: str | None = None

    def as_config(self) -> "dict[str, Value]":
        """Return the key of the stack's configuration; None takes it out."""
        return {ZONE: self.zone}

    def __str__(self) -> str:
        return self.zone or "the first one that offers the instance type"


def ask_availability(
    interview: Interview,
    account: Account,
    given: str | None,
    instance_type: str,
    present: Mapping[str, str],
) -> Availability:
    """Return the zone; it is asked of nobody: ``given`` is the option."""
    if given is not None and Configured(present).subnet_id:
        raise ConfigError(
            f"The stack's subnet ({SUBNET}) decides its zone.",
            f"pulumi config set {SUBNET} SUBNET   is one in another zone",
        )

    def check(text: str) -> Availability:
        return Availability(None if text == ANY else _check_zone(account, text, instance_type))

    if given is not None:
        return interview.answer("Availability zone", OPTION, given, check)
    known = Configured(present).availability_zone
    # Of another region, where the stack was to be before, there is none of that name.
    is_there = known is not None and known.startswith(account.config["aws:region"])
    return Availability(known if is_there else None)


def _check_zone(account: Account, zone: str, instance_type: str) -> str:
    """Return a zone of the account's region that offers an instance type."""
    region = account.config["aws:region"]
    zones = account.zones()
    if zone not in zones:
        raise ConfigError(
            f"AWS has no availability zone {zone!r} in {region} for this account.",
            f"{OPTION} {zones[0] if zones else ANY}   or {', '.join([*zones[1:], ANY])}",
        )
    offering = [each for each in account.zones_that_offer(instance_type) if each in zones]
    if zone not in offering:
        raise ConfigError(
            f"AWS doesn't offer {instance_type} in {zone}.",
            f"{OPTION} {offering[0] if offering else ANY}   or {', '.join([*offering[1:], ANY])}",
        )
    return zone

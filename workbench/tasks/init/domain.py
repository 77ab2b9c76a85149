"""The workbench's domain, and who keeps its records."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.configured import CREATE_ZONE
from workbench.configured import DOMAIN
from workbench.configured import ZONE_ID
from workbench.configured import Configured
from workbench.errors import ConfigError
from workbench.tasks.init.aws_account import Account
from workbench.tasks.init.aws_account import HostedZone
from workbench.tasks.init.interview import Interview

if TYPE_CHECKING:
    from workbench.engine.stack_config import Value

NONE, CREATE, ELSEWHERE = "none", "create", "elsewhere"
OPTION, ZONE_OPTION = "--domain", "--zone"


@dataclass(frozen=True)
class Domain:
    """A domain and where its records go: an existing zone, a new one, or manually elsewhere."""

    name: str | None
    zone: HostedZone | None = None
    create_zone: bool = False

    def as_config(self) -> "dict[str, Value]":
        """Return the keys of the stack's configuration; None takes one out."""
        return {
            DOMAIN: self.name,
            ZONE_ID: self.zone.id if self.zone else None,
            CREATE_ZONE: True if self.create_zone else None,
        }

    def __str__(self) -> str:
        if self.name is None:
            return "none: at its IP address, with a certificate that browsers trust"
        if self.zone:
            return f"{self.name}, in the hosted zone {self.zone.name} ({self.zone.id})"
        where = "in a new hosted zone" if self.create_zone else "records created manually"
        return f"{self.name}, {where}"


def ask_domain(
    interview: Interview,
    account: Account,
    domain: str | None,
    zone: str | None,
    present: Mapping[str, str],
) -> Domain:
    """Return the domain and its zone; ``domain`` and ``zone`` are the options."""
    interview.say(
        "Browsers trust a workbench with or without a domain name; people remember a name."
    )
    # What was configured without a domain has none by choice.
    configured = Configured(present)
    known = configured.domain or (NONE if configured.public_key else "")
    default = known or (NONE if interview.interactive else "")
    name = interview.answer("Domain name, or none", OPTION, domain, _check_domain, default)
    if name is None:
        if zone is not None:
            raise ConfigError(f"{ZONE_OPTION} needs a domain.", f"{OPTION} lab.example.org")
        return Domain(None)
    holding = [each for each in account.hosted_zones() if each.holds(name)]
    holding.sort(key=lambda each: len(each.name), reverse=True)
    _explain(interview, name, holding)
    default = _present_zone(configured) if known == name else holding[0].id if holding else ""
    if not default and interview.interactive:
        default = ELSEWHERE
    question = f"Hosted zone: an id, {CREATE} or {ELSEWHERE}"
    return interview.answer(
        question, ZONE_OPTION, zone, lambda text: _check_zone(text, name, holding), default
    )


def _check_domain(text: str) -> str | None:
    from workbench.components.validation import check_domain

    return None if text.lower() == NONE else check_domain(text, "The domain")


def _check_zone(text: str, domain: str, holding: list[HostedZone]) -> Domain:
    if text.lower() in (CREATE, ELSEWHERE):
        return Domain(domain, create_zone=text.lower() == CREATE)
    found = next((each for each in holding if text in (each.id, each.name)), None)
    if found is None:
        raise ConfigError(
            f"{text!r} isn't a hosted zone in this account for {domain}.",
            f"Those that fit: {', '.join(f'{z.id} ({z.name})' for z in holding) or 'none'}; or"
            f" {CREATE}, or {ELSEWHERE}",
        )
    return Domain(domain, zone=found)


def _explain(interview: Interview, domain: str, holding: list[HostedZone]) -> None:
    for zone in holding:
        interview.say(f"Your account has the hosted zone {zone.name} ({zone.id}).")
    if not holding:
        interview.say(
            f"Your account has no hosted zone for {domain}. With {CREATE}, one is created ($0.50 a"
            " month), and you enter its name servers where the domain was bought; with"
            f" {ELSEWHERE}, you make the records yourself where the domain is kept."
        )


def _present_zone(configured: Configured) -> str:
    return CREATE if configured.create_zone else configured.zone_id or ELSEWHERE

"""All that a new stack on AWS has to be told: options, the person's answers, what is there."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import TYPE_CHECKING

from workbench.configured import INSTANCE_TYPE
from workbench.configured import PUBLIC_KEY
from workbench.configured import SSH_FROM
from workbench.configured import USERS
from workbench.configured import Configured
from workbench.errors import ConfigError
from workbench.prices import HOURS_PER_MONTH
from workbench.prices import Prices
from workbench.prices import in_dollars
from workbench.progress import Progress
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.selection import VARIABLE
from workbench.tasks.init.availability import Availability
from workbench.tasks.init.availability import ask_availability
from workbench.tasks.init.aws_account import EXAMPLES
from workbench.tasks.init.aws_account import Account
from workbench.tasks.init.aws_account import InstanceType
from workbench.tasks.init.domain import Domain
from workbench.tasks.init.domain import ask_domain
from workbench.tasks.init.interview import Interview
from workbench.tasks.init.key_pair import KeyChoice
from workbench.tasks.init.key_pair import ask_key
from workbench.tasks.init.people import ask_ssh_from
from workbench.tasks.init.people import ask_users
from workbench.tasks.output import print_rows
from workbench.tasks.users.declared_users import DeclaredUsers

if TYPE_CHECKING:
    from workbench.engine.stack_config import Value

_STACK = re.compile(r"(?:[\w.-]+/){0,2}[\w.-]{1,100}", re.ASCII)
# Two to sixteen vCPUs, shown with their price; any other may be typed.
SUGGESTED = (
    *("t3.medium", "t3.large", "m7i-flex.large", "t3.xlarge"),
    *("m6i.2xlarge", "r6i.2xlarge", "m6i.4xlarge"),
)


@dataclass(frozen=True)
class Options:
    """The task's options, as they were given."""

    stack: str | None = None
    profile: str | None = None
    region: str | None = None
    instance_type: str | None = None
    domain: str | None = None
    zone: str | None = None
    users: str | None = None
    administrators: str | None = None
    ssh_from: str | None = None
    public_key: str | None = None
    make_key: bool = False
    availability_zone: str | None = None


@dataclass(frozen=True)
class Answers:
    """What the stack is to be."""

    account: Account
    identity: str
    region: str
    instance_type: InstanceType
    domain: Domain
    users: DeclaredUsers
    ssh_from: list[str]
    key: KeyChoice
    availability: Availability = field(default_factory=Availability)

    def as_config(self, public_key: str) -> "dict[str, Value]":
        """Return the stack's configuration; None takes a key out."""
        profile = self.account.config.get("aws:profile")
        users: Value = self.users.as_config()
        return {
            "aws:region": self.region,
            **({"aws:profile": profile} if profile else {}),
            PUBLIC_KEY: public_key,
            INSTANCE_TYPE: self.instance_type.name,
            **self.availability.as_config(),
            **self.domain.as_config(),
            SSH_FROM: list(self.ssh_from),
            **({} if self.users.is_default else {USERS: users}),
        }


def ask_stack(interview: Interview, given: str | None) -> str:
    """Return the name of the stack to configure."""
    named = given or os.environ.get(VARIABLE)
    if not named:
        _require(interview, ["--stack"])
    return interview.answer("Name of the stack", "--stack", named, _check_stack, "prod")


def ask_all(
    interview: Interview, options: Options, stack: str, present: Mapping[str, str], show: Progress
) -> Answers:
    """Ask what isn't given; each answer is checked, and by AWS where AWS can tell."""
    account = _account(options, present)
    _require(interview, _missing(options, present, account))
    with show.phase("AWS credentials"):
        identity = account.identity()
    region = interview.answer(
        f"Region ({EXAMPLES}, …)",
        "--region",
        options.region,
        account.check_region,
        account.region or "",
    )
    account = account.within(region)
    instance_type = _ask_type(interview, account, options.instance_type, present)
    chosen = options.availability_zone
    zone = ask_availability(interview, account, chosen, instance_type.name, present)
    return Answers(
        account,
        identity,
        region,
        instance_type,
        ask_domain(interview, account, options.domain, options.zone, present),
        ask_users(interview, options.users, options.administrators, stack, present),
        ask_ssh_from(interview, options.ssh_from, present),
        ask_key(
            interview, options.public_key, Configured(present).public_key, make=options.make_key
        ),
        zone,
    )


def _missing(options: Options, present: Mapping[str, str], account: Account) -> list[str]:
    """Return the options without which a person has to be asked."""
    configured = PUBLIC_KEY in present
    known = {
        "--region": options.region or account.region,
        "--domain": options.domain or configured,
        "--users": options.users or configured,
    }
    return [option for option, value in known.items() if not value]


def _require(interview: Interview, missing: list[str]) -> None:
    if missing and not interview.interactive:
        told = " and ".join(part for part in (", ".join(missing[:-1]), missing[-1]) if part)
        raise ConfigError(
            f"There is no terminal to ask you on, and {told} {'are' if missing[1:] else 'is'}"
            " missing.",
            "workbench init --help   describes each option",
        )


def _account(options: Options, present: Mapping[str, str]) -> Account:
    config = {key: value for key, value in present.items() if key.startswith("aws:")}
    if options.profile:
        config["aws:profile"] = options.profile
    return Account(config)


def _ask_type(
    interview: Interview, account: Account, given: str | None, present: Mapping[str, str]
) -> InstanceType:
    default = Configured(present).instance_type
    if given is None and interview.interactive:
        found = account.find_types([*SUGGESTED, default])
        prices = account.prices(account.config["aws:region"], *found, others=False)
        print_rows(
            ("instance type", "vCPU", "GiB of memory", "a month"),
            [
                _row(found[name], prices)
                for name in dict.fromkeys([*SUGGESTED, default])
                if name in found
            ],
            interview.console,
        )
        interview.say(f"Prices: {prices.source}, before tax.")
    return interview.answer("Instance type", "--instance-type", given, account.check_type, default)


def _row(found: InstanceType, prices: Prices) -> tuple[str, ...]:
    price = prices.hourly(found.name)
    month = in_dollars(None if price is None else price * HOURS_PER_MONTH)
    return found.name, str(found.vcpus), f"{found.memory:g}", month


def _check_stack(text: str) -> str:
    if not _STACK.fullmatch(text):
        raise ConfigError(
            f"{text!r} can't be a stack's name: use only letters, digits, -, _ and periods.",
            "For example: prod",
        )
    if rehearsal_of(text) is not None:
        raise ConfigError(
            f"{text} is the name of a workbench on this computer, which needs no init.",
            f"workbench up --stack {text}",
        )
    return text

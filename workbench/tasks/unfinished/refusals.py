"""Why AWS refused to make a workbench, in a sentence, and what would do instead."""

import re
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.configured import SUBNET
from workbench.engine.aws import read_region
from workbench.engine.failures import PassphraseError
from workbench.engine.failures import StackOperationError
from workbench.engine.state import short_type
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.quotas import ADDRESSES
from workbench.remote.quotas import GATEWAYS
from workbench.remote.quotas import STANDARD
from workbench.remote.quotas import VPCS
from workbench.remote.quotas import quota_code
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_each
from workbench.tasks.unfinished.existing import tell_existing
from workbench.tasks.unfinished.existing import zone_in
from workbench.tasks.unfinished.offers import other_types
from workbench.tasks.unfinished.offers import other_zones

if TYPE_CHECKING:
    from workbench.engine.changes import Changes
    from workbench.engine.stacks import Stack
    from workbench.engine.state import Resource

_ZONE = r"[a-z]{2}(?:-[a-z0-9]+)+-\d[a-z]"
_IN_ZONE = re.compile(rf"\(({_ZONE})\)")
_CHOOSING = re.compile(rf"choosing ({_ZONE}(?:, {_ZONE})*)")
_TYPE = re.compile(r"(?:sufficient |instance type \()([a-z][a-z0-9-]*\.[a-z0-9-]+)")
_ACTION = re.compile(r"(?:User: (\S+) is )?not authorized to perform: ([\w-]+:\w+)")
# Not of a caller that asks too often.
_LIMIT = re.compile(
    r"\b(?!Request|TooManyRequests)(\w*(?:LimitExceeded|QuotaExceeded)\w*|TooMany\w+)\b"
)


@dataclass(frozen=True)
class Refused:
    """What AWS refused: its words, and what is known of the stack it was for.

    ``has_data`` tells whether people's data is on the stack's volume, which can't move.
    """

    said: str
    state: StackState
    zone: str
    has_data: bool

    @property
    def stack(self) -> str:
        """The stack's name."""
        return self.state.stack

    @property
    def type(self) -> str:
        """The instance type, which is AWS's word where it says one."""
        found = _TYPE.search(self.said)
        return found[1] if found else self.state.configured.instance_type

    @property
    def region(self) -> str:
        """The region."""
        known = self.state.config.get("aws:region") or self.zone[:-1]
        return known or read_region(self.state.config) or "REGION"

    def choose(self, option: str, key: str, value: str) -> str:
        """Return the command that chooses another value."""
        if rehearsal_of(self.stack) is not None:
            return f"pulumi config set workbench:{key} {value} --stack {self.stack}"
        return f"workbench init --stack {self.stack} --{option} {value}"


Said = tuple[str, list[str]]


def explained(opened: "Stack", run: Callable[[], "Changes"], progress: Progress) -> "Changes":
    """Run an operation of the engine; where AWS refuses, raise why, and what would do instead."""
    try:
        return run()
    except PassphraseError:
        raise
    except StackOperationError as error:
        state, *_ = read_each(opened.name, progress)
        there = opened.state().resources
        raise explain_refusal(error, state, there, zone_in(opened.export())) from error


def explain_refusal(
    error: StackOperationError, state: StackState, resources: "tuple[Resource, ...]", zone: str
) -> WorkbenchError:
    """Return why an up failed; where AWS's reason isn't known here, in the engine's own words.

    ``resources`` are what exists now, ``zone`` is where it is or was to be.
    """
    # One that is taken in, or that people work on, stays where it is.
    is_attached = any(short_type(each.type) == "VolumeAttachment" for each in resources)
    has_data = bool(state.outputs or state.configured.data_volume_id or is_attached)
    found = _IN_ZONE.search(error.message)
    refused = Refused(error.message, state, found[1] if found else zone, has_data)
    message, hints = _explain(refused) or (error.message, [error.hint] if error.hint else [])
    if not state.outputs and resources:
        message = f"{message} {tell_existing(resources)}"
        hints = [*hints, f"workbench destroy --stack {state.stack}   removes what exists"]
    return StackOperationError(message, "\n  ".join(hints))


def _explain(refused: Refused) -> Said | None:
    for sign, explain in _CAUSES.items():
        if re.search(sign, refused.said):
            return explain(refused)
    found = _LIMIT.search(refused.said)
    return _other_limit(refused, found[1]) if found else None


def _no_capacity(refused: Refused) -> Said:
    told = f"AWS has no {refused.type} free in {refused.zone} at the moment"
    said = f"{told} (InsufficientInstanceCapacity)."
    return said, [*_elsewhere(refused), f"{_again(refused)}   later: capacity changes all the time"]


def _not_offered(refused: Refused) -> Said:
    return f"AWS doesn't offer {refused.type} in {refused.zone}.", _elsewhere(refused)


def _elsewhere(refused: Refused) -> list[str]:
    """Return the zones and types that would do, as commands."""
    lines = []
    if not refused.has_data:
        zones = _named_zones(refused) or other_zones(refused.state, refused.type, refused.zone)
        if refused.state.configured.subnet_id:
            lines.append(
                f"pulumi config set {SUBNET} SUBNET --stack {refused.stack}"
                f"   a subnet in another zone{_listed(zones)}; then {_again(refused)}"
            )
        elif zones:
            choose = refused.choose("availability-zone", "availabilityZone", zones[0])
            lines.append(f"{choose}   or another zone{_listed(zones)}; then {_again(refused)}")
    if types := other_types(refused.state, refused.type, refused.zone):
        choose = refused.choose("instance-type", "instanceType", types[0])
        lines.append(f"{choose}   or another type{_listed(types)}; then {_again(refused)}")
    return lines


def _listed(names: list[str]) -> str:
    return f" ({', '.join(names)})" if names else ""


def _named_zones(refused: Refused) -> list[str]:
    found = _CHOOSING.search(refused.said)
    return found[1].split(", ") if found else []


def _again(refused: Refused) -> str:
    return f"workbench up --stack {refused.stack}"


def _vcpus(refused: Refused) -> Said:
    code = quota_code(refused.type) or STANDARD
    return (
        f"The account's quota of vCPUs is too small for a {refused.type} (VcpuLimitExceeded).",
        [*_ask_for(refused, "ec2", code, "N"), "N is a number of vCPUs; a t3.medium has 2."],
    )


def _addresses(refused: Refused) -> Said:
    return (
        "The account has reached its limit of Elastic IPs (AddressLimitExceeded).",
        [
            f"aws ec2 describe-addresses --region {refused.region}"
            " --query 'Addresses[?!AssociationId].[PublicIp,AllocationId]'   shows the unused ones",
            f"aws ec2 release-address --region {refused.region} --allocation-id ID"
            f"   releases one; then {_again(refused)}",
            *_ask_for(refused, "ec2", ADDRESSES, "10"),
        ],
    )


def _vpcs(refused: Refused) -> Said:
    return (
        "The account has reached its limit of VPCs in the region (VpcLimitExceeded).",
        [
            f"pulumi config set {SUBNET} SUBNET --stack {refused.stack}   uses a public subnet"
            f" that you have; then {_again(refused)}",
            *_ask_for(refused, "vpc", VPCS, "10"),
        ],
    )


def _gateways(refused: Refused) -> Said:
    return (
        "The account has reached its limit of internet gateways in the region.",
        _ask_for(refused, "vpc", GATEWAYS, "10"),
    )


def _ask_for(refused: Refused, service: str, code: str, value: str) -> list[str]:
    return [
        f"aws service-quotas request-service-quota-increase --service-code {service}"
        f" --quota-code {code} --desired-value {value} --region {refused.region}"
        f"   asks AWS for an increase; then {_again(refused)}"
    ]


def _other_limit(refused: Refused, code: str) -> Said:
    return (
        f"The account has reached a limit ({code}). AWS says:\n{refused.said}",
        [
            "aws service-quotas list-service-quotas --service-code SERVICE"
            f" --region {refused.region}   shows the limits; request an increase in the console",
            _again(refused),
        ],
    )


def _rights(refused: Refused) -> Said:
    found = _ACTION.search(refused.said)
    who = f" to {found[1]}" if found and found[1] else ""
    if "explicit deny" in refused.said:
        who += ", by an explicit deny, such as of your organization"
    told = f"AWS doesn't allow {found[2]}{who}." if found else f"AWS refused it:\n{refused.said}"
    right = f"the right {found[2]}" if found else "the permissions in: workbench init --rights"
    return (
        told,
        [
            f"Ask whoever manages the account for {right}; then {_again(refused)}",
            "aws sts get-caller-identity   says who you are signed in as",
        ],
    )


def _verification(refused: Refused) -> Said:
    return (
        "AWS is still verifying the account for this region (PendingVerification), and sends an"
        " email when that is done.",
        [f"{_again(refused)}   then"],
    )


def _not_activated(refused: Refused) -> Said:
    return (
        "The AWS account isn't activated yet (OptInRequired): the payment method or the phone"
        " number is missing or not verified.",
        [
            "https://portal.aws.amazon.com/billing/signup   completes it",
            f"{_again(refused)}   then",
        ],
    )


def _blocked(refused: Refused) -> Said:
    return (
        "AWS has blocked the account.",
        ["https://aws.amazon.com/support   is who can tell why, and unblock it"],
    )


def _stopped(refused: Refused) -> Said:
    return (
        "The server is stopped, and AWS only puts running ones behind a load balancer.",
        [f"workbench start --stack {refused.stack}   starts it; then {_again(refused)}"],
    )


# By what AWS's answer has in it: its error codes.
_CAUSES: Mapping[str, Callable[[Refused], Said]] = {
    r"Insufficient(Instance|Host|ReservedInstance)Capacity": _no_capacity,
    r"\bUnsupported\b.*not supported in your requested Availability Zone"
    r"|not supported in your requested Availability Zone": _not_offered,
    r"VcpuLimitExceeded|InstanceLimitExceeded": _vcpus,
    r"AddressLimitExceeded": _addresses,
    r"VpcLimitExceeded": _vpcs,
    r"InternetGatewayLimitExceeded": _gateways,
    r"UnauthorizedOperation|AccessDenied|not authorized to perform": _rights,
    r"not in a running state and cannot be registered": _stopped,
    r"PendingVerification": _verification,
    r"OptInRequired": _not_activated,
    r"api error Blocked|: Blocked\)": _blocked,
}

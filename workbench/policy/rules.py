"""What an organization's stacks must keep to: each rule with what to do where one doesn't.

They read what a preview knows. A value that isn't known yet is looked at when it is, in the up.
"""

import ipaddress
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from pulumi_policy import Policy
from pulumi_policy import ReportViolation
from pulumi_policy import ResourceValidationArgs
from pulumi_policy import ResourceValidationPolicy
from pulumi_policy import StackValidationArgs
from pulumi_policy import StackValidationPolicy

from workbench.policy.costs import ADDRESS
from workbench.policy.costs import INSTANCE
from workbench.policy.costs import VOLUME
from workbench.policy.costs import region_of
from workbench.policy.costs import stack_prices
from workbench.prices import in_dollars
from workbench.tasks.changes.guard import GUARD
from workbench.tasks.changes.guard import Change

# What no task lets Pulumi delete, not even one that may change everything else.
KEPT = tuple(kind for kind, may in GUARD[Change.UP].items() if "delete" not in may)

INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
# What a bill is made of, and what people look for by its tags.
TAGGED = (
    INSTANCE,
    VOLUME,
    GROUP,
    ADDRESS,
    "aws:ec2/vpc:Vpc",
    "aws:iam/role:Role",
    "aws:route53/zone:Zone",
    "aws:s3/bucket:Bucket",
)
SSH = (22,)
WEB = (80, 443)


@dataclass(frozen=True)
class Settings:
    """What differs between organizations.

    ``production`` are the stacks that stricter rules are for, as ``prod`` or ``*-prod``; ``tags``
    are the tags that everything must have; ``monthly_budget`` is in US dollars a stack and month,
    for what ``monthly_price`` counts, by the list price.
    """

    production: tuple[str, ...] = ("prod", "*-prod")
    tags: tuple[str, ...] = ()
    monthly_budget: float | None = None

    def is_production(self, urn: str) -> bool:
        """Whether the resource of a URN is in one of the stricter stacks."""
        stack = urn.removeprefix("urn:pulumi:").partition("::")[0]
        return any(fnmatchcase(stack, pattern) for pattern in self.production)


def is_kept(kind: str) -> bool:
    """Whether a resource of Pulumi's type has people's data, as a data volume has."""
    return kind.startswith("aws:") and kind.rpartition(":")[2] in KEPT


def rules(settings: Settings) -> list[Policy]:
    """Return the rules for a ``PolicyPack``."""
    found = [
        _rule(
            "data-is-protected",
            "In production, nothing can replace or delete a data volume: it is protected.",
            lambda args, report: _protected(settings, args, report),
            "Give the component pulumi.ResourceOptions(protect=True). To part with a volume on"
            " purpose, make a snapshot first (workbench data.backup), then say pulumi state"
            " unprotect.",
        ),
        _rule(
            "ssh-is-closed",
            "In production, SSH is not open to the world.",
            lambda args, report: _closed(settings, SSH, args, report),
            "Name the addresses that people come from: workbench:sshFrom, or ssh_from.",
        ),
        _rule(
            "web-is-closed",
            "In production, the web ports are not open to the world.",
            lambda args, report: _closed(settings, WEB, args, report),
            "Name the addresses that people come from: workbench:httpFrom, or http_from. Let's"
            " Encrypt needs port 80 open, so this takes an authority of your own (acme_directory).",
        ),
        _rule(
            "volumes-are-encrypted",
            "Volumes are encrypted.",
            _encrypted,
            "Set encrypted to true on the volume, or in the instance's block device.",
        ),
        _rule(
            "metadata-needs-a-token",
            "Instances answer for their metadata by IMDSv2 alone.",
            _imdsv2,
            'Give the instance metadata_options={"http_tokens": "required"}.',
        ),
    ]
    if settings.tags:
        found.append(
            _rule(
                "tags-are-there",
                f"Everything has the tags: {', '.join(settings.tags)}.",
                lambda args, report: _tagged(settings.tags, args, report),
                "Set them for all at once: pulumi config set --path aws:defaultTags.tags.NAME"
                " VALUE",
            )
        )
    if settings.monthly_budget is not None:
        found.append(_budget(settings.monthly_budget))
    return found


def _rule(
    name: str,
    description: str,
    check: Callable[[ResourceValidationArgs, ReportViolation], None],
    remedy: str,
) -> Policy:
    """Return a rule about single resources, whose violations end with what to do."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        check(args, lambda message, urn: report(f"{message} {remedy}", urn))

    return ResourceValidationPolicy(name, description, validate, remediation_steps=remedy)


def _protected(settings: Settings, args: ResourceValidationArgs, report: ReportViolation) -> None:
    is_strict = settings.is_production(args.urn)
    if is_kept(args.resource_type) and is_strict and not args.opts.protect:
        report(f"{args.name} isn't protected, so a change could replace or delete it.", None)


def _closed(
    settings: Settings,
    ports: Iterable[int],
    args: ResourceValidationArgs,
    report: ReportViolation,
) -> None:
    if not settings.is_production(args.urn):
        return
    for rule in _ingress(args):
        opened = [str(port) for port in ports if _opens(rule, port)]
        world = [cidr for cidr in _ranges(rule) if _is_world(cidr)]
        if opened and world:
            report(f"{args.name} opens port {' and '.join(opened)} to {world[0]}.", None)


def _ingress(args: ResourceValidationArgs) -> Iterator[Mapping[str, Any]]:
    """Give the rules that a resource opens ports by, on their own or within a group."""
    if args.resource_type == INGRESS:
        yield args.props
    elif args.resource_type == GROUP:
        yield from args.props.get("ingress") or []


def _opens(rule: Mapping[str, Any], port: int) -> bool:
    protocol = str(rule.get("ipProtocol") or rule.get("protocol") or "-1")
    if protocol in ("-1", "all"):
        return True
    low, high = rule.get("fromPort"), rule.get("toPort")
    return protocol in ("tcp", "6") and low is not None and low <= port <= (high or low)


def _ranges(rule: Mapping[str, Any]) -> Iterator[str]:
    for key in ("cidrIpv4", "cidrIpv6"):
        if value := rule.get(key):
            yield value
    for key in ("cidrBlocks", "ipv6CidrBlocks"):
        yield from rule.get(key) or []


def _is_world(cidr: str) -> bool:
    """Whether a range is everyone, or one of two halves of everyone."""
    return ipaddress.ip_network(cidr, strict=False).prefixlen <= 1


def _encrypted(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type == VOLUME and not args.props.get("encrypted"):
        report(f"{args.name} isn't encrypted.", None)
    if args.resource_type == INSTANCE:
        root = args.props.get("rootBlockDevice") or {}
        more = args.props.get("ebsBlockDevices") or []
        if not all(device.get("encrypted") for device in [root, *more]):
            report(f"{args.name} has a disk that isn't encrypted.", None)


def _imdsv2(args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type == INSTANCE:
        options = args.props.get("metadataOptions") or {}
        if options.get("httpTokens") != "required" and options.get("httpEndpoint") != "disabled":
            report(
                f"{args.name} gives its role's credentials to whoever asks without a token.", None
            )


def _tagged(tags: Iterable[str], args: ResourceValidationArgs, report: ReportViolation) -> None:
    if args.resource_type not in TAGGED:
        return
    # Those of the provider are in tagsAll.
    given = {**(args.props.get("tags") or {}), **(args.props.get("tagsAll") or {})}
    missing = [tag for tag in tags if not given.get(tag)]
    if missing:
        report(f"{args.name} lacks the tag {' and '.join(missing)}.", None)


def _budget(dollars: float) -> Policy:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        region = region_of(args.resources)
        prices = stack_prices(args.resources, region)
        total = sum(price for _, price in prices if price is not None)
        unknown = [what for what, price in prices if price is None]
        if total > dollars:
            report(
                f"The stack's servers, volumes and network cost {in_dollars(total)} a month by the"
                f" list price, and its budget is {in_dollars(dollars)}. {_CHEAPER}",
                None,
            )
        elif unknown:
            report(
                f"The price table doesn't know {', '.join(sorted(set(unknown)))} in {region}, so it"
                f" isn't known whether the budget of {in_dollars(dollars)} is enough. {_UNKNOWN}",
                None,
            )

    return StackValidationPolicy(
        "budget-is-kept",
        f"Servers, volumes and network cost at most {in_dollars(dollars)} a month.",
        validate,
        remediation_steps=_CHEAPER,
    )


_CHEAPER = "Choose a smaller type or volume, or have the budget raised where the pack is defined."
_UNKNOWN = "Choose what it knows, or leave the rule out where the pack is defined."

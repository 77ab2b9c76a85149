"""A workbench that the internet doesn't reach: what it needs, and who comes in."""

import ipaddress
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from workbench.components.errors import ArgumentError
from workbench.components.late import is_late
from workbench.components.lookups import look_up
from workbench.components.validation import check_text
from workbench.components.validation import shown

# The broadest range that one organization was ever given, by the version of IP.
BROADEST = {4: 8, 6: 16}


def check_private(args: Mapping[str, Any]) -> None:
    """Check who comes in to a workbench with ``public_access`` false: no more than an organization.

    What a list's ranges make up together is private, or no broader than an organization's network.
    """
    for what, ranges in _opened(args):
        if broad := _too_broad([each for each in ranges if not is_late(each)]):
            raise ArgumentError(
                f"{what} has {' and '.join(broad)}, broader than any organization's network (/8,"
                " in IPv6 /16), but public_access is false.",
                "Name the ranges of your own networks, for example 10.0.0.0/8.",
            )


def _too_broad(texts: Sequence[str]) -> list[str]:
    """Return the ranges that make up, together, more than an organization's network."""
    found: list[str] = []
    networks = {each: ipaddress.ip_network(each, strict=False) for each in texts}
    for version, broadest in BROADEST.items():
        own: list[Any] = [each for each in networks.values() if each.version == version]
        for whole in ipaddress.collapse_addresses(own):
            if whole.prefixlen < broadest and not whole.is_private:
                parts = (text for text, each in networks.items() if each.version == version)
                found += [text for text in parts if networks[text].subnet_of(whole)]
    return found


def check_private_network(args: Mapping[str, Any]) -> None:
    """Check that a network that is made for a private server is asked for by one."""
    if args.get("public_access") is False:
        return
    for name in ("private_network", "endpoint_services"):
        if args.get(name) is not None:
            raise ArgumentError(
                f"{name} is for a server that the internet doesn't reach, but public_access"
                " isn't false.",
                f"Set public_access to false, or leave out {name}.",
            )


def _opened(args: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    for what in ("ssh_from", "http_from"):
        yield what, list(args.get(what) or [])
    for index, port in enumerate(args.get("extra_ports") or []):
        yield f"extra_ports[{index}].cidr_blocks", list(port["cidr_blocks"])


def opened_to_vpc(vpc_id: pulumi.Output[str], parent: pulumi.Resource) -> dict[str, Any]:
    """Return who comes in where nobody is named: whoever is in the VPC."""

    def find(known: str) -> str:
        found = look_up(
            lambda: aws.ec2.get_vpc(id=known, opts=pulumi.InvokeOptions(parent=parent)),
            f"AWS does not show the VPC {known!r} in this region",
        )
        return found.cidr_block

    own = vpc_id.apply(find)
    return {"ssh_from": [own], "http_from": [own]}


def check_proxy_command(value: object, what: str) -> str:
    """Return a command line as OpenSSH's configuration takes it."""
    text = check_text(value, what).strip()
    if not text or not text.isprintable():
        raise ArgumentError(
            f"{what} is {shown(value)}, which isn't one line with a command.",
            "For example: ssh -W %h:%p bastion.example.org",
        )
    return text

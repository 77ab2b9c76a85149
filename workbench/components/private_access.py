"""A workbench that the internet doesn't reach: what it needs, and who comes in."""

from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from workbench.components.errors import ArgumentError
from workbench.components.lookups import look_up
from workbench.components.validation import check_text
from workbench.components.validation import shown

EVERYONE = ("0.0.0.0/0", "::/0")


def check_private(args: Mapping[str, Any]) -> None:
    """Check what is said of a workbench with ``public_access`` false."""
    if args.get("subnet_id") is None:
        raise ArgumentError(
            "public_access is false without subnet_id: a network that the workbench makes has a"
            " public subnet only.",
            "Give the subnet_id of a private subnet, with a way out by a NAT gateway.",
        )
    for what, ranges in _opened(args):
        if everyone := [each for each in ranges if each in EVERYONE]:
            raise ArgumentError(
                f"{what} has {everyone[0]}, everyone, but public_access is false.",
                "Name the ranges of your own networks, for example 10.0.0.0/8.",
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

"""The operating systems of a server: which image AWS has for it, and who the administrator is."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from workbench.components.errors import ArgumentError
from workbench.components.lookups import look_up


@dataclass(frozen=True)
class OperatingSystem:
    """A Linux distribution's images: ``parameter`` is the public parameter of Systems Manager."""

    parameter: str
    administrator: str


DEFAULT = "ubuntu-24.04"
OPERATING_SYSTEMS = {
    "ubuntu-24.04": OperatingSystem(
        "/aws/service/canonical/ubuntu/server/24.04/stable/current/{architecture}"
        "/hvm/ebs-gp3/ami-id",
        "ubuntu",
    ),
    "debian-12": OperatingSystem("/aws/service/debian/release/12/latest/{architecture}", "admin"),
}


def check_operating_system(value: object, what: str) -> str:
    """Return the key of an operating system in ``OPERATING_SYSTEMS``; None is the default."""
    if value is None:
        return DEFAULT
    if value not in OPERATING_SYSTEMS:
        known = " or ".join(OPERATING_SYSTEMS)
        raise ArgumentError(f"{what} is {value!r}, but must be {known}.")
    return str(value)


def administrator_of(system: str | None) -> str:
    """Return the name of the account that an operating system's image lets the key pair in to."""
    return OPERATING_SYSTEMS[check_operating_system(system, "os")].administrator


def find_architecture(instance_type: str, parent: pulumi.Resource) -> str:
    """Return an instance type's architecture as images are named by it: amd64 or arm64."""
    found = look_up(
        lambda: aws.ec2.get_instance_type(
            instance_type=instance_type, opts=pulumi.InvokeOptions(parent=parent)
        ),
        f"AWS has no instance type {instance_type!r} to offer in this region",
        "For example: t3.medium (2 vCPU, 4 GiB) or m7i.xlarge (4 vCPU, 16 GiB)",
    )
    return "arm64" if "arm64" in found.supported_architectures else "amd64"


def find_image(system: str, architecture: str, parent: pulumi.Resource) -> str:
    """Return the id of an operating system's newest image."""
    name = OPERATING_SYSTEMS[system].parameter.format(architecture=architecture)
    found = look_up(
        lambda: aws.ssm.get_parameter(name=name, opts=pulumi.InvokeOptions(parent=parent)),
        f"AWS does not say which image {system} has",
        "Check that you may call ssm:GetParameter, or give the image as ami.",
    )
    # The parameter's `value` counts as a secret, and would hide the image in every preview.
    return found.insecure_value

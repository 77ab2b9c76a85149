"""The operating systems that a server may have."""

from dataclasses import dataclass

from workbench.components.errors import ArgumentError


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

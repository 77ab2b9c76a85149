"""The images of a rehearsal: its AMIs, and the SSM public parameters that name them."""

import hashlib
import platform
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import utcnow
from moto.ec2.models.amis import Ami
from moto.ssm.models import Parameter
from moto.ssm.models import ssm_backends

from workbench.rehearsal.names import PLAYED

# AWS's name of a processor architecture, by this computer's.
_ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}
# What publishers call it in their parameters' names.
_PUBLISHED = {"x86_64": "amd64", "arm64": "arm64"}

# Public parameters by operating system: wiki.debian.org/Cloud/AmazonEC2Image/Bookworm, and
# documentation.ubuntu.com/aws, "Find Ubuntu images on AWS". The publishers' account numbers are
# the images' owners.
_PARAMETERS = {
    "debian-12": ("/aws/service/debian/release/12/latest/{arch}",),
    "ubuntu-24.04": (
        "/aws/service/canonical/ubuntu/server/24.04/stable/current/{arch}/hvm/ebs-gp3/ami-id",
        "/aws/service/canonical/ubuntu/server/noble/stable/current/{arch}/hvm/ebs-gp3/ami-id",
    ),
}
_OWNERS = {"debian-12": "136693071363", "ubuntu-24.04": "099720109477"}
_ACCOUNTS = {"debian-12": "admin", "ubuntu-24.04": "ubuntu"}
_ROOT_DEVICES = {"debian-12": "/dev/xvda", "ubuntu-24.04": "/dev/sda1"}


# mypy takes moto's own class for an abstract one.
_parameter: Any = Parameter


def machine_architecture() -> str:
    """Return AWS's name of this computer's processor architecture."""
    machine = platform.machine()
    return _ARCHITECTURES.get(machine, machine)


def image_id(os_name: str) -> str:
    """Return the AMI's ID of an operating system: the same in every rehearsal."""
    seed = f"diy-workbench {os_name} {machine_architecture()}"
    return "ami-" + hashlib.sha256(seed.encode()).hexdigest()[:17]


def read_parameter(region: str, name: str) -> list[str]:
    """Return the entries of a rehearsal's own list parameter; none where it isn't there."""
    versions: list[Any] = ssm_backends[DEFAULT_ACCOUNT_ID][region]._parameters.get(name) or []
    return [each.strip() for each in versions[-1].value.split(",")] if versions else []


def publish_images(ec2: Any, systems: list[str]) -> dict[str, str]:
    """Make the operating systems' AMIs and public parameters; return the AMIs by system.

    ``systems`` are those there is a machine image of; the first plays the others, whose AMIs say
    so, and aren't among those returned.
    """
    for system in _PARAMETERS:
        ami_id = image_id(system)
        if ami_id not in ec2.amis:
            machine = system if system in systems else systems[0]
            ec2.amis[ami_id] = _make_image(ec2, system, ami_id, machine)
        _publish_parameters(ec2.region_name, system, ami_id)
    return {system: image_id(system) for system in systems}


def account_of(image: Any) -> str:
    """Return the account that an AMI's key pair opens; empty where the machine image has it."""
    system = image.image_location.rpartition("/")[2]
    return _ACCOUNTS.get(system, "") if PLAYED in image.description else ""


def _make_image(ec2: Any, system: str, ami_id: str, machine: str) -> Ami:
    architecture = machine_architecture()
    played = "a machine of this rehearsal" if machine == system else f"{PLAYED} {machine}"
    return Ami(
        ec2,
        ami_id,
        name=f"{system}-{_PUBLISHED.get(architecture, architecture)}-rehearsal",
        description=f"{system}: {played}",
        owner_id=_OWNERS.get(system),
        public=True,
        virtualization_type="hvm",
        architecture=architecture,
        image_location=f"rehearsal/{system}",
        hypervisor="xen",
        root_device_type="ebs",
        root_device_name=_ROOT_DEVICES.get(system, "/dev/sda1"),
        region_name=f"{ec2.region_name}a",
    )


def _publish_parameters(region: str, system: str, ami_id: str) -> None:
    # Past PutParameter: it refuses names below /aws, as AWS does.
    parameters = ssm_backends[DEFAULT_ACCOUNT_ID][region]._parameters
    architecture = machine_architecture()
    for pattern in _PARAMETERS.get(system, ()):
        name = pattern.format(arch=_PUBLISHED.get(architecture, architecture))
        parameters[name] = [
            _parameter(
                account_id=DEFAULT_ACCOUNT_ID,
                name=name,
                value=ami_id,
                parameter_type="String",
                description=None,
                allowed_pattern=None,
                keyid=None,
                last_modified_date=utcnow(),
                version=1,
                data_type="aws:ec2:image",
            )
        ]

"""Whether a server can become another instance type: asked of EC2 before anything stops."""

from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

from workbench.configured import INSTANCE_TYPE
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.offerings import zones_that_offer

if TYPE_CHECKING:
    from workbench.remote.stack_state import StackState

_EXAMPLES = "For example t3.large (2 vCPU, 8 GiB) or m7i.xlarge (4 vCPU, 16 GiB)"


@dataclass(frozen=True)
class InstanceType:
    """What EC2 says of an instance type (DescribeInstanceTypes)."""

    name: str
    facts: dict[str, Any]

    @property
    def vcpus(self) -> int:
        """How many virtual processors it has."""
        return int(self.facts["VCpuInfo"]["DefaultVCpus"])

    @property
    def memory_gib(self) -> float:
        """How much memory it has."""
        return float(self.facts["MemoryInfo"]["SizeInMiB"]) / 1024


class UnfitTypeError(WorkbenchError):
    """The server can't become the type; nothing was stopped to find that out."""

    exit_code = ConfigError.exit_code


def read_type(ec2: Any, name: str) -> InstanceType:
    """Return what EC2 says of a type; raise where it has none by that name."""
    from botocore.exceptions import ClientError

    try:
        found = ec2.describe_instance_types(InstanceTypes=[name])["InstanceTypes"]
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") not in (
            "InvalidInstanceType",
            "InvalidParameterValue",
        ):
            raise
        found = []
    if not found:
        raise UnfitTypeError(f"AWS has no instance type {name!r} in this region.", _EXAMPLES)
    return InstanceType(name, found[0])


def check_fits(ec2: Any, instance: dict[str, Any], wanted: InstanceType, stack: str) -> None:
    """Raise with the first reason why the stack's instance can't become a type."""
    check_offered(ec2, instance["Placement"]["AvailabilityZone"], wanted.name)
    unfit = f"{instance['InstanceId']} can't become a {wanted.name}: "
    reason = _check_machine(instance, wanted)
    if reason:
        raise UnfitTypeError(
            f"{unfit}{reason}.",
            f"workbench resize {wanted.name} --replace --stack {stack}"
            "   builds a new server for the data volume",
        )
    reason = _check_devices(instance, wanted) or _check_protection(ec2, instance)
    if reason:
        raise UnfitTypeError(f"{unfit}{reason}.")


def check_architecture(state: "StackState", instance_id: str) -> None:
    """Raise where the configured type is of another architecture than the stack's instance.

    AWS doesn't change an instance so, and Pulumi would start a new one from the old image, which
    AWS refuses: only a new server is of another architecture.
    """
    wanted = state.configured.instance_type if state.configured.has("instance_type") else None
    ec2 = state.aws("ec2")
    found = ec2.describe_instances(InstanceIds=[instance_id])["Reservations"] if wanted else []
    if not wanted or not found:
        return
    instance = found[0]["Instances"][0]
    reason = _check_machine(instance, read_type(ec2, wanted))
    if reason:
        raise UnfitTypeError(
            f"{instance_id} can't become a {wanted}: {reason}. A new server would have to take its"
            " place. Nothing was changed.",
            f"pulumi config set {INSTANCE_TYPE} {instance['InstanceType']}"
            f" --stack {state.stack}   restores the type; then\n"
            f"  workbench resize {wanted} --replace --stack {state.stack}"
            "   builds a new server for the data volume",
        )


def check_offered(ec2: Any, zone: str, name: str) -> None:
    """Raise where AWS has no such type in the availability zone."""
    zones = zones_that_offer(ec2, name)
    if zone not in zones:
        elsewhere = f"only in {', '.join(zones)}" if zones else "nor in any other of this region"
        raise UnfitTypeError(
            f"AWS doesn't offer {name} in {zone}, where the server and its data volume are,"
            f" {elsewhere}.",
            _EXAMPLES,
        )


def _check_machine(instance: dict[str, Any], wanted: InstanceType) -> str:
    """Return why the server's system wouldn't run on the type; empty where it would."""
    facts = wanted.facts
    architecture, supported = (
        instance["Architecture"],
        facts["ProcessorInfo"]["SupportedArchitectures"],
    )
    if architecture not in supported:
        return f"its system is for {architecture}, and the type is {' and '.join(supported)}"
    virtualization = instance.get("VirtualizationType", "hvm")
    if virtualization not in facts.get("SupportedVirtualizationTypes", [virtualization]):
        return f"its image's virtualization is {virtualization}"
    boot, modes = instance.get("CurrentInstanceBootMode"), facts.get("SupportedBootModes")
    if boot and modes and boot not in modes:
        return f"it boots by {boot}, and the type by {' or '.join(modes)}"
    # Absent where it isn't known; images of the last years have the driver.
    ena_needed = facts.get("NetworkInfo", {}).get("EnaSupport") == "required"
    if ena_needed and instance.get("EnaSupport") is False:
        return "its image has no driver for the type's network (ENA)"
    return ""


def _check_devices(instance: dict[str, Any], wanted: InstanceType) -> str:
    """Return which of what is attached the type has no room for; empty where all fits."""
    facts = wanted.facts
    disks, network = facts.get("EbsInfo", {}), facts.get("NetworkInfo", {})
    volumes = len(instance.get("BlockDeviceMappings", []))
    interfaces = instance.get("NetworkInterfaces", [])
    most = disks.get("MaximumEbsAttachments")
    # On most types volumes, network interfaces and built-in disks share their places.
    shared = len(interfaces) if disks.get("AttachmentLimitType") == "shared" else 0
    if most is not None and volumes + shared > int(most) + (1 if shared else 0):
        return f"it has {volumes} volumes, and the type takes {int(most)}"
    if instance.get("RootDeviceType", "ebs") not in facts.get("SupportedRootDeviceTypes", ["ebs"]):
        return "its root device can't stay"
    if len(interfaces) > int(network.get("MaximumNetworkInterfaces", len(interfaces))):
        return f"it has {len(interfaces)} network interfaces, and the type takes fewer"
    most_addresses = int(network.get("Ipv4AddressesPerInterface", 0))
    addresses = max((len(each.get("PrivateIpAddresses", [])) for each in interfaces), default=0)
    if most_addresses and addresses > most_addresses:
        return f"a network interface of it has {addresses} addresses; the type takes fewer"
    return ""


def _check_protection(ec2: Any, instance: dict[str, Any]) -> str:
    """Return why it may not be stopped; empty where it may."""
    found = ec2.describe_instance_attribute(
        InstanceId=instance["InstanceId"], Attribute="disableApiStop"
    )
    if found.get("DisableApiStop", {}).get("Value") is True:
        return "it is protected against being stopped"
    return ""

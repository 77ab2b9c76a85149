"""The instance as AWS has it: running, its metadata guarded, its volumes encrypted."""

from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.target import Target


def read_instance(target: Target) -> dict[str, Any] | None:
    """Return what EC2 says of the server's instance; None when it has forgotten it."""
    wanted = [{"Name": "instance-id", "Values": [target.output("instance_id")]}]
    found = target.aws("ec2").describe_instances(Filters=wanted)["Reservations"]
    instances = [instance for group in found for instance in group["Instances"]]
    return instances[0] if instances else None


def check_stack(target: Target) -> Outcome:
    """Check that the stack has made a server."""
    if not target.outputs.get("instance_id"):
        return failed(f"the stack {target.stack} has no server")
    return passed(f"{target.stack}: {target.outputs.get('url') or target.output('instance_id')}")


def check_running(target: Target) -> Outcome:
    """Check that the instance runs."""
    instance = read_instance(target)
    ident = target.output("instance_id")
    if instance is None:
        return failed(f"{ident} is gone", "workbench up --stack {stack}")
    state = instance["State"]["Name"]
    said = f"{ident}, {instance['InstanceType']}, {state}"
    if state == "running":
        return passed(said)
    return failed(said, "workbench up --stack {stack}")


def check_metadata(target: Target) -> Outcome:
    """Check that instance metadata asks for a session token (IMDSv2)."""
    instance = read_instance(target) or {}
    tokens = instance.get("MetadataOptions", {}).get("HttpTokens", "optional")
    said = f"instance metadata: HttpTokens is {tokens}"
    return passed(said) if tokens == "required" else failed(said)


def check_encryption(target: Target) -> Outcome:
    """Check that every volume of the server is encrypted."""
    instance = read_instance(target) or {}
    attached = [each["Ebs"]["VolumeId"] for each in instance.get("BlockDeviceMappings", [])]
    if not attached:
        return skipped("the instance has no volume")
    volumes = target.aws("ec2").describe_volumes(VolumeIds=attached)["Volumes"]
    plain = [volume["VolumeId"] for volume in volumes if not volume["Encrypted"]]
    if plain:
        return failed(f"not encrypted: {', '.join(plain)}")
    return passed(f"encrypted: {', '.join(attached)}")

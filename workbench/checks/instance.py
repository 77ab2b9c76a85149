"""The instance as AWS has it: running, its metadata guarded, its volumes encrypted."""

from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.checks.target import Target

UP = "workbench up --stack {stack}"
START = "workbench start --stack {stack}"


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
        return explain_gone(target, ident)
    state = instance["State"]["Name"]
    said = f"{ident}, {instance['InstanceType']}, {state}"
    if state == "running":
        return passed(said)
    if state == "pending":
        return warned(f"{said}: it is booting", "workbench status --stack {stack}")
    if state in ("stopped", "stopping"):
        reason = (instance.get("StateReason") or {}).get("Message", "")
        return failed(f"{said}{f': {reason}' if reason else ''}", START)
    return failed(said, UP)


def explain_gone(target: Target, ident: str) -> Outcome:
    """Tell a server that was terminated from an account or a region that isn't the stack's."""
    wanted = [{"Name": "group-id", "Values": [target.output("security_group_id")]}]
    if target.aws("ec2").describe_security_groups(Filters=wanted)["SecurityGroups"]:
        return failed(f"{ident} is gone", UP)
    return failed(
        f"AWS knows neither {ident} nor its security group in {target.outputs.get('region')}:"
        " these are credentials for another account, or the stack was removed manually",
        "aws sts get-caller-identity",
    )


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

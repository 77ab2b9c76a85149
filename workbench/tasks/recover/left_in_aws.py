"""What AWS has of a stack of which nobody has state or copy, and how people's data continues."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError

from workbench.configured import VOLUME
from workbench.engine.project import project_name
from workbench.engine.state import short_name
from workbench.errors import WorkbenchError
from workbench.remote.data_volumes import STACK_TAG
from workbench.remote.selection import find_project
from workbench.remote.selection import running_rehearsal
from workbench.remote.stack_state import StackState
from workbench.remote.unknown import provider_settings
from workbench.tasks.data.data_list import aws_options

_GONE = ("terminated", "shutting-down")


@dataclass(frozen=True)
class Left:
    """IDs of what has the stack's tag; addresses with their IP.

    Of the volumes, those that a server has come first, whatever their tags, then the newest;
    ``in_use`` are those that a server has: of several where the stack had several workbenches.
    """

    servers: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    addresses: tuple[tuple[str, str], ...] = ()
    in_use: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.servers or self.volumes or self.addresses)

    @property
    def data_volume(self) -> str:
        """The volume that has people's data, as far as it can be told."""
        return next(iter(self.volumes), "")


def find_left(stack: str) -> Left:
    """Ask AWS for a stack's servers, volumes and addresses; nothing where it can't be asked."""
    state = _state(stack)
    tag = f"{project_name(find_project())}/{short_name(stack)}"
    mine = [{"Name": f"tag:{STACK_TAG}", "Values": [tag]}]
    try:
        ec2 = state.aws("ec2")
        servers = [
            each
            for page in ec2.get_paginator("describe_instances").paginate(Filters=mine)
            for reservation in page["Reservations"]
            for each in reservation["Instances"]
            if each["State"]["Name"] not in _GONE
        ]
        volumes = ec2.describe_volumes(Filters=mine)["Volumes"]
        addresses = ec2.describe_addresses(Filters=mine)["Addresses"]
    except (BotoCoreError, ClientError, WorkbenchError):
        return Left()
    volumes = sorted(volumes, key=lambda each: each["CreateTime"], reverse=True)
    in_use = [volume for each in servers for volume in _data_of(each)]
    return Left(
        tuple(each["InstanceId"] for each in servers),
        tuple(dict.fromkeys([*in_use, *(each["VolumeId"] for each in volumes)])),
        tuple((each["AllocationId"], each["PublicIp"]) for each in addresses),
        tuple(in_use),
    )


def tell_left(left: Left) -> str:
    """Return a sentence on volumes and addresses; empty where there are none."""
    told = [
        *(f"the data volume {each}" for each in left.volumes),
        *(f"the Elastic IP {ip} ({id_})" for id_, ip in left.addresses),
    ]
    return f"By their tags, AWS has these resources of it: {', '.join(told)}." if told else ""


def ways_on(stack: str, left: Left, *, is_there: bool) -> Iterator[str]:
    """Give the commands by which a new workbench gets people's data.

    ``is_there`` tells whether Pulumi has a stack of that name.
    """
    if not left.data_volume:
        return
    state = _state(stack)
    # Of a lost configuration, only the client knows it.
    state.outputs = {"region": state.aws("ec2").meta.region_name}
    options = aws_options(state)
    yield "Without one: a new workbench on the old data volume, with accounts and home folders:"
    if left.servers:
        ids = " ".join(left.servers)
        yield f"aws ec2 terminate-instances {options} --instance-ids {ids}   the volume stays"
        yield f"aws ec2 wait instance-terminated {options} --instance-ids {ids}"
    for id_, _ in left.addresses:
        yield f"aws ec2 release-address {options} --allocation-id {id_}   costs otherwise"
    if not is_there:
        yield f"pulumi stack init {stack}"
    if len(left.in_use) > 1:
        yield f"data_volume_id, in the program, to each workbench's own: {', '.join(left.in_use)}"
    else:
        yield f"pulumi config set {VOLUME} {left.data_volume} --stack {stack}"
    yield f"workbench up --stack {stack}"
    used = {left.data_volume, *left.in_use}
    if others := [each for each in left.volumes if each not in used]:
        yield f"Other volumes of the stack, from before a restore: {', '.join(others)}"


def _data_of(instance: dict[str, Any]) -> list[str]:
    """Return the volume with people's data, else all but the one with the server's system."""
    from workbench.components.settings import DATA_DEVICE

    devices = {
        each["DeviceName"]: each["Ebs"]["VolumeId"]
        for each in instance.get("BlockDeviceMappings") or []
        if each["DeviceName"] != instance.get("RootDeviceName") and "Ebs" in each
    }
    # What else is attached was by someone, for something else.
    return [devices[DATA_DEVICE]] if DATA_DEVICE in devices else list(devices.values())


def _state(stack: str) -> StackState:
    return StackState(stack, config=provider_settings(stack), rehearsal=running_rehearsal(stack))

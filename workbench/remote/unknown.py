"""What AWS has of a stack, and Pulumi's state of it doesn't know."""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError

from workbench.configured import Configured
from workbench.engine.copies import read_copy
from workbench.engine.damage import recover
from workbench.engine.project import project_name
from workbench.engine.stack_config import config_file
from workbench.engine.stack_config import read_config_file
from workbench.engine.stack_config import read_config_text
from workbench.engine.state import short_name
from workbench.engine.state import short_type
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.rehearsal.description import read_description
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.data_volumes import STACK_TAG
from workbench.remote.selection import find_project
from workbench.remote.selection import running_rehearsal
from workbench.remote.stack_state import StackState

_GONE = ("terminated", "shutting-down")


class UnknownWorkbenchError(WorkbenchError):
    """AWS has a workbench of this stack that Pulumi's state doesn't know."""


@dataclass(frozen=True)
class Unknown:
    """Servers, in words, and buckets; ``problem`` is why AWS could not be asked."""

    servers: tuple[str, ...] = ()
    buckets: tuple[str, ...] = ()
    problem: str = ""

    def __bool__(self) -> bool:
        return bool(self.servers or self.buckets)

    def told(self, stack: str) -> str:
        """Return a sentence on what there is."""
        servers = [f"the server {each}" for each in self.servers]
        buckets = [f"the bucket {each}" for each in self.buckets]
        return (
            f"AWS has a workbench of the stack {stack} that Pulumi's state doesn't know:"
            f" {', '.join([*servers, *buckets])}."
        )


def find_unknown(stack: str, known: Collection[str]) -> Unknown:
    """Ask AWS for what has the stack's tag; ``known`` are the ids that Pulumi's state has."""
    state = StackState(stack, config=provider_settings(stack), rehearsal=running_rehearsal(stack))
    tag = f"{project_name(find_project())}/{short_name(stack)}"
    try:
        servers = _servers(state.aws("ec2"), tag)
        buckets = _buckets(state.aws("resourcegroupstaggingapi"), tag)
    except (BotoCoreError, ClientError, WorkbenchError) as error:
        return Unknown(problem=getattr(error, "message", None) or str(error))
    return Unknown(
        tuple(words for id_, words in servers.items() if id_ not in known),
        tuple(each for each in buckets if each not in known),
    )


def look_for_unknown(stack: str, progress: Progress) -> Unknown:
    """Return what AWS has of a stack whose state names no server, where there may be something.

    Nobody is asked about a stack that this computer never met: its name may be mistyped.
    """
    from workbench.engine.stacks import open_stack

    if not _may_exist(stack):
        return Unknown()
    try:
        resources = open_stack(stack, find_project(), progress).state().resources
    except WorkbenchError:
        resources = ()
    if any(short_type(each.type) == "Instance" for each in resources):
        return Unknown()
    return find_unknown(stack, {each.id for each in resources})


def refuse_unknown(stack: str, progress: Progress) -> None:
    """Raise where AWS has a workbench that the state doesn't know: another would be made.

    A bucket alone is no reason where the configuration names the data volume to continue with: of a
    stack of which nobody has a copy, that is left.
    """
    unknown = look_for_unknown(stack, progress)
    if unknown.servers or (unknown and not Configured(provider_settings(stack)).data_volume_id):
        raise UnknownWorkbenchError(
            f"{unknown.told(stack)} Nothing was changed.",
            f"{recover(stack)}   makes Pulumi know it again",
        )


def _may_exist(stack: str) -> bool:
    project = find_project()
    rehearsal = rehearsal_of(stack)
    if rehearsal is not None:
        return read_description(rehearsal) is not None
    return config_file(stack, project).is_file() or read_copy(stack, project) is not None


def provider_settings(stack: str) -> Mapping[str, str]:
    """Return a configuration for clients: the stack's own, or where that is lost, its copy's."""
    project = find_project()
    copy = read_copy(stack, project)
    try:
        values = read_config_file(config_file(stack, project))
        return values or (copy and read_config_text(copy.configuration)) or {}
    except (WorkbenchError, ValueError):
        return {}


def _servers(ec2: Any, tag: str) -> dict[str, str]:
    """Return the servers with a stack's tag, or its data volume, by id and in words."""
    mine = [{"Name": f"tag:{STACK_TAG}", "Values": [tag]}]
    volumes = ec2.describe_volumes(Filters=mine)["Volumes"]
    attached = {
        one["InstanceId"]: volume["VolumeId"]
        for volume in volumes
        for one in volume.get("Attachments") or []
    }
    found = {each["InstanceId"]: each for each in _instances(ec2, Filters=mine)}
    # Of a version of workbench that tagged the volume only.
    if others := [each for each in attached if each not in found]:
        found |= {each["InstanceId"]: each for each in _instances(ec2, InstanceIds=others)}
    return {
        id_: _words(each, attached.get(id_))
        for id_, each in found.items()
        if each["State"]["Name"] not in _GONE
    }


def _instances(ec2: Any, **wanted: Any) -> Iterable[dict[str, Any]]:
    for page in ec2.get_paginator("describe_instances").paginate(**wanted):
        for reservation in page["Reservations"]:
            yield from reservation["Instances"]


def _words(instance: Mapping[str, Any], volume: str | None) -> str:
    kind, state = instance["InstanceType"], instance["State"]["Name"]
    with_volume = f" with the data volume {volume}" if volume else ""
    return f"{instance['InstanceId']} ({kind}, {state}){with_volume}"


def find_buckets(stack: str) -> list[str]:
    """Return the buckets that have the stack's tag."""
    state = StackState(stack, config=provider_settings(stack), rehearsal=running_rehearsal(stack))
    tag = f"{project_name(find_project())}/{short_name(stack)}"
    return _buckets(state.aws("resourcegroupstaggingapi"), tag)


def _buckets(tagging: Any, tag: str) -> list[str]:
    pages = tagging.get_paginator("get_resources").paginate(
        TagFilters=[{"Key": STACK_TAG, "Values": [tag]}], ResourceTypeFilters=["s3"]
    )
    found = [each["ResourceARN"] for page in pages for each in page["ResourceTagMappingList"]]
    return [arn.rpartition(":")[2] for arn in found]

"""How an instance changes in place: what needs it stopped, and what doesn't."""

from typing import Any

from botocore.exceptions import ClientError

from . import states
from .cloud import Cloud
from .resource import Change
from .resource import Reach
from .tags import replace_ec2_tags
from .tags import update_ec2_tags
from .values import UNKNOWN
from .values import Properties
from .volumes import modify_volume

# EC2 refuses a change of these while the instance runs.
STOPPED_FIELDS = ("instanceType", "userData")
METADATA_FIELDS = {
    "httpTokens": "HttpTokens",
    "httpEndpoint": "HttpEndpoint",
    "httpPutResponseHopLimit": "HttpPutResponseHopLimit",
    "httpProtocolIpv6": "HttpProtocolIpv6",
    "instanceMetadataTags": "InstanceMetadataTags",
}
EBS_FIELDS = {
    "volumeSize": "VolumeSize",
    "volumeType": "VolumeType",
    "iops": "Iops",
    "throughput": "Throughput",
}


def metadata_options(options: Properties) -> dict[str, Any]:
    """Return EC2's form of the metadata options a program gives."""
    return {theirs: options[ours] for ours, theirs in METADATA_FIELDS.items() if ours in options}


def needs_replacement(change: Change, reach: Reach) -> frozenset[str]:
    """Return what needs a new instance in this case.

    The user data if the program wants that, and the type if it is of another architecture: the
    instance's image can't run there.
    """
    found = set()
    if change.new.get("userDataReplaceOnChange"):
        found.add("userData")
    if "instanceType" in change and not _share_architecture(change, reach):
        found.add("instanceType")
    return frozenset(found)


def _share_architecture(change: Change, reach: Reach) -> bool:
    before, after = change.old.get("instanceType"), change.new.get("instanceType")
    if not isinstance(before, str) or not isinstance(after, str):
        return True
    try:
        found = reach().client("ec2").describe_instance_types(InstanceTypes=[before, after])
    except ClientError:
        return True  # a type that isn't there is refused when it is asked for
    architectures = [
        set(each.get("ProcessorInfo", {}).get("SupportedArchitectures", []))
        for each in found["InstanceTypes"]
    ]
    return len(architectures) < 2 or bool(set.intersection(*architectures))


def update_instance(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change an instance in place, as EC2 allows: running if it can be, else stopped meanwhile."""
    update_ec2_tags(cloud, identifier, change)
    _update_simple(cloud, identifier, change)
    _update_profile(cloud, identifier, change)
    if "metadataOptions" in change and change.new.get("metadataOptions"):
        cloud.client("ec2").modify_instance_metadata_options(
            InstanceId=identifier, **metadata_options(change.new["metadataOptions"])
        )
    _update_root(cloud, identifier, change)
    stopped: list[dict[str, Any]] = []
    if "userData" in change:
        stopped.append({"UserData": {"Value": change.new.get("userData", "")}})
    if "instanceType" in change:
        stopped.append({"InstanceType": {"Value": change.new["instanceType"]}})
    if stopped:
        _update_stopped(cloud, identifier, stopped)


def _update_stopped(cloud: Cloud, identifier: str, attributes: list[dict[str, Any]]) -> None:
    """Stop the instance, change it, start it; a refused change leaves it running as it was."""
    states.stop_instance(cloud, identifier)
    try:
        for attribute in attributes:
            cloud.client("ec2").modify_instance_attribute(InstanceId=identifier, **attribute)
    except Exception:
        states.start_instance(cloud, identifier)
        raise
    states.start_instance(cloud, identifier)


def _update_simple(cloud: Cloud, identifier: str, change: Change) -> None:
    ec2, new = cloud.client("ec2"), change.new
    if "vpcSecurityGroupIds" in change:
        ec2.modify_instance_attribute(InstanceId=identifier, Groups=new["vpcSecurityGroupIds"])
    if "disableApiTermination" in change:
        value = new.get("disableApiTermination", False)
        ec2.modify_instance_attribute(InstanceId=identifier, DisableApiTermination={"Value": value})


def _update_profile(cloud: Cloud, identifier: str, change: Change) -> None:
    if "iamInstanceProfile" not in change:
        return
    ec2, wanted = cloud.client("ec2"), change.new.get("iamInstanceProfile")
    found = ec2.describe_iam_instance_profile_associations(
        Filters=[{"Name": "instance-id", "Values": [identifier]}]
    )["IamInstanceProfileAssociations"]
    if found and wanted:
        ec2.replace_iam_instance_profile_association(
            AssociationId=found[0]["AssociationId"], IamInstanceProfile={"Name": wanted}
        )
    elif found:
        ec2.disassociate_iam_instance_profile(AssociationId=found[0]["AssociationId"])
    elif wanted:
        ec2.associate_iam_instance_profile(
            InstanceId=identifier, IamInstanceProfile={"Name": wanted}
        )


def _update_root(cloud: Cloud, identifier: str, change: Change) -> None:
    root = change.state.get("rootBlockDevice") or {}
    if "rootBlockDevice" not in change or root is UNKNOWN:
        return
    old, new = change.old.get("rootBlockDevice") or {}, change.new.get("rootBlockDevice") or {}
    names = {**EBS_FIELDS, "volumeSize": "Size"}
    wanted = {
        theirs: new[ours]
        for ours, theirs in names.items()
        if ours in new and new[ours] != root.get(ours)
    }
    if wanted:
        modify_volume(cloud, root["volumeId"], wanted)
    if new.get("deleteOnTermination", True) != root.get("deleteOnTermination", True):
        cloud.client("ec2").modify_instance_attribute(
            InstanceId=identifier,
            BlockDeviceMappings=[
                {
                    "DeviceName": root["deviceName"],
                    "Ebs": {"DeleteOnTermination": new.get("deleteOnTermination", True)},
                }
            ],
        )
    if old.get("tags") != new.get("tags"):
        before, after = old.get("tags") or {}, new.get("tags") or {}
        replace_ec2_tags(
            cloud, [root["volumeId"]], [key for key in before if key not in after], after
        )

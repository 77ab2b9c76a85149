"""EC2 instances: made and terminated; how they are read and change is in modules alongside."""

from . import states
from .cloud import Cloud
from .instance_changes import STOPPED_FIELDS
from .instance_changes import needs_replacement
from .instance_changes import update_instance
from .instance_reading import read_instance
from .instance_requests import run_request
from .resource import Calls
from .resource import ResourceType
from .resource import names
from .values import Properties


def create_instance(cloud: Cloud, inputs: Properties) -> str:
    """Run an instance."""
    answer = cloud.client("ec2").run_instances(
        ImageId=inputs["ami"], MinCount=1, MaxCount=1, **run_request(cloud, inputs)
    )
    return str(answer["Instances"][0]["InstanceId"])


def settle_instance(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Wait until an instance runs."""
    states.wait_for_instance(cloud, identifier, "running")


def delete_instance(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Terminate an instance and wait until it is terminated; termination protection holds."""
    cloud.client("ec2").terminate_instances(InstanceIds=[identifier])
    states.wait_for_instance(cloud, identifier, "terminated")


INSTANCE = ResourceType(
    type="aws:ec2/instance:Instance",
    calls=Calls(create_instance, read_instance, delete_instance, update_instance, settle_instance),
    inputs=names(
        "ami associatePublicIpAddress availabilityZone disableApiTermination ebsOptimized "
        "iamInstanceProfile instanceType keyName metadataOptions privateIp rootBlockDevice "
        "securityGroups subnetId userData userDataReplaceOnChange vpcSecurityGroupIds"
    ),
    required_one=(names("ami"), names("instanceType")),
    computed=names("arn instanceState primaryNetworkInterfaceId privateDns publicDns publicIp"),
    empty=names("instanceLifecycle outpostArn passwordData spotInstanceRequestId"),
    missed=names("rootBlockDevice"),
    chosen=names(
        "associatePublicIpAddress availabilityZone disableApiTermination ebsOptimized keyName "
        "metadataOptions privateIp rootBlockDevice securityGroups subnetId vpcSecurityGroupIds"
    ),
    replaces=names(
        "ami associatePublicIpAddress availabilityZone ebsOptimized keyName privateIp "
        "securityGroups subnetId rootBlockDevice.encrypted rootBlockDevice.kmsKeyId"
    ),
    replaces_also=needs_replacement,
    recomputed={key: names("publicIp publicDns") for key in STOPPED_FIELDS},
    defaults={"userDataReplaceOnChange": False},
    normalise={"vpcSecurityGroupIds": sorted, "securityGroups": sorted},
    tags=True,
)
ROWS = (INSTANCE,)

"""EC2 answers that moto makes up or leaves out, where only its request handlers can be changed."""

import base64
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.core.types import Base64EncodedString
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses.general import General
from moto.ec2.responses.instances import InstanceResponse
from moto.iam.models import iam_backends

_parse_block_devices = InstanceResponse._parse_block_device_mapping
_run = InstanceResponse.run_instances
_modify_by_value = InstanceResponse._dot_value_instance_attribute_handler

# The size of a root volume nobody gave a size for, in GiB: that of Debian's and Ubuntu's AMIs.
ROOT_SIZE = 8


def patch_responses(console: Callable[[str], str]) -> None:
    """Replace the handlers; ``console`` returns an instance's console output by its ID."""

    def get_console_output(self: Any) -> ActionResult:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        output = console(instance.id)
        return ActionResult(
            {
                "InstanceId": instance.id,
                "Timestamp": utcnow(),
                "Output": Base64EncodedString.from_raw_string(output) if output else None,
            }
        )

    general: Any = General
    general.get_console_output = get_console_output
    instances: Any = InstanceResponse
    instances._parse_block_device_mapping = _block_devices
    instances._dot_value_instance_attribute_handler = _modify_attribute
    instances.run_instances = _run_instances


def _block_devices(self: Any) -> list[dict[str, Any]]:
    """Complete what the request says of the root volume by what the AMI says."""
    image = self.ec2_backend.amis.get(self._get_param("ImageId"))
    if image is None:
        return []
    given = self._get_param("BlockDeviceMappings", [])
    root = next((each for each in given if each["DeviceName"] == image.root_device_name), None)
    if root is None:
        root = {"DeviceName": image.root_device_name}
        given.insert(0, root)
    ebs = root.setdefault("Ebs", {})
    ebs.setdefault("VolumeSize", ROOT_SIZE)
    # True for the root volume, false for any other: AWS's defaults.
    ebs.setdefault("DeleteOnTermination", True)
    if int(ebs["VolumeSize"]) < ROOT_SIZE:
        raise EC2ClientError(
            "InvalidBlockDeviceMapping",
            f"Volume of size {ebs['VolumeSize']}GB is smaller than snapshot"
            f" '{image.ebs_snapshot.id}', expect size >= {ROOT_SIZE}GB",
        )
    self.params["BlockDeviceMappings"] = given
    return _parse_block_devices(self)


def _modify_attribute(self: Any) -> bool:
    user_data = self._get_param("UserData.Value")
    if isinstance(user_data, bytes):
        # Decoded once on the way in, like any blob; moto expects it to be encoded still.
        self.params["UserData"]["Value"] = base64.b64encode(user_data).decode("ascii")
    value = self._get_param("InstanceInitiatedShutdownBehavior.Value")
    if value is None:
        return _modify_by_value(self)
    self.error_on_dryrun()
    self.ec2_backend.modify_instance_attribute(
        self._get_param("InstanceId"), "instance_initiated_shutdown_behavior", value
    )
    return True


def _run_instances(self: Any) -> ActionResult:
    name = self._get_param("IamInstanceProfile.Name")
    arn = self._get_param("IamInstanceProfile.Arn")
    profiles = iam_backends[self.current_account][self.partition].instance_profiles.values()
    if (name or arn) and not any(name == each.name or arn == each.arn for each in profiles):
        kind = "name" if name else "arn"
        raise EC2ClientError(
            "InvalidParameterValue",
            f"Value ({name or arn}) for parameter iamInstanceProfile.{kind} is invalid. Invalid"
            f" IAM Instance Profile {'name' if name else 'ARN'}",
        )
    return _run(self)

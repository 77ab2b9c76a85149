"""What AWS says of a server: its instance type's architecture, and its operating system's image."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from workbench.components.aws_values import check_image_id
from workbench.components.errors import ArgumentError
from workbench.components.late import checked
from workbench.components.lookups import look_up
from workbench.components.operating_systems import OPERATING_SYSTEMS


def find_architecture(instance_type: str, parent: pulumi.Resource) -> str:
    """Return an instance type's architecture as images are named by it: amd64 or arm64."""
    found = look_up(
        lambda: aws.ec2.get_instance_type(
            instance_type=instance_type, opts=pulumi.InvokeOptions(parent=parent)
        ),
        f"AWS has no instance type {instance_type!r} to offer in this region",
        "For example: t3.medium (2 vCPU, 4 GiB) or m7i.xlarge (4 vCPU, 16 GiB)",
    )
    return "arm64" if "arm64" in found.supported_architectures else "amd64"


def find_image(system: str, architecture: str, parent: pulumi.Resource) -> str:
    """Return the id of an operating system's newest image."""
    name = OPERATING_SYSTEMS[system].parameter.format(architecture=architecture)
    found = look_up(
        lambda: aws.ssm.get_parameter(name=name, opts=pulumi.InvokeOptions(parent=parent)),
        f"AWS does not say which image {system} has",
        "Check that you may call ssm:GetParameter, or give the image as ami.",
    )
    # The parameter's `value` counts as a secret, and would hide the image in every preview.
    return found.insecure_value


def check_image(
    image: pulumi.Input[str], architectures: Mapping[str, str], parent: pulumi.Resource
) -> pulumi.Input[str]:
    """Return an image that a program gives, which runs on each of some instance types.

    ``architectures`` are those of the instance types.
    """

    def check(known: str, what: str) -> str:
        check_image_id(known, what)
        found = look_up(
            lambda: aws.ec2.get_ami(
                filters=[{"name": "image-id", "values": [known]}],
                # One that its owner advises against can be used all the same.
                include_deprecated=True,
                opts=pulumi.InvokeOptions(parent=parent),
            ),
            f"AWS does not show the image {known!r} in this region",
            "List yours with: aws ec2 describe-images --owners self. A server that is there keeps "
            "the image it was made from, whatever ami says.",
        )
        own = {"x86_64": "amd64"}.get(found.architecture, found.architecture)
        for instance_type, architecture in architectures.items():
            if architecture != own:
                raise ArgumentError(
                    f"The image {known} is for {own}, and the processor of {instance_type} is "
                    f"{architecture}.",
                    "Choose an image and an instance type of one architecture.",
                )
        return known

    return checked(check, image, "ami")

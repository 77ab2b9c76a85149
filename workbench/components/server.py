"""The machine: one instance that turns itself into a workbench at first boot."""

from collections.abc import Sequence
from functools import partial
from typing import NotRequired
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.aws_values import check_key_arn
from workbench.components.component import Component
from workbench.components.errors import ArgumentError
from workbench.components.late import checked
from workbench.components.machine_images import find_architecture
from workbench.components.machine_images import find_image
from workbench.components.operating_systems import administrator_of
from workbench.components.operating_systems import check_operating_system
from workbench.components.settings import DATA_DEVICE
from workbench.components.stack_tag import stack_tag
from workbench.components.validation import check_bucket
from workbench.components.validation import check_instance_type
from workbench.components.validation import check_number
from workbench.components.workbench_args import KEYS

DEFAULT_INSTANCE_TYPE: str = KEYS["instance_type"].default


class ServerArgs(TypedDict):
    """One server, and where it finds its recipe."""

    subnet_id: pulumi.Input[str]
    """The subnet."""

    security_group_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """The security groups."""

    key_name: pulumi.Input[str]
    """The administrator's key pair."""

    instance_profile: NotRequired[pulumi.Input[str]]
    """The instance profile, whose role may read the bucket. Default: none; the server then may do
    nothing in AWS."""

    bucket: NotRequired[pulumi.Input[str]]
    """The bucket with the recipe and the settings. Also name the `Recipe` in `depends_on`, so that
    the server starts after everything is there. Default: none; the server is then a plain instance
    of its operating system, and installs nothing."""

    user_data: NotRequired[pulumi.Input[str]]
    """What cloud-init does at the first boot of a server without a bucket; changing it later has no
    effect. Everyone on the server can read it, so don't put secrets in it. Default: nothing."""

    volume_id: NotRequired[pulumi.Input[str]]
    """The data volume to attach. Default: none."""

    instance_type: NotRequired[str]
    """The instance type; changing it stops and starts the same server. Default: `t3.medium`."""

    os: NotRequired[str]
    """The operating system of a new server, `ubuntu-24.04` or `debian-12`. Don't change it while
    there is a server: the server keeps its system, and commands would only expect the wrong
    administrator account. Default: `ubuntu-24.04`."""

    ami: NotRequired[pulumi.Input[str]]
    """The machine image of a new server, based on the operating system in `os`. An existing server
    keeps its own. Default: the operating system's newest image."""

    root_volume_size: NotRequired[pulumi.Input[int]]
    """Size of the root volume in GiB, 8 to 16384. Default: 30."""

    kms_key_id: NotRequired[pulumi.Input[str]]
    """The ARN of the KMS key for a new server's root volume; an existing one keeps its own.
    Default: the account's key for EBS."""

    public_ip: NotRequired[pulumi.Input[bool]]
    """Whether the server gets a public address when it is created; changing it later has no effect.
    Default: the subnet's setting."""

    protect: NotRequired[bool]
    """Whether AWS refuses to terminate the server, and Pulumi to destroy or replace it, until this
    is false again. Default: false."""


class Server(Component):
    """An instance with IMDSv2 and encrypted volumes, and, if it has a bucket, the bootstrap."""

    instance_id: pulumi.Output[str]
    """The instance."""

    instance_type: pulumi.Output[str]
    """Its type."""

    private_ip: pulumi.Output[str]
    """Its address in the VPC."""

    administrator: pulumi.Output[str]
    """The operating system's user account that `key_name` gives access to."""

    @classmethod
    def check(cls, name: str, args: ServerArgs) -> None:
        """Raise ArgumentError for a value that can't be used, as far as it is known by now."""
        check_operating_system(args.get("os"), "os")
        _instance_type(args)
        _root_volume(args)
        bucket = args.get("bucket")
        if bucket is None:
            return
        checked(check_bucket, bucket, "bucket")
        if args.get("user_data") is not None:
            raise ArgumentError(
                "user_data can't be used for a server with a bucket, which uses its own bootstrap.",
                "Leave out user_data, or leave out bucket.",
            )
        if args.get("instance_profile") is None:
            raise ArgumentError(
                "bucket is given without instance_profile, whose role the server needs to read it.",
                "Give the instance_profile of the Access, too.",
            )

    def __init__(
        self, name: str, args: ServerArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("workbench:index:Server", name, {}, opts)
        system = check_operating_system(args.get("os"), "os")
        instance = self._create_instance(name, args, system, opts)
        volume_id = args.get("volume_id")
        if volume_id is not None:
            protect = args.get("protect") is True
            attach_volume(name, self, instance.id, volume_id, protect=protect)
        self.instance_id = instance.id
        self.instance_type = instance.instance_type
        self.private_ip = instance.private_ip
        self.administrator = pulumi.Output.from_input(administrator_of(system))
        self.register_outputs(
            {
                "instanceId": self.instance_id,
                "instanceType": self.instance_type,
                "privateIp": self.private_ip,
                "administrator": self.administrator,
            }
        )

    def _create_instance(
        self, name: str, args: ServerArgs, system: str, opts: pulumi.ResourceOptions | None
    ) -> aws.ec2.Instance:
        instance_type = _instance_type(args)
        protect = args.get("protect") is True
        image = args.get("ami")
        if image is None:
            image = find_image(system, find_architecture(instance_type, self), self)
        return aws.ec2.Instance(
            f"{name}-instance",
            ami=image,
            instance_type=instance_type,
            subnet_id=args["subnet_id"],
            associate_public_ip_address=args.get("public_ip"),
            vpc_security_group_ids=args["security_group_ids"],
            key_name=args["key_name"],
            iam_instance_profile=args.get("instance_profile"),
            user_data=self._user_data(args),
            # A hop limit of 1 keeps the role's credentials from containers that have a network of
            # their own, and from nobody else: from people the recipe keeps them.
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,
            },
            root_block_device=_root_volume(args),
            disable_api_termination=protect,
            tags={"Name": name, **stack_tag()},
            opts=pulumi.ResourceOptions(
                parent=self,
                # A component's own depends_on doesn't reach its children.
                depends_on=opts.depends_on if opts else None,
                # AWS refuses only after the volume was detached, for which the server was stopped.
                # With the attachment protected too, that doesn't begin. Not false, which would
                # undo the protection that the component's own options give.
                protect=protect or None,
                # Neither another image or key nor a newer bootstrap may stop or replace a server,
                # nor an address that it had until it got another one.
                ignore_changes=[
                    "ami",
                    "userData",
                    "associatePublicIpAddress",
                    "rootBlockDevice.kmsKeyId",
                ],
            ),
        )

    def _user_data(self, args: ServerArgs) -> pulumi.Input[str] | None:
        bucket = args.get("bucket")
        if bucket is None:
            return args.get("user_data")
        region = aws.get_region_output(opts=pulumi.InvokeOptions(parent=self)).region
        return pulumi.Output.all(checked(check_bucket, bucket, "bucket"), region).apply(_bootstrap)


def _instance_type(args: ServerArgs) -> str:
    return check_instance_type(args.get("instance_type") or DEFAULT_INSTANCE_TYPE, "instance_type")


def _root_volume(args: ServerArgs) -> aws.ec2.InstanceRootBlockDeviceArgsDict:
    volume: aws.ec2.InstanceRootBlockDeviceArgsDict = {
        "encrypted": True,
        "volume_type": "gp3",
        "volume_size": _root_size(args),
        "delete_on_termination": True,
    }
    if (key := args.get("kms_key_id")) is not None:
        volume["kms_key_id"] = checked(check_key_arn, key, "kms_key_id")
    return volume


def _root_size(args: ServerArgs) -> pulumi.Input[int]:
    size = args.get("root_volume_size")
    check = partial(check_number, low=8, high=16384, unit="GiB")
    default: int = KEYS["root_volume_size"].default
    return checked(check, default if size is None else size, "root_volume_size")


def attach_volume(
    name: str,
    server: Server,
    instance_id: pulumi.Input[str],
    volume_id: pulumi.Input[str],
    *,
    protect: bool,
) -> None:
    """Attach a data volume to a server; ``name`` stays when the volume moves to another one."""
    aws.ec2.VolumeAttachment(
        f"{name}-data",
        instance_id=instance_id,
        volume_id=volume_id,
        device_name=DATA_DEVICE,
        # An orderly halt unmounts the volume; detaching it under a running server would hang,
        # or lose what wasn't written yet.
        stop_instance_before_detaching=True,
        # A volume is at one server only: it leaves the old one before the new one gets it.
        opts=pulumi.ResourceOptions(
            parent=server, delete_before_replace=True, protect=protect or None
        ),
    )


def _bootstrap(place: list[str]) -> str:
    from workbench.host.bootstrap import render_bootstrap

    bucket, region = place
    return render_bootstrap(bucket, region)

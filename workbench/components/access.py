"""Who and what gets in: security group, key pair, and what the server itself may do in AWS."""

import json
from collections.abc import Sequence
from functools import partial
from typing import NotRequired
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.aws_values import check_profile_name
from workbench.components.aws_values import check_security_group_id
from workbench.components.component import Component
from workbench.components.errors import ArgumentError
from workbench.components.late import checked
from workbench.components.lookups import look_up
from workbench.components.ports import WEB_PORTS
from workbench.components.ports import Port
from workbench.components.ports import check_none_of_web
from workbench.components.ports import check_ports
from workbench.components.ports import check_ranges
from workbench.components.role import Role
from workbench.components.role import attach_policies
from workbench.components.role import check_role_or_profile
from workbench.components.role import create_role
from workbench.components.security_groups import Opening
from workbench.components.security_groups import create_group
from workbench.components.security_groups import openings
from workbench.components.validation import KEY_PAIR_TYPES
from workbench.components.validation import check_public_key

DESCRIPTION = "A data science workbench"
ANYONE = ["0.0.0.0/0"]
# What the agent of Systems Manager needs for a shell and for run command without an open port, on
# Ubuntu, whose image has it (Debian's has none). AWS's own AmazonSSMManagedInstanceCore would let
# the server read every parameter of the account.
# docs.aws.amazon.com/systems-manager/latest/userguide/setup-instance-permissions.html
_SYSTEMS_MANAGER = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "ssm:UpdateInstanceInformation",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
                "ec2messages:AcknowledgeMessage",
                "ec2messages:DeleteMessage",
                "ec2messages:FailMessage",
                "ec2messages:GetEndpoint",
                "ec2messages:GetMessages",
                "ec2messages:SendReply",
            ],
            # These actions know no resources.
            "Resource": "*",
        }
    ],
}


class AccessArgs(TypedDict):
    """Who may reach the server, and what the server may do."""

    vpc_id: pulumi.Input[str]
    """The VPC of the server."""

    public_key: pulumi.Input[str]
    """The administrator's public key in OpenSSH form (ed25519 or RSA). It becomes the key pair of
    the first boot; changing it later never replaces a server: the recipe installs the new one."""

    ssh_from: NotRequired[Sequence[pulumi.Input[str]]]
    """The ranges of addresses in CIDR notation that may use SSH (port 22). Default: none."""

    http_from: NotRequired[Sequence[pulumi.Input[str]]]
    """The ranges of addresses that may use HTTP and HTTPS (ports 80 and 443). Default:
    `0.0.0.0/0`, everyone; Let's Encrypt needs port 80 open to everyone."""

    http_from_group: NotRequired[pulumi.Input[str]]
    """The security group of a load balancer, which alone may use HTTP and HTTPS, instead of
    `http_from`. Default: none."""

    extra_ports: NotRequired[Sequence[Port]]
    """More ports to open. Default: none."""

    role: NotRequired[Role]
    """How the server's role is created: its path, its boundary, further policies. Default: a role
    that allows what Systems Manager's agent and `Recipe` need."""

    instance_profile: NotRequired[pulumi.Input[str]]
    """The name of an existing instance profile. No role is created then, and the profile's own gets
    no policy: it must allow what `docs/org.md` says. Default: one is created."""


class Access(Component):
    """A security group that opens exactly what you ask for, a key pair, and an instance role."""

    security_group_id: pulumi.Output[str]
    """The security group."""

    key_name: pulumi.Output[str]
    """The key pair."""

    role_name: pulumi.Output[str]
    """The server's role, for further policies."""

    instance_profile: pulumi.Output[str]
    """The instance profile that gives the server the role."""

    @classmethod
    def check(cls, name: str, args: AccessArgs) -> None:
        """Raise ArgumentError for a value that can't be used, as far as it is known by now."""
        _public_key(args)
        _rules(args)
        check_role_or_profile(args)

    def __init__(
        self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("workbench:index:Access", name, {}, opts)
        group = create_group(name, args["vpc_id"], DESCRIPTION, _rules(args), self)
        self.security_group_id = group.id
        profile = args.get("instance_profile")
        if profile is None:
            self._create_role(name, args.get("role"))
        else:
            self._use_profile(profile)
        key_pair = aws.ec2.KeyPair(
            f"{name}-key-pair",
            public_key=_public_key(args),
            tags={"Name": name},
            # Another key pair would mean another instance: EC2 sets keys at first boot only.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["publicKey"]),
        )
        self.key_name = key_pair.key_name
        self.register_outputs(
            {
                "securityGroupId": self.security_group_id,
                "keyName": self.key_name,
                "roleName": self.role_name,
                "instanceProfile": self.instance_profile,
            }
        )

    def _create_role(self, name: str, asked: Role | None) -> None:
        own = pulumi.ResourceOptions(parent=self)
        partition = aws.get_partition_output(opts=pulumi.InvokeOptions(parent=self))
        role = create_role(
            f"{name}-role",
            # In China it ends with .cn, as that of few other services does
            # (hashicorp/terraform-provider-aws#47141).
            pulumi.Output.concat("ec2.", partition.dns_suffix),
            asked,
            own,
            "What a workbench's server may do in AWS",
        )
        attach_policies(name, role, asked, own)
        aws.iam.RolePolicy(
            f"{name}-systems-manager",
            role=role.name,
            policy=json.dumps(_SYSTEMS_MANAGER),
            opts=own,
        )
        profile = aws.iam.InstanceProfile(
            f"{name}-instance-profile", role=role.name, path=(asked or {}).get("path"), opts=own
        )
        self.role_name = role.name
        self.instance_profile = profile.name

    def _use_profile(self, given: pulumi.Input[str]) -> None:
        found = pulumi.Output.from_input(given).apply(self._find_profile)
        self.role_name = found.role_name
        self.instance_profile = found.name

    def _find_profile(self, name: str) -> aws.iam.AwaitableGetInstanceProfileResult:
        check_profile_name(name, "instance_profile")
        return look_up(
            lambda: aws.iam.get_instance_profile(name=name, opts=pulumi.InvokeOptions(parent=self)),
            f"AWS does not show the instance profile {name!r}",
            "List yours with: aws iam list-instance-profiles",
        )


def _public_key(args: AccessArgs) -> pulumi.Input[str]:
    check = partial(check_public_key, types=KEY_PAIR_TYPES)
    return checked(check, args["public_key"], "public_key")


def _rules(args: AccessArgs) -> dict[str, Opening]:
    """Return what is opened; the web to a load balancer alone, where there is one."""
    http_from, balancer = args.get("http_from"), args.get("http_from_group")
    web = check_ranges(ANYONE if http_from is None else http_from, "http_from")
    if balancer is not None:
        if http_from is not None:
            raise ArgumentError(
                "http_from and http_from_group exclude each other: what comes by a load balancer"
                " comes by nothing else.",
                "Leave out one of them.",
            )
        check_none_of_web(args.get("extra_ports") or [], "extra_ports")
        web = []
    opened = openings(
        [
            ("tcp", 22, check_ranges(args.get("ssh_from") or [], "ssh_from")),
            *(("tcp", port, web) for port in WEB_PORTS),
            *check_ports(args.get("extra_ports") or [], "extra_ports"),
        ]
    )
    if balancer is not None:
        group = checked(check_security_group_id, balancer, "http_from_group")
        for port in WEB_PORTS:
            opened[f"tcp-{port}-load-balancer"] = Opening("tcp", port, group=group)
    return opened

"""Administration without an open port: an EC2 Instance Connect Endpoint, and who it reaches."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import NotRequired
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.component import Component
from workbench.components.component import unprotected
from workbench.components.errors import ArgumentError

SSH_PORT = 22


class InstanceConnectEndpointArgs(TypedDict):
    """Where the endpoint is, and which servers it reaches."""

    vpc_id: pulumi.Input[str]
    """The VPC of the servers. AWS allows one endpoint per VPC."""

    subnet_id: pulumi.Input[str]
    """The endpoint's subnet, any in the VPC; with the servers' own subnet there are no costs for
    transfer between zones."""

    security_group_ids: NotRequired[Sequence[pulumi.Input[str]]]
    """The security groups of the servers that the endpoint may reach by SSH; it reaches no others.
    Each gets a rule that allows it. Default: none; a workbench that uses the endpoint's
    `endpoint_id` and `security_group_id` adds its own."""


class InstanceConnectEndpoint(Component):
    """An EC2 Instance Connect Endpoint, which can only reach port 22 of the given servers."""

    endpoint_id: pulumi.Output[str]
    """The endpoint."""

    security_group_id: pulumi.Output[str]
    """Its security group."""

    def __init__(
        self,
        name: str,
        args: InstanceConnectEndpointArgs,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("workbench:index:InstanceConnectEndpoint", name, {}, opts)
        own = pulumi.ResourceOptions(parent=self)
        group = aws.ec2.SecurityGroup(
            f"{name}-security-group",
            vpc_id=args["vpc_id"],
            # EC2 can't change a description: another text here would replace the group.
            description="An EC2 Instance Connect Endpoint of a workbench",
            tags={"Name": name},
            opts=own,
        )
        for index, servers in enumerate(args.get("security_group_ids") or []):
            let_in(name, f"-{index}", group.id, servers, own)
        endpoint = aws.ec2transitgateway.InstanceConnectEndpoint(
            f"{name}-endpoint",
            subnet_id=args["subnet_id"],
            security_group_ids=[group.id],
            # With the client's address as the source, a rule for a security group lets nobody in.
            preserve_client_ip=False,
            tags={"Name": name},
            # A VPC has one: the old one goes first.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        self.endpoint_id = endpoint.id
        self.security_group_id = group.id
        self.register_outputs(
            {"endpointId": self.endpoint_id, "securityGroupId": self.security_group_id}
        )


def let_in(
    name: str,
    ending: str,
    group: pulumi.Input[str],
    servers: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    """Let an endpoint's security group reach SSH of a server's, with a rule of each."""
    aws.vpc.SecurityGroupEgressRule(
        f"{name}-egress{ending}",
        security_group_id=group,
        referenced_security_group_id=servers,
        ip_protocol="tcp",
        from_port=SSH_PORT,
        to_port=SSH_PORT,
        opts=unprotected(opts),
    )
    aws.vpc.SecurityGroupIngressRule(
        f"{name}-ingress{ending}",
        security_group_id=servers,
        referenced_security_group_id=group,
        ip_protocol="tcp",
        from_port=SSH_PORT,
        to_port=SSH_PORT,
        opts=unprotected(opts),
    )


def check_way_in(args: Mapping[str, Any]) -> None:
    """Check what is said of a workbench's endpoint."""
    existing, group = (args.get(f"instance_connect_{each}") for each in ("endpoint_id", "group_id"))
    if existing is None:
        if group is not None:
            raise ArgumentError(
                "instance_connect_group_id is the security group of an endpoint that exists, and"
                " instance_connect_endpoint_id doesn't say which.",
                "Give both, or neither.",
            )
        return
    if args.get("instance_connect_endpoint"):
        raise ArgumentError(
            "instance_connect_endpoint makes an endpoint, and instance_connect_endpoint_id is one"
            " that exists: a VPC has one.",
            "Leave out one of them.",
        )
    # To say that no address may use SSH is to say that something else lets it in.
    is_open = args.get("public_access") is False or args.get("ssh_from") is not None
    if not (group or is_open or args.get("security_group_ids")):
        raise ArgumentError(
            "instance_connect_endpoint_id is given, and nothing lets that endpoint in to port 22.",
            "Give its security group as instance_connect_group_id, or name its subnet's range in"
            " ssh_from ([] where a rule of your own lets it in).",
        )

"""Administration without an open port: an EC2 Instance Connect Endpoint, and who it reaches."""

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.component import Component
from workbench.components.errors import ArgumentError

SSH_PORT = 22


class InstanceConnectEndpointArgs(TypedDict):
    """Where the endpoint is, and which servers it reaches."""

    vpc_id: pulumi.Input[str]
    """The VPC of the servers. AWS has one endpoint a VPC."""

    subnet_id: pulumi.Input[str]
    """The subnet to be in, any of the VPC; the servers' own costs no transfer between zones."""

    security_group_ids: Sequence[pulumi.Input[str]]
    """The security groups of the servers that the endpoint reaches by SSH, and no others. Each gets
    a rule that lets it in."""


class InstanceConnectEndpoint(Component):
    """An EC2 Instance Connect Endpoint, which reaches port 22 of the servers named alone."""

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
        for index, servers in enumerate(args["security_group_ids"]):
            aws.vpc.SecurityGroupEgressRule(
                f"{name}-egress-{index}",
                security_group_id=group.id,
                referenced_security_group_id=servers,
                ip_protocol="tcp",
                from_port=SSH_PORT,
                to_port=SSH_PORT,
                opts=own,
            )
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-ingress-{index}",
                security_group_id=servers,
                referenced_security_group_id=group.id,
                ip_protocol="tcp",
                from_port=SSH_PORT,
                to_port=SSH_PORT,
                opts=own,
            )
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


def check_way_in(args: Mapping[str, Any]) -> None:
    """Check what is said of a workbench's endpoint."""
    existing = args.get("instance_connect_endpoint_id")
    if existing is None:
        return
    if args.get("instance_connect_endpoint"):
        raise ArgumentError(
            "instance_connect_endpoint makes an endpoint, and instance_connect_endpoint_id is one"
            " that exists: a VPC has one.",
            "Leave out one of them.",
        )
    in_vpc = args.get("public_access") is False and args.get("ssh_from") is None
    if not (in_vpc or args.get("ssh_from") or args.get("security_group_ids")):
        raise ArgumentError(
            "instance_connect_endpoint_id is given, and nothing lets that endpoint in to port 22.",
            "Name its subnet's range in ssh_from, or in security_group_ids a group that lets its"
            " own security group in.",
        )

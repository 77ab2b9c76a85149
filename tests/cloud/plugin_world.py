"""A network, and what a test makes in it by the plugin."""

from typing import Any

from workbench.rehearsal.api.parameters import image_id
from workbench.rehearsal.api.parameters import machine_architecture

FAMILY = "t3" if machine_architecture() == "x86_64" else "t4g"
INSTANCE = "aws:ec2/instance:Instance"


class World:
    """A network with what the tests need in it."""

    def __init__(self, engine: Any) -> None:
        self.engine = engine
        self.made: list[Any] = []
        self.vpc = self.create("aws:ec2/vpc:Vpc", cidrBlock="10.6.0.0/16")
        self.subnet = self.create(
            "aws:ec2/subnet:Subnet",
            vpcId=self.vpc.id,
            cidrBlock="10.6.1.0/24",
            availabilityZone="us-east-1a",
        )
        self.group = self.create("aws:ec2/securityGroup:SecurityGroup", vpcId=self.vpc.id)

    def create(self, kind: str, **inputs: Any) -> Any:
        self.made.append(self.engine.create(kind, f"it{len(self.made)}", inputs))
        return self.made[-1]

    def instance(self, **inputs: Any) -> Any:
        given = {
            "ami": image_id("debian-12"),
            "instanceType": f"{FAMILY}.medium",
            "subnetId": self.subnet.id,
            "vpcSecurityGroupIds": [self.group.id],
            "tags": {"Name": "server"},
            **inputs,
        }
        return self.create(INSTANCE, **given)

    def refreshed_diff(self, made: Any) -> tuple[Any, Any]:
        """Return the resource as a refresh leaves it, and its difference to the program."""
        found = self.engine.read(made)
        return found, self.engine.diff(found, made.inputs)

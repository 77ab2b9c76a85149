"""The network that an organization's workbenches share: made once, by those who look after it."""

import pulumi

from workbench import Network

config = pulumi.Config()
network = Network("shared", {"cidr_block": config.get("cidrBlock") or "10.40.0.0/16"})

pulumi.export("vpc_id", network.vpc_id)
pulumi.export("subnet_id", network.subnet_id)

"""Lab 1 as code: one instance, let in by SSH only, from your address, with your key."""

import pulumi

from workbench import Access
from workbench import Network
from workbench import Server
from workbench import read_configuration
from workbench import read_name

name, config = read_name(), read_configuration()

# A network of its own, where the commands took the one that every AWS account begins with.
network = Network(name, {"instance_type": "t3.micro"})

# The security group and the key pair: who gets in. Nobody may use HTTP: nothing would answer.
access = Access(
    name,
    {
        "vpc_id": network.vpc_id,
        "public_key": config["public_key"],
        "ssh_from": config["ssh_from"],
        "http_from": [],
    },
)

server = Server(
    name,
    {
        "subnet_id": network.subnet_id,
        "security_group_ids": [access.security_group_id],
        "key_name": access.key_name,
        "instance_type": "t3.micro",
        "os": config["os"],
    },
    # The way to the internet is there before the instance boots.
    pulumi.ResourceOptions(depends_on=[network, access]),
)

pulumi.export("instance_id", server.instance_id)

"""Lab 2 as code: the instance of lab 1, with an account of your own from its first boot on."""

import json

import pulumi

from workbench import Access
from workbench import Network
from workbench import Server
from workbench import read_configuration
from workbench import read_name

name, config = read_name(), read_configuration()

# What cloud-init, a program on the image, does at the first boot. "default" is the image's own
# account, which the key pair opens. A password isn't here: everyone on the server can read this.
first_boot = {
    "users": [
        "default",
        {
            "name": "test-user",
            "groups": "sudo",
            "shell": "/bin/bash",
            "ssh_authorized_keys": [pulumi.Config().require("ownKey")],
        },
    ]
}

network = Network(name, {"instance_type": "t3.micro"})

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
        "user_data": f"#cloud-config\n{json.dumps(first_boot, indent=2)}\n",
    },
    pulumi.ResourceOptions(depends_on=[network, access]),
)

pulumi.export("instance_id", server.instance_id)

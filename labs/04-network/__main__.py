"""Lab 4 as code: a server behind an address and a name of its own, with HTTPS before it all."""

import pulumi
import pulumi_aws as aws

from workbench import Access
from workbench import Address
from workbench import Network
from workbench import Recipe
from workbench import Server
from workbench import Storage
from workbench import read_configuration
from workbench import read_name
from workbench import server_settings

name, config = read_name(), read_configuration()

network = Network(name, {"instance_type": "t3.medium"})

# Ports 80 and 443 are open to everyone unless `http_from` says otherwise.
access = Access(
    name,
    {
        "vpc_id": network.vpc_id,
        "public_key": config["public_key"],
        "ssh_from": config["ssh_from"],
    },
)

# What the commands made of it by allocate-address and change-resource-record-sets.
address = Address(
    name,
    {
        "domain": config["domain"],
        "zone_id": config.get("zone_id"),
        "create_zone": config.get("create_zone") is True,
    },
    # An Elastic IP needs the network's way to the internet.
    pulumi.ResourceOptions(depends_on=[network]),
)

# Where the recipe keeps homes, passwords and certificates. It goes with this stack.
storage = Storage(
    f"{name}-data", {"availability_zone": network.availability_zone, "size": 10, "keep": False}
)

# What the server becomes. The recipe installs R, JupyterHub and RStudio Server, and Caddy where you
# had NGINX and certbot; the settings say for which names, and for whom.
recipe = Recipe(
    name,
    {
        "role_name": access.role_name,
        "settings": server_settings(
            name, config, aws.get_region_output().region, storage.volume_id, address.ip
        ),
    },
)

server = Server(
    name,
    {
        "subnet_id": network.subnet_id,
        "security_group_ids": [access.security_group_id],
        "key_name": access.key_name,
        "instance_profile": access.instance_profile,
        "bucket": recipe.bucket,
        "volume_id": storage.volume_id,
        "instance_type": "t3.medium",
        "os": config["os"],
    },
    # The recipe is there, and the way to it, before the instance boots.
    pulumi.ResourceOptions(depends_on=[network, access, recipe]),
)
address.associate(server.instance_id)

pulumi.export("instance_id", server.instance_id)
pulumi.export("url", address.url)
pulumi.export("name_servers", address.name_servers)

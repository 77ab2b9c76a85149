"""Lab 5 as code: a server whose size is a setting, and a data volume that outlives it."""

import pulumi

from workbench import Access
from workbench import Network
from workbench import Server
from workbench import Storage
from workbench import read_configuration
from workbench import read_name

# What the server does at its first boot. Attaching takes a moment; a volume that has a file system
# keeps it, and only a blank one gets one.
FIRST_BOOT = """\
#!/bin/bash
set -eu
disk=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{volume}
until [ -b $disk ]; do sleep 1; done
blkid $disk || mkfs.ext4 -q $disk
cat > /etc/systemd/system/data.mount <<END
[Mount]
What=$disk
Where=/data
[Install]
WantedBy=multi-user.target
END
systemctl enable --now data.mount
"""

name, config = read_name(), read_configuration()
instance_type = config.get("instance_type") or "t3.micro"

network = Network(name, {"instance_type": instance_type})

access = Access(
    name,
    {
        "vpc_id": network.vpc_id,
        "public_key": config["public_key"],
        "ssh_from": config["ssh_from"],
        "http_from": [],
    },
)

# A volume can only be attached in its own zone. It goes with this stack; a workbench's doesn't.
storage = Storage(
    f"{name}-data", {"availability_zone": network.availability_zone, "size": 10, "keep": False}
)

server = Server(
    name,
    {
        "subnet_id": network.subnet_id,
        "security_group_ids": [access.security_group_id],
        "key_name": access.key_name,
        "instance_type": instance_type,
        "os": config["os"],
        "volume_id": storage.volume_id,
        "user_data": storage.volume_id.apply(
            lambda volume: FIRST_BOOT.format(volume=volume.replace("-", ""))
        ),
    },
    pulumi.ResourceOptions(depends_on=[network, access]),
)

pulumi.export("instance_id", server.instance_id)

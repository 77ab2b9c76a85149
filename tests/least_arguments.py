"""Each component with the least that it needs, for tests that go through all of them."""

from workbench import Access
from workbench import Address
from workbench import Backup
from workbench import Network
from workbench import Recipe
from workbench import Server
from workbench import Storage
from workbench import Workbench

# KEY stands for a public key that was made for the test.
LEAST = {
    Access: {"vpc_id": "vpc-1", "public_key": "KEY"},
    Address: {"instance_id": "i-1"},
    Backup: {"volume_arn": "arn:aws:ec2:us-east-1:123456789012:volume/vol-1", "schedule": "off"},
    Network: {},
    Recipe: {"role_name": "role", "settings": {}},
    Server: {
        "subnet_id": "subnet-1",
        "security_group_ids": ["sg-1"],
        "key_name": "key",
        "instance_profile": "profile",
        "bucket": "bucket",
        "volume_id": "vol-1",
    },
    Storage: {"availability_zone": "us-east-1a"},
    Workbench: {"public_key": "KEY"},
}

"""EC2 as strict as AWS's where moto accepts more (facts, and a test for each, in tests/cloud)."""

import random
from typing import Any

from moto import settings
from moto.ec2 import urls
from moto.ec2.models import EC2Backend
from moto.ec2.models import ec2_backends
from moto.ec2.models import elastic_ip_addresses
from moto.ec2.models import elastic_network_interfaces

from workbench.rehearsal.api.backup_calls import make_backup_strict
from workbench.rehearsal.api.iam_calls import add_iam_calls
from workbench.rehearsal.api.instance_connect import InstanceConnectRules
from workbench.rehearsal.api.instance_connect import add_instance_connect_calls
from workbench.rehearsal.api.strictness_balancers import make_balancing_strict
from workbench.rehearsal.api.strictness_instances import InstanceRules
from workbench.rehearsal.api.strictness_network import NetworkRules
from workbench.rehearsal.api.strictness_private import PrivateNetworkRules
from workbench.rehearsal.api.strictness_responses import patch_responses
from workbench.rehearsal.api.strictness_volumes import VolumeRules


class StrictEC2Backend(
    InstanceRules,
    VolumeRules,
    NetworkRules,
    PrivateNetworkRules,
    InstanceConnectRules,
    EC2Backend,
):
    """moto's EC2 of one region, refusing what EC2 refuses, in EC2's codes and words."""

    def __init__(self, region_name: str, account_id: str) -> None:
        # moto's own code makes the default VPC and its parts: let it, rules come after.
        self.ready = False
        super().__init__(region_name, account_id)
        self._open_default_vpc()
        self.ready = True

    @property
    def _url_module(self) -> Any:
        # moto looks for it alongside the class's module, which is ours.
        return urls

    def _open_default_vpc(self) -> None:
        """Give the default VPC the internet gateway it has in AWS, and moto leaves out."""
        gateway = self.create_internet_gateway()
        self.attach_internet_gateway(gateway.id, self.default_vpc.id)
        main = self.describe_route_tables(filters={"vpc-id": [self.default_vpc.id]})[0]
        self.create_route(main.id, "0.0.0.0/0", gateway_id=gateway.id)


def loopback_address() -> str:
    """Return a public address for a rehearsal: on the loopback network, none people use.

    moto's own public addresses include ones that belong to others. 127.0.x.y is left alone:
    resolvers and services of this computer live there.
    """
    draw = random.SystemRandom().randint
    return f"127.{draw(1, 254)}.{draw(0, 255)}.{draw(1, 254)}"


def make_strict(console: Any) -> None:
    """Put the rules in place; before the first use of EC2 in this process.

    ``console`` is called with an instance's ID and returns its console output.
    """
    settings.EC2_ENABLE_INSTANCE_TYPE_VALIDATION = True
    settings.ENABLE_AMI_VALIDATION = True
    settings.ENABLE_KEYPAIR_VALIDATION = True
    addresses: Any = elastic_ip_addresses
    addresses.random_ip = loopback_address
    interfaces: Any = elastic_network_interfaces
    interfaces.random_public_ip = loopback_address
    patch_responses(console)
    make_backup_strict()
    add_iam_calls()
    make_balancing_strict()
    add_instance_connect_calls()
    ec2_backends.clear()
    ec2_backends.backend = StrictEC2Backend

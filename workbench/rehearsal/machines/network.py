"""The Docker network of a rehearsal's machines: one bridge, an address a machine for its life."""

import hashlib
import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import APIError
from docker.models.networks import Network
from docker.types import IPAMConfig
from docker.types import IPAMPool

from workbench.errors import WorkbenchError
from workbench.rehearsal.labels import Owner
from workbench.rehearsal.network.packets import remove_rules

# Where to look for a /24 that nothing on this computer uses. Docker's own choice comes without a
# subnet of ours, and only in a network with one can a machine keep its address while stopped.
_POOL = ipaddress.IPv4Network("172.30.0.0/15")


@dataclass(frozen=True)
class NetworkInfo:
    """A rehearsal's network, as this computer sees it."""

    name: str
    bridge: str
    gateway: str
    subnet: str


def ensure_network(client: docker.DockerClient, owner: Owner, name: str) -> NetworkInfo:
    """Return the network; make it where it isn't there.

    Raises WorkbenchError when another owner's network has its name, or no address range is free.
    """
    existing = _find(client, name)
    if existing is None:
        existing = _create(client, owner, name)
    attributes = existing.attrs or {}
    if not owner.owns(attributes.get("Labels")):
        raise WorkbenchError(
            f"Docker already has a network {name}, which isn't this rehearsal's.",
            f"Remove it (docker network rm {name}) or give the rehearsal another name.",
        )
    pool = attributes["IPAM"]["Config"][0]
    return NetworkInfo(name, _bridge(owner), pool["Gateway"], pool["Subnet"])


def free_address(info: NetworkInfo, taken: set[str]) -> str:
    """Return an address of the network that no machine has, running or stopped."""
    hosts = (str(host) for host in ipaddress.IPv4Network(info.subnet).hosts())
    for address in hosts:
        if address != info.gateway and address not in taken:
            return address
    raise WorkbenchError(
        f"The rehearsal's network {info.subnet} has no address left.", "Terminate some instances."
    )


def remove_networks(client: docker.DockerClient, owner: Owner) -> None:
    """Remove the owner's networks, and with them their bridges and the addresses on those."""
    for network in client.networks.list(filters=owner.filters()):
        for pool in ((network.attrs or {}).get("IPAM") or {}).get("Config") or []:
            # A process that was killed left them.
            remove_rules(_bridge(owner), pool["Gateway"])
        network.remove()


def _find(client: docker.DockerClient, name: str) -> Network | None:
    # Docker's filter finds parts of names too.
    found = [each for each in client.networks.list(names=[name]) if each.name == name]
    return found[0] if found else None


def _bridge(owner: Owner) -> str:
    # The kernel takes 15 characters.
    digest = hashlib.sha256(repr(sorted(owner.labels().items())).encode()).hexdigest()
    return f"wb-{digest[:8]}"


def _create(client: docker.DockerClient, owner: Owner, name: str) -> Network:
    for subnet in _free_subnets(client):
        pool = IPAMPool(subnet=str(subnet), gateway=str(next(subnet.hosts())))
        try:
            client.networks.create(
                name,
                driver="bridge",
                ipam=IPAMConfig(pool_configs=[pool]),
                labels=owner.labels(),
                options={"com.docker.network.bridge.name": _bridge(owner)},
                check_duplicate=True,
            )
        except APIError as error:
            # Taken since we looked, or by something that only the kernel knows of.
            if "overlaps" in str(error):
                continue
            if error.status_code != 409:
                raise
        network = _find(client, name)
        if network is not None:
            network.reload()
            return network
    raise WorkbenchError(
        f"No free address range for the rehearsal's network was found in {_POOL}.",
        "Remove networks that aren't used: docker network prune",
    )


def _free_subnets(client: docker.DockerClient) -> Iterator[ipaddress.IPv4Network]:
    taken = list(_docker_subnets(client))
    for subnet in _POOL.subnets(new_prefix=24):
        if not any(subnet.overlaps(each) for each in taken):
            yield subnet


def _docker_subnets(client: docker.DockerClient) -> Iterator[ipaddress.IPv4Network]:
    for network in client.networks.list():
        ipam: dict[str, Any] = (network.attrs or {}).get("IPAM") or {}
        for pool in ipam.get("Config") or []:
            subnet = ipaddress.ip_network(pool["Subnet"], strict=False)
            if isinstance(subnet, ipaddress.IPv4Network):
                yield subnet

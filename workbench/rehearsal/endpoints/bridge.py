"""The addresses that AWS has inside every VPC, on the bridge of the rehearsal's machines."""

import subprocess

from workbench.errors import MissingToolError
from workbench.errors import WorkbenchError
from workbench.rehearsal.endpoints.metadata import METADATA_ADDRESS
from workbench.rehearsal.network.dns import AWS_ENDPOINT_ADDRESS
from workbench.rehearsal.network.dns import RESOLVER_ADDRESS

ADDRESSES = (AWS_ENDPOINT_ADDRESS, RESOLVER_ADDRESS, METADATA_ADDRESS)


def add_addresses(bridge: str) -> None:
    """Give a bridge the addresses; those it has already stay."""
    for address in ADDRESSES:
        add_address(bridge, address)


def add_address(bridge: str, address: str) -> None:
    """Give a bridge an address; one that it has already stays."""
    _ip("address", "replace", f"{address}/32", "dev", bridge)


def remove_addresses(bridge: str) -> None:
    """Take the addresses off a bridge."""
    for address in ADDRESSES:
        remove_address(bridge, address)


def remove_address(bridge: str, address: str) -> None:
    """Take an address off a bridge."""
    _ip("address", "del", f"{address}/32", "dev", bridge, check=False)


def _ip(*arguments: str, check: bool = True) -> None:
    try:
        result = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise MissingToolError(
            "ip, which gives the rehearsal's network its addresses, isn't installed.",
            "Install it: sudo apt-get install iproute2",
        ) from None
    if check and result.returncode != 0:
        raise WorkbenchError(
            f"The rehearsal's network can't get its addresses: {result.stderr.strip()}",
            "Run it as root, on a computer whose network may be changed.",
        )

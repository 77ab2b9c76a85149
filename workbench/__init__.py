"""An infrastructure-as-code library for a DIY data science workbench on AWS."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.components.access import Access
    from workbench.components.access import AccessArgs
    from workbench.components.address import Address
    from workbench.components.address import AddressArgs
    from workbench.components.backup import Backup
    from workbench.components.backup import BackupArgs
    from workbench.components.configuration import read_configuration
    from workbench.components.configuration import read_name
    from workbench.components.entrance import Entrance
    from workbench.components.entrance import EntranceArgs
    from workbench.components.entry import Entry
    from workbench.components.instance_connect import InstanceConnectEndpoint
    from workbench.components.instance_connect import InstanceConnectEndpointArgs
    from workbench.components.network import Network
    from workbench.components.network import NetworkArgs
    from workbench.components.packages import Packages
    from workbench.components.ports import Port
    from workbench.components.recipe import Recipe
    from workbench.components.recipe import RecipeArgs
    from workbench.components.rstudio import rstudio_package
    from workbench.components.server import Server
    from workbench.components.server import ServerArgs
    from workbench.components.settings import server_settings
    from workbench.components.storage import Storage
    from workbench.components.storage import StorageArgs
    from workbench.components.users import User
    from workbench.components.workbench import Workbench
    from workbench.components.workbench_args import WorkbenchArgs

__version__ = "0.1.0"

__all__ = [
    "Access",
    "AccessArgs",
    "Address",
    "AddressArgs",
    "Backup",
    "BackupArgs",
    "Entrance",
    "EntranceArgs",
    "Entry",
    "InstanceConnectEndpoint",
    "InstanceConnectEndpointArgs",
    "Network",
    "NetworkArgs",
    "Packages",
    "Port",
    "Recipe",
    "RecipeArgs",
    "Server",
    "ServerArgs",
    "Storage",
    "StorageArgs",
    "User",
    "Workbench",
    "WorkbenchArgs",
    "read_configuration",
    "read_name",
    "rstudio_package",
    "server_settings",
]

_MODULES = {
    "InstanceConnectEndpoint": "instance_connect",
    "InstanceConnectEndpointArgs": "instance_connect",
    "Port": "ports",
    "User": "users",
    "WorkbenchArgs": "workbench_args",
    "read_configuration": "configuration",
    "read_name": "configuration",
    "rstudio_package": "rstudio",
    "server_settings": "settings",
}


def __getattr__(name: str) -> object:
    # Only on demand: importing pulumi_aws takes over a second, and `workbench --help` must not.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _MODULES.get(name, name.removesuffix("Args").lower())
    return getattr(import_module(f"{__name__}.components.{module}"), name)

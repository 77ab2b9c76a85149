"""The settings the server converges to, as ``settings.json`` holds them."""

from collections.abc import Callable
from typing import Any
from typing import cast

import pulumi

from workbench.components.access import check_ports
from workbench.components.address import AddressArgs
from workbench.components.address import record_names
from workbench.components.address import served_names
from workbench.components.idle_timeout import DEFAULT_MINUTES
from workbench.components.idle_timeout import check_idle_timeout
from workbench.components.machine_images import administrator_of
from workbench.components.packages import BASE_GROUPS
from workbench.components.packages import check_base_packages
from workbench.components.packages import check_packages
from workbench.components.r_versions import r_settings
from workbench.components.server import DATA_DEVICE
from workbench.components.server_slots import read_slots
from workbench.components.services import service_names
from workbench.components.time_zone import DEFAULT as UTC
from workbench.components.time_zone import check_time_zone
from workbench.components.users import check_users
from workbench.components.users import default_users
from workbench.components.validation import check_certificate
from workbench.components.validation import check_certificates
from workbench.components.validation import check_email
from workbench.components.validation import check_public_keys
from workbench.components.validation import check_sha256
from workbench.components.validation import check_url
from workbench.components.workbench_args import WorkbenchArgs

VERSION = 1


def server_settings(
    name: str,
    args: WorkbenchArgs,
    region: pulumi.Input[str],
    volume_id: pulumi.Input[str],
    address: pulumi.Input[str] | None = None,
) -> dict[str, Any]:
    """Return the settings, less the recipe's name, which ``Recipe`` adds.

    What Pulumi doesn't know yet is in them as an output.
    """
    names = served_names(record_names(cast(AddressArgs, args)))
    public_key, users = args["public_key"], args.get("users")
    return {
        "version": VERSION,
        "name": name,
        "region": region,
        "domain": names[0] if names else None,
        "names": names,
        # What a certificate is for where there is no name.
        "address": None if names else address,
        "acme": {
            "directory": _checked(args, "acme_directory", check_url),
            "email": _checked(args, "acme_email", check_email),
            "root_certificate": _checked(args, "acme_root_certificate", check_certificate),
        },
        "administrator": {
            "name": administrator_of(args.get("os")),
            "public_keys": [
                public_key,
                *check_public_keys(args.get("administrator_keys") or [], "administrator_keys"),
            ],
        },
        "users": default_users(public_key) if users is None else check_users(users, "users"),
        "services": service_names(args.get("services")),
        "home_quota": args.get("home_quota"),
        "data_volume": _data_volume(args, volume_id),
        "rstudio": {
            "url": _checked(args, "rstudio_url", check_url),
            "sha256": _checked(args, "rstudio_sha256", check_sha256),
        },
        "r": r_settings(args),
        "mirrors": {
            "pypi": _checked(args, "pypi_index", check_url),
            "npm": _checked(args, "npm_registry", check_url),
        },
        "idle_timeout": 60
        * check_idle_timeout(
            args.get("idle_timeout_minutes", DEFAULT_MINUTES), "idle_timeout_minutes"
        ),
        "time_zone": check_time_zone(args.get("time_zone", UTC), "time_zone"),
        "packages": {
            "base": check_base_packages(args.get("base_packages", BASE_GROUPS), "base_packages"),
            **check_packages(args.get("packages") or {}, "packages"),
        },
        "ca_certificates": check_certificates(args.get("ca_certificates") or [], "ca_certificates"),
        "http3": _opens_http3(args),
        "host_name_per_user": bool(args.get("host_name_per_user")),
    }


def _opens_http3(args: WorkbenchArgs) -> bool:
    """Say whether the stack opens the port that HTTP/3 needs."""
    ports = check_ports(args.get("extra_ports") or [], "extra_ports")
    return any((protocol, port) == ("udp", 443) for protocol, port, _ in ports)


def _data_volume(args: WorkbenchArgs, volume_id: pulumi.Input[str]) -> dict[str, Any]:
    volume: dict[str, Any] = {"id": volume_id, "device": DATA_DEVICE}
    # Both servers read these settings, and the volume is at one of them.
    return volume | ({"may_be_elsewhere": True} if read_slots(args).other_type else {})


def _checked(args: WorkbenchArgs, key: str, check: Callable[[object, str], str]) -> str | None:
    value = args.get(key)
    return None if value is None else check(value, key)

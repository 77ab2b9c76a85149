"""The settings the server converges to, as ``settings.json`` holds them."""

from collections.abc import Sequence
from typing import Any

import pulumi

from workbench.components.late import is_late
from workbench.components.operating_systems import administrator_of
from workbench.components.ports import check_ports
from workbench.components.record_names import check_host_names
from workbench.components.record_names import record_names
from workbench.components.record_names import served_names
from workbench.components.server_slots import read_slots
from workbench.components.services import own_hosts
from workbench.components.users import default_users
from workbench.components.workbench_args import KEYS
from workbench.components.workbench_args import WorkbenchArgs
from workbench.components.workbench_args import usable

VERSION = 1
DATA_DEVICE = "/dev/sdf"


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
    records = record_names(args)
    names = served_names(records)
    settings = {
        "version": VERSION,
        "name": name,
        "region": region,
        "names": names,
        # What a certificate is for where there is no name.
        "address": None if names else address,
        "administrator": {"name": administrator_of(args.get("os"))},
        "data_volume": _data_volume(args, volume_id),
        "http3": _opens_http3(args),
        "entrance": _believed(args),
    }
    for key, definition in KEYS.items():
        if definition.setting is not None:
            _put(settings, definition.setting, usable(key, args))
    _complete_people(settings, args["public_key"], records)
    return settings


def _put(settings: dict[str, Any], place: str, value: Any) -> None:
    """Put a value in its place: ``acme.email``."""
    folder, _, name = place.rpartition(".")
    if not folder:
        settings[name] = value
        return
    there = settings.setdefault(folder, {})
    # An object that isn't known yet gets it when it is.
    settings[folder] = (
        pulumi.Output.all(there, value).apply(lambda both: {**both[0], name: both[1]})
        if is_late(there)
        else {**there, name: value}
    )


def _complete_people(
    settings: dict[str, Any], public_key: pulumi.Input[str], records: list[str]
) -> None:
    """Put the key pair's key first, and the book's user where no other one is named."""
    further = settings["administrator"]["public_keys"]
    settings["administrator"]["public_keys"] = (
        [public_key, *further]
        if isinstance(further, Sequence)
        else pulumi.Output.all(public_key, further).apply(lambda keys: [keys[0], *keys[1]])
    )
    users = settings["users"]
    if users is None:
        settings["users"] = default_users(public_key)
    elif settings["host_name_per_user"]:
        is_known = isinstance(users, list) and not any(
            is_late(user) or is_late(user["name"]) for user in users
        )
        services = own_hosts(settings["services"])
        # Of an output, it turns out later whether a name is one of the workbench's own.
        settings["users"] = (
            check_host_names(users, records, services)
            if is_known
            else pulumi.Output.from_input(users).apply(
                lambda known: check_host_names(known, records, services)
            )
        )


def _opens_http3(args: WorkbenchArgs) -> bool:
    """Say whether the stack opens the port that HTTP/3 needs."""
    ports = check_ports(args.get("extra_ports") or [], "extra_ports")
    return any((protocol, port) == ("udp", 443) for protocol, port, _ in ports)


def _believed(args: WorkbenchArgs) -> dict[str, Any] | None:
    """Return of the load balancer what the server goes by; the rest changes without it."""
    entry = usable("entrance", args)
    return None if entry is None else {"cidr_blocks": entry["cidr_blocks"]}


def _data_volume(args: WorkbenchArgs, volume_id: pulumi.Input[str]) -> dict[str, Any]:
    volume: dict[str, Any] = {"id": volume_id, "device": DATA_DEVICE}
    # Both servers read these settings, and the volume is at one of them.
    return volume | ({"may_be_elsewhere": True} if read_slots(args).other_type else {})

"""The names that point to a workbench."""

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from workbench.components.errors import ArgumentError
from workbench.components.validation import check_domain
from workbench.components.validation import check_record_name


def record_names(args: Mapping[str, Any]) -> list[str]:
    """Return the full names of the records, the domain first; none without a domain."""
    given, zone_id, create_zone = args.get("domain"), args.get("zone_id"), args.get("create_zone")
    if zone_id is not None and create_zone:
        raise ArgumentError(
            "zone_id and create_zone exclude each other: the records go in one zone.",
            "Leave out one of them.",
        )
    if given is None:
        if (
            zone_id is not None
            or create_zone
            or args.get("extra_names")
            or args.get("host_name_per_user")
        ):
            raise ArgumentError(
                "A hosted zone, extra names or a host name per user need a domain.",
                "Give domain as well.",
            )
        return []
    domain = check_domain(given, "domain")
    www = [] if args.get("www") is False else [f"www.{domain}"]
    extra = [
        check_record_name(value, f"extra_names[{index}]", domain)
        for index, value in enumerate(args.get("extra_names") or [])
    ]
    people = [f"*.{domain}"] if args.get("host_name_per_user") else []
    return list(dict.fromkeys([domain, *www, *extra, *people]))


def served_names(records: list[str]) -> list[str]:
    """Return the names that a certificate can be had for by answering over HTTP."""
    return [record for record in records if not record.startswith("*.")]


def check_host_names(users: Any, records: list[str], services: Iterable[str]) -> Any:
    """Return the users, none of whose host names is one that the workbench has already.

    ``services`` are the words before the domain of those services that have a host name, too.
    """
    taken = [*records, *(f"{word}.{records[0]}" for word in services)]
    for name in [user.get("name") for user in users if isinstance(user, Mapping)]:
        host = f"{name}.{records[0]}"
        if isinstance(name, str) and host in taken:
            raise ArgumentError(
                f"host_name_per_user gives {name} the name {host}, "
                "which points to the workbench's own pages.",
                "Give the account another name, or take that name out of extra_names or www.",
            )
    return users

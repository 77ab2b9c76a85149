"""What a whole workbench takes; the stack's configuration has the same, in camelCase."""

from collections.abc import Callable
from functools import partial
from typing import Any
from typing import NotRequired
from typing import TypedDict
from typing import cast

import pulumi

from workbench.components import validation
from workbench.components.access import Port
from workbench.components.access import check_ports
from workbench.components.address import AddressArgs
from workbench.components.address import record_names
from workbench.components.backup import check_retention
from workbench.components.backup import check_schedule
from workbench.components.errors import ArgumentError
from workbench.components.idle_timeout import check_idle_timeout
from workbench.components.machine_images import check_operating_system
from workbench.components.packages import Packages
from workbench.components.packages import check_base_packages
from workbench.components.packages import check_packages
from workbench.components.r_versions import check_r_checksums
from workbench.components.r_versions import check_r_versions
from workbench.components.server_slots import check_slot
from workbench.components.server_slots import read_slots
from workbench.components.services import check_services
from workbench.components.services import service_names
from workbench.components.time_zone import check_time_zone
from workbench.components.users import DEFAULT_USER
from workbench.components.users import User
from workbench.components.users import check_users


class WorkbenchArgs(TypedDict):
    """A whole workbench. Only `public_key` is needed; everything else has a default."""

    public_key: pulumi.Input[str]
    """The administrator's public key in OpenSSH form (ed25519 or RSA), to log in with over SSH."""

    administrator_keys: NotRequired[list[str]]
    """Further public keys of the administrator, in OpenSSH form, such as those of a second computer
    or of a colleague. The recipe puts them on the server. Default: none."""

    domain: NotRequired[str]
    """The domain name, for example `lab.example.org`. Default: none; the workbench is then reached
    by its address, `https://` and the Elastic IP, with a certificate for it."""

    www: NotRequired[bool]
    """Whether `www.` before the domain points to the workbench too. Default: true."""

    extra_names: NotRequired[list[str]]
    """More names below the domain that point to the workbench, for example `app`. Default: none."""

    services: NotRequired[list[str]]
    """The services that people have: `jupyterhub`, `rstudio`, and those that installed packages add
    (`docs/extending.md`). One that is no longer named is removed from the server, and its data
    kept. `rstudio` needs `jupyterhub`, which looks at its passwords. Default: `jupyterhub` and
    `rstudio`."""

    host_name_per_user: NotRequired[bool]
    """Whether each person's Jupyter server has a host name of its own, such as
    `ada.lab.example.org`, so that a browser keeps one person's pages from another's and from the
    hub; RStudio Server has one, too, `rstudio.lab.example.org`. It needs a domain, and a DNS record
    for every name below it (`*.lab.example.org`), which is made with the others.
    `docs/security.md` says what to know before. Default: false."""

    create_zone: NotRequired[bool]
    """Whether to make a Route 53 hosted zone for the domain. Its name servers (the output
    `name_servers`) then have to be entered where the domain was bought. Default: false."""

    zone_id: NotRequired[pulumi.Input[str]]
    """The Route 53 hosted zone to put the records in. Without it and `create_zone`, the output
    `dns_records` says which records to make manually."""

    ssh_from: NotRequired[list[str]]
    """The ranges of addresses in CIDR notation that may use SSH, for example
    `["203.0.113.7/32"]`. Default: none, SSH is closed."""

    http_from: NotRequired[list[str]]
    """The ranges of addresses that may use HTTP and HTTPS. Default: `["0.0.0.0/0"]`, everyone;
    Let's Encrypt needs port 80 open to everyone."""

    extra_ports: NotRequired[list[Port]]
    """More ports to open. Default: none. With UDP 443, the web server offers HTTP/3 too."""

    instance_type: NotRequired[str]
    """The instance type; another one stops and starts the same server. One with a processor of
    ARM's architecture needs a `rstudio_url`. Default: `t3.medium` (2 vCPU, 4 GiB)."""

    current_server: NotRequired[str]
    """Which of two servers serves, `first` or `second`; `workbench resize --replace` switches
    over. Default: `first`."""

    next_instance_type: NotRequired[str]
    """The instance type of a new server alongside the current one, with no data volume and no fixed
    address yet: `workbench resize --replace` puts it here. Default: none."""

    previous_instance_type: NotRequired[str]
    """The instance type of the server that was replaced, kept until the checks of the new one
    pass: `workbench resize --replace` puts it here. Default: none."""

    os: NotRequired[str]
    """The operating system of a new server, `ubuntu-24.04` or `debian-12`. Leave it as it is while
    there is a server: that one keeps its system, and would only be taken to have the other one's
    administrator. Default: `ubuntu-24.04`."""

    root_volume_size: NotRequired[int]
    """Size of the root volume in GiB, 8 to 16384. Default: 30."""

    data_volume_size: NotRequired[int]
    """Size of the data volume in GiB, 1 to 16384; it can grow later, never shrink. Default: 20, or
    what the snapshot or the existing volume (`data_volume_id`) has."""

    data_volume_id: NotRequired[pulumi.Input[str]]
    """An existing data volume to use, such as one kept when a stack was destroyed. It is never
    deleted by this stack."""

    data_snapshot_id: NotRequired[pulumi.Input[str]]
    """The snapshot to restore the data volume from. Given later, it makes a new volume, and the old
    one is kept: `workbench data.restore` does it. With plain `pulumi up`, the server is stopped for
    it and stays so until `workbench start`."""

    keep_data_volume: NotRequired[bool]
    """Whether the data volume and its backups stay in AWS when the stack is destroyed. It takes
    effect with the next `pulumi up`: `pulumi destroy` goes by what the last one was told. Default:
    true."""

    backup_schedule: NotRequired[str]
    """When AWS Backup makes a snapshot of the data volume, `cron(...)` in UTC as AWS writes it, or
    `off`. Default: `off`; `cron(0 5 ? * * *)` is every day at five."""

    backup_retention_days: NotRequired[int]
    """Days for which such a snapshot is kept, 1 to 3650. Default: 14."""

    protect_instance: NotRequired[bool]
    """Whether AWS refuses to terminate the server, and Pulumi to destroy or replace it, until this
    is false again. Default: false."""

    users: NotRequired[list[User]]
    """The people with an account. Default: `test-user`, who may use sudo and has the
    administrator's public key."""

    home_quota: NotRequired[int]
    """The GiB of the data volume that each person's files may take, 1 to 16384, or 0 for no limit.
    A person's entry in `users` may have a `quota` of its own. Default: an equal share for each
    person and the administrator of the data volume less a reserve, so that nobody fills up the
    others' shares; each new person makes the shares smaller."""

    idle_timeout_minutes: NotRequired[int]
    """Minutes after which a person's Jupyter server is ended when nobody used it, and no kernel and
    no program in a terminal ran: 10 to 43200, or 0 for never. Default: 1440, a day."""

    time_zone: NotRequired[str]
    """The time zone of notebooks, terminals, RStudio, SSH and cron, by its name in the IANA
    database, for example `Europe/Berlin`. What runs keeps the old one until it is started again.
    Default: `UTC`."""

    packages: NotRequired[Packages]
    """What is installed for everyone besides the base: an object with lists `apt`, `python` and
    `r`. The server keeps to it: what is added is installed, what is taken out is removed, and a
    new server gets the same. What people install themselves goes into their homes. Default:
    none."""

    base_packages: NotRequired[list[str]]
    """Which groups of the base are installed for everyone, some minutes after the services are up:
    `python` (numpy, pandas, matplotlib, scikit-learn …), `r` (the tidyverse, Shiny, R Markdown …),
    `libraries` (what R packages for databases, images, PDF … are built with) and `geospatial` (the
    same for maps). Default: all four; `[]` is none."""

    acme_directory: NotRequired[str]
    """The directory address of the ACME certificate authority. Default: Let's Encrypt's."""

    acme_email: NotRequired[str]
    """The e-mail address to give the certificate authority. Default: none."""

    acme_root_certificate: NotRequired[str]
    """The certificate in PEM form that the directory itself is trusted by, for a certificate
    authority that isn't public. Default: none."""

    ca_certificates: NotRequired[list[str]]
    """Certificates in PEM form that the server trusts in addition. Default: none."""

    rstudio_url: NotRequired[str]
    """Where to download RStudio Server's package from. Default: Posit's newest release that this
    version of workbench knows the checksum of."""

    rstudio_sha256: NotRequired[str]
    """The SHA-256 of the package at `rstudio_url`. Default: none; the package is then installed
    only if it has Posit's signature."""

    r_versions: NotRequired[list[str]]
    """The versions of R, side by side, such as `["4.6.1", "4.5.3"]`: Posit's builds, each with a
    kernel, a personal library for each minor version, and the snapshot of CRAN that fits. The first
    one is the default, in RStudio too. `distribution` is the operating system's own R. A version
    that is taken out is removed from the server; people's libraries stay. Default: the current
    version, or `distribution` where its checksum isn't known."""

    r_checksums: NotRequired[list[str]]
    """What lets in a version of R that this version of workbench knows no checksum of, such as
    `4.4.3=` and the SHA-256 of its package; `4.4.3=signed` lets it in if it has Posit's signature.
    Default: none."""

    r_builds_url: NotRequired[str]
    """A mirror of Posit's builds of R, with the same folders. Default: `https://cdn.posit.co/r`."""

    pypi_index: NotRequired[str]
    """The Python package index the server installs from. Default: pip's own."""

    npm_registry: NotRequired[str]
    """The Node package registry the server installs from. Default: npm's own."""

    subnet_id: NotRequired[pulumi.Input[str]]
    """An existing public subnet to put the server in. Default: a new VPC with one."""

    availability_zone: NotRequired[pulumi.Input[str]]
    """The zone, for example `us-east-1a`. Default: the existing data volume's, else the first one
    that offers the instance type, chosen once. A zone that the data volume isn't in is refused."""

    cidr_block: NotRequired[str]
    """The new VPC's range of private addresses in CIDR notation. Default: `10.20.0.0/16`."""


_check_size = partial(validation.check_number, low=1, high=16384, unit="GiB")
_CHECKS: dict[str, Callable[[Any, str], object]] = {
    "public_key": partial(validation.check_public_key, types=validation.KEY_PAIR_TYPES),
    "administrator_keys": validation.check_public_keys,
    "domain": validation.check_domain,
    "www": validation.check_flag,
    "extra_names": validation.check_texts,
    "services": check_services,
    "host_name_per_user": validation.check_flag,
    "create_zone": validation.check_flag,
    "ssh_from": validation.check_networks,
    "http_from": validation.check_networks,
    "extra_ports": check_ports,
    "instance_type": validation.check_instance_type,
    "current_server": check_slot,
    "next_instance_type": validation.check_instance_type,
    "previous_instance_type": validation.check_instance_type,
    "os": check_operating_system,
    "root_volume_size": partial(_check_size, low=8),
    "data_volume_size": _check_size,
    "keep_data_volume": validation.check_flag,
    "backup_schedule": check_schedule,
    "backup_retention_days": check_retention,
    "protect_instance": validation.check_flag,
    "users": check_users,
    "home_quota": partial(_check_size, low=0),
    "idle_timeout_minutes": check_idle_timeout,
    "time_zone": check_time_zone,
    "packages": check_packages,
    "base_packages": check_base_packages,
    "acme_directory": validation.check_url,
    "acme_email": validation.check_email,
    "acme_root_certificate": validation.check_certificate,
    "ca_certificates": validation.check_certificates,
    "rstudio_url": validation.check_url,
    "rstudio_sha256": validation.check_sha256,
    "r_versions": check_r_versions,
    "r_checksums": check_r_checksums,
    "r_builds_url": validation.check_url,
    "pypi_index": validation.check_url,
    "npm_registry": validation.check_url,
    "cidr_block": validation.check_network,
}


def check_arguments(args: WorkbenchArgs) -> None:
    """Check all arguments, before a part of the workbench is registered."""
    for name in WorkbenchArgs.__annotations__:
        check_argument(name, args.get(name), name)
    records = record_names(cast(AddressArgs, args))
    if args.get("host_name_per_user"):
        _check_host_names(args, records)
    read_slots(args)
    if args.get("rstudio_sha256") is not None and args.get("rstudio_url") is None:
        raise ArgumentError(
            "rstudio_sha256 is the checksum of the package at rstudio_url, which is missing.",
            "Give both, or neither.",
        )
    for other in ("availability_zone", "cidr_block"):
        if args.get("subnet_id") is not None and args.get(other) is not None:
            raise ArgumentError(
                f"{other} can't be chosen for an existing subnet.",
                f"Leave out {other}, or leave out subnet_id.",
            )


def _check_host_names(args: WorkbenchArgs, records: list[str]) -> None:
    """Check that no person's host name is one that the workbench has already."""
    users = args.get("users")
    services = check_services(service_names(args.get("services")), "services")
    own = [each.word for each in services if each.has_own_host]
    names = [DEFAULT_USER] if users is None else [user["name"] for user in users]
    for name in names:
        host = f"{name}.{records[0]}"
        if host in (*records, *(f"{word}.{records[0]}" for word in own)):
            raise ArgumentError(
                f"host_name_per_user gives {name} the name {host}, "
                "which points to the workbench's own pages.",
                "Give the account another name, or take that name out of extra_names or www.",
            )


def check_argument(name: str, value: object, what: str) -> None:
    """Check one argument; ``what`` is the name its giver knows it by."""
    # What another resource decides isn't known yet; AWS checks it when it is used.
    given = value is not None or name in WorkbenchArgs.__required_keys__
    if name in _CHECKS and given and not isinstance(value, pulumi.Output):
        _CHECKS[name](value, what)

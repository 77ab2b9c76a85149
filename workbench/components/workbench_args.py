"""What a whole workbench takes; the stack's configuration has the same, in camelCase.

Each argument is one definition (``keys.Key``): all else that knows of it comes from here.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from functools import partial
from types import MappingProxyType
from typing import Annotated
from typing import Any
from typing import NotRequired
from typing import TypedDict

import pulumi

from workbench.components import validation
from workbench.components.aws_values import check_image_id
from workbench.components.aws_values import check_instance_connect_id
from workbench.components.aws_values import check_key_arn
from workbench.components.aws_values import check_profile_name
from workbench.components.aws_values import check_security_group_id
from workbench.components.component import check_kind
from workbench.components.entry import Entry
from workbench.components.entry import check_behind
from workbench.components.entry import check_entry
from workbench.components.errors import ArgumentError
from workbench.components.idle_timeout import DEFAULT_MINUTES
from workbench.components.idle_timeout import check_idle_timeout
from workbench.components.instance_connect import check_way_in
from workbench.components.keys import Key
from workbench.components.keys import take_keys
from workbench.components.late import checked
from workbench.components.late import each
from workbench.components.late import is_late
from workbench.components.operating_systems import DEFAULT as UBUNTU
from workbench.components.operating_systems import check_operating_system
from workbench.components.packages import BASE_GROUPS
from workbench.components.packages import Packages
from workbench.components.packages import check_base_packages
from workbench.components.packages import check_packages
from workbench.components.ports import Port
from workbench.components.ports import check_ports
from workbench.components.ports import check_ranges
from workbench.components.private_access import check_private
from workbench.components.private_access import check_private_network
from workbench.components.private_access import check_proxy_command
from workbench.components.private_network import NAT
from workbench.components.private_network import check_endpoint_services
from workbench.components.private_network import check_way_out
from workbench.components.r_versions import check_r_checksums
from workbench.components.r_versions import check_r_versions
from workbench.components.record_names import check_host_names
from workbench.components.record_names import record_names
from workbench.components.role import Role
from workbench.components.role import check_role
from workbench.components.role import check_role_or_profile
from workbench.components.routes import Route
from workbench.components.routes import check_clashes
from workbench.components.routes import check_routes
from workbench.components.schedule import DEFAULT_RETENTION_DAYS
from workbench.components.schedule import OFF
from workbench.components.schedule import check_retention
from workbench.components.schedule import check_schedule
from workbench.components.server_slots import FIRST
from workbench.components.server_slots import check_slot
from workbench.components.server_slots import read_slots
from workbench.components.services import check_people
from workbench.components.services import check_service_names
from workbench.components.services import own_hosts
from workbench.components.services import service_names
from workbench.components.time_zone import DEFAULT as UTC
from workbench.components.time_zone import check_time_zone
from workbench.components.users import DEFAULT_USER
from workbench.components.users import User
from workbench.components.users import check_users
from workbench.host import network_settings
from workbench.host.jupyter import hub_settings

check_proxy = validation.refusing(network_settings.check_proxy)
check_exception = validation.refusing(network_settings.check_exception)
check_hub_config = validation.refusing(hub_settings.check_traits)
check_repository = validation.refusing(network_settings.check_repository)
# How many there are is known before anything is made: each becomes a rule of its own.
Ranges = Sequence[pulumi.Input[str]]
Texts = pulumi.Input[Sequence[pulumi.Input[str]]]
_check_size = partial(validation.check_number, low=1, high=16384, unit="GiB")


class WorkbenchArgs(TypedDict):
    """A whole workbench. Only `public_key` is needed; everything else has a default."""

    public_key: Annotated[
        pulumi.Input[str],
        Key(
            partial(validation.check_public_key, types=validation.KEY_PAIR_TYPES),
            part="access",
            derives=True,
        ),
    ]
    """The administrator's public key in OpenSSH form (ed25519 or RSA), to log in with over SSH."""

    administrator_keys: NotRequired[
        Annotated[
            Texts,
            Key(each(validation.check_public_key), default=(), setting="administrator.public_keys"),
        ]
    ]
    """Further public keys of the administrator, in OpenSSH form, such as those of a second computer
    or of a colleague. The recipe puts them on the server. Default: none."""

    domain: NotRequired[
        Annotated[str, Key(validation.check_domain, part="address", setting="domain")]
    ]
    """The domain name, for example `lab.example.org`. Default: none; the workbench is then at
    `https://` followed by the Elastic IP, with a certificate for that address."""

    www: NotRequired[
        Annotated[bool, Key(validation.check_flag, default=True, part="address", derives=True)]
    ]
    """Whether `www.` before the domain points to the workbench, too. Default: true."""

    extra_names: NotRequired[
        Annotated[list[str], Key(validation.check_texts, default=(), part="address", derives=True)]
    ]
    """More names under the domain that point to the workbench, for example `app`. Default: none."""

    services: NotRequired[
        Annotated[
            list[str],
            Key(
                check_service_names,
                default=tuple(service_names(None)),
                setting="services",
                derives=True,
            ),
        ]
    ]
    """The services that people get: `jupyterhub`, `rstudio`, and those that installed packages add
    (`docs/extending.md`). One that you remove from the list is removed from the server, and its
    data is kept. `rstudio` needs `jupyterhub`, which checks its passwords. Default: `jupyterhub`
    and `rstudio`."""

    host_name_per_user: NotRequired[
        Annotated[
            bool,
            Key(validation.check_flag, default=False, part="address", setting="host_name_per_user"),
        ]
    ]
    """Whether each person's Jupyter server has its own host name, such as `ada.lab.example.org`, so
    that a browser keeps one person's pages away from another's and from the hub; RStudio Server
    gets one, too, `rstudio.lab.example.org`. It needs a domain, and a DNS record for every name
    under it (`*.lab.example.org`), which is created with the others. Read `docs/security.md` first.
    Default: false."""

    routes: NotRequired[Annotated[Sequence[Route], Key(check_routes, default=(), setting="routes")]]
    """Your own pages in addition to the services', each a path and the port or socket of a program
    on the server. The workbench doesn't start the program. Default: none."""

    jupyterhub_config: NotRequired[
        Annotated[
            pulumi.Input[dict[str, dict[str, Any]]],
            Key(check_hub_config, default=MappingProxyType({}), setting="hub"),
        ]
    ]
    """JupyterHub settings, by class and trait as in its documentation, for example `{"Spawner":
    {"mem_limit": "2G"}}`. Settings that the workbench controls itself, such as the sign-in, are
    refused; if the server's JupyterHub rejects one, the converge says so and changes nothing.
    Default: none."""

    create_zone: NotRequired[
        Annotated[bool, Key(validation.check_flag, default=False, part="address")]
    ]
    """Whether to create a Route 53 hosted zone for the domain. Then enter its name servers (the
    output `name_servers`) where you bought the domain. Default: false."""

    zone_id: NotRequired[Annotated[pulumi.Input[str], Key(part="address")]]
    """The Route 53 hosted zone to put the records in. Without it and `create_zone`, the output
    `dns_records` says which records to create manually."""

    ssh_from: NotRequired[Annotated[Ranges, Key(check_ranges, default=(), part="access")]]
    """The ranges of addresses in CIDR notation that may use SSH, for example
    `["203.0.113.7/32"]`. Default: none, SSH is closed."""

    http_from: NotRequired[
        Annotated[Ranges, Key(check_ranges, default=("0.0.0.0/0",), part="access")]
    ]
    """The ranges of addresses that may use HTTP and HTTPS. Default: `["0.0.0.0/0"]`, everyone;
    Let's Encrypt needs port 80 open to everyone."""

    entrance: NotRequired[
        Annotated[pulumi.Input[Entry], Key(check_entry, part="reach", derives=True)]
    ]
    """The load balancer in front of the workbench, an `Entrance`'s output `entry`: the server
    accepts requests only from it, and trusts it about who sent them. Names and certificate then
    belong to the load balancer, so give `http_from`, `zone_id` and `create_zone` to it instead.
    Default: none."""

    public_access: NotRequired[
        Annotated[bool, Key(validation.check_flag, default=True, part="reach", derives=True)]
    ]
    """Whether the workbench can be reached from the internet. With false, it has no Elastic IP and
    no public address, and is in an existing private subnet (`subnet_id`) with a way out, or in a
    new one (`private_network`); its address is the server's private one, and `ssh_from` and
    `http_from` default to the VPC's range. Default: true."""

    private_network: NotRequired[Annotated[str, Key(check_way_out, default=NAT, part="network")]]
    """The way out of the private subnet that is created for a server with `public_access` false:
    `nat`, a NAT gateway ($0.045 an hour, about $33 a month, $3.65 for its address, and $0.045 for
    each GB; in us-east-1), or `endpoints`, only S3's gateway endpoint, for a network that reaches
    mirrors or a proxy another way, which is free. Default: `nat`."""

    endpoint_services: NotRequired[
        Annotated[list[str], Key(check_endpoint_services, default=(), part="network")]
    ]
    """AWS services that the server reaches through an interface endpoint in that subnet, for
    example `ssm` and `ssmmessages` for Session Manager: about $7.30 a month for each, and $0.01 for
    each GB. Default: none."""

    ssh_proxy_command: NotRequired[Annotated[str, Key(check_proxy_command, commands=True)]]
    """OpenSSH's `ProxyCommand`, through which commands and `ssh` reach the server, for example `ssh
    -W %h:%p bastion.example.org`; `%h` is the server's address, `%p` the port, `%r` the user. Every
    command runs it on your computer. Default: none; they connect directly."""

    instance_connect_endpoint: NotRequired[
        Annotated[bool, Key(validation.check_flag, default=False, part="instance connect")]
    ]
    """Whether to create an EC2 Instance Connect Endpoint, through which commands and `ssh` reach
    the server with AWS credentials, with no port open to any address: `ssh_from` can stay empty,
    and with `public_access` false it defaults to nobody. AWS allows one endpoint per VPC, and takes
    a few minutes to create it. Default: false."""

    instance_connect_endpoint_id: NotRequired[
        Annotated[pulumi.Input[str], Key(check_instance_connect_id, part="instance connect")]
    ]
    """The existing EC2 Instance Connect Endpoint of the server's VPC to use. By itself this changes
    no rules: `ssh_from`, or a group in `security_group_ids`, must allow it. Default: none."""

    instance_connect_group_id: NotRequired[
        Annotated[pulumi.Input[str], Key(check_security_group_id, part="instance connect")]
    ]
    """The security group of that endpoint. It gets a rule that reaches port 22 of the server, and
    the server's group gets one that allows it; `ssh_from` can stay empty, and with `public_access`
    false it defaults to nobody. Default: none."""

    extra_ports: NotRequired[
        Annotated[Sequence[Port], Key(check_ports, default=(), part="access", derives=True)]
    ]
    """More ports to open. Default: none. With UDP 443, the web server also offers HTTP/3."""

    security_group_ids: NotRequired[
        Annotated[Ranges, Key(each(check_security_group_id), default=(), part="server groups")]
    ]
    """Existing security groups that the server gets in addition to its own, from the VPC that
    `subnet_id` is in; AWS allows four, unless your account has a higher quota. Default: none."""

    role: NotRequired[Annotated[Role, Key(check_role, part="access")]]
    """How the IAM roles for the server and the backups are created: their `path`, their
    `permissions_boundary`, and `policy_arns`, further policies for the server's role. Default:
    roles with none of these."""

    instance_profile: NotRequired[
        Annotated[pulumi.Input[str], Key(check_profile_name, part="access")]
    ]
    """The name of an existing instance profile for the server. No role is created then, and the
    profile's own role must allow what `docs/org.md` says. Default: one is created."""

    kms_key_id: NotRequired[Annotated[pulumi.Input[str], Key(check_key_arn, part="encryption")]]
    """The ARN of your own KMS key, for the data volume, a server's root volume, the bucket and the
    backup vault. Choose it at the start: an existing data volume can't get another key, server and
    vault keep theirs, and you can't remove the key later. Default: AWS's own keys."""

    instance_type: NotRequired[
        Annotated[str, Key(validation.check_instance_type, default="t3.medium", part="server")]
    ]
    """The instance type; changing it stops and starts the same server. A type with an ARM processor
    needs a `rstudio_url`. Default: `t3.medium` (2 vCPU, 4 GiB)."""

    current_server: NotRequired[Annotated[str, Key(check_slot, default=FIRST, part="server slots")]]
    """Which of two servers is in use, `first` or `second`; `workbench resize --replace` switches
    between them. Default: `first`."""

    next_instance_type: NotRequired[
        Annotated[str, Key(validation.check_instance_type, part="server slots")]
    ]
    """The instance type of a new server alongside the current one, with no data volume and no fixed
    address yet: `workbench resize --replace` sets this. Default: none."""

    previous_instance_type: NotRequired[
        Annotated[str, Key(validation.check_instance_type, part="server slots")]
    ]
    """The instance type of the server that was replaced, kept until the checks of the new one pass:
    `workbench resize --replace` sets this. Default: none."""

    os: NotRequired[
        Annotated[str, Key(check_operating_system, default=UBUNTU, part="server", derives=True)]
    ]
    """The operating system of a new server, `ubuntu-24.04` or `debian-12`. Don't change it while
    there is a server: the server keeps its system, and commands would only expect the wrong
    administrator account. Default: `ubuntu-24.04`."""

    ami: NotRequired[Annotated[pulumi.Input[str], Key(check_image_id, part="server")]]
    """The machine image of a new server, based on the operating system in `os`, for the instance
    type's architecture. An existing server keeps its own; `workbench resize --replace` creates one
    with this image. Default: the newest image of the operating system when the server is
    created."""

    root_volume_size: NotRequired[
        Annotated[pulumi.Input[int], Key(partial(_check_size, low=8), default=30, part="server")]
    ]
    """Size of the root volume in GiB, 8 to 16384. Default: 30."""

    data_volume_size: NotRequired[
        Annotated[pulumi.Input[int], Key(_check_size, part="storage.size")]
    ]
    """Size of the data volume in GiB, 1 to 16384; it can grow later, but never shrink. Default: 20,
    or the size of the snapshot or existing volume (`data_volume_id`)."""

    data_volume_id: NotRequired[Annotated[pulumi.Input[str], Key(part="storage.volume_id")]]
    """An existing data volume to use, such as one kept when a stack was destroyed. It is never
    deleted by this stack."""

    data_snapshot_id: NotRequired[Annotated[pulumi.Input[str], Key(part="storage.snapshot_id")]]
    """The snapshot to restore the data volume from. If you set it later, a new volume is created,
    and the old one is kept; `workbench data.restore` does that for you. With plain `pulumi up`, the
    server is stopped and stays stopped until `workbench start`."""

    keep_data_volume: NotRequired[
        Annotated[bool, Key(validation.check_flag, default=True, part="storage.keep")]
    ]
    """Whether the data volume and its backups stay in AWS when the stack is destroyed. It takes
    effect with the next `pulumi up`: `pulumi destroy` uses the value of the last `up`. Default:
    true."""

    backup_schedule: NotRequired[Annotated[str, Key(check_schedule, default=OFF, part="storage")]]
    """When AWS Backup makes a snapshot of the data volume, `cron(...)` in UTC in AWS's format, or
    `off`. Default: `off`; `cron(0 5 ? * * *)` is every day at five."""

    backup_retention_days: NotRequired[
        Annotated[
            pulumi.Input[int], Key(check_retention, default=DEFAULT_RETENTION_DAYS, part="storage")
        ]
    ]
    """How many days such a snapshot is kept, 1 to 3650. Default: 14."""

    protect_instance: NotRequired[
        Annotated[bool, Key(validation.check_flag, default=False, part="server.protect")]
    ]
    """Whether AWS refuses to terminate the server, and Pulumi to destroy or replace it, until this
    is false again. Default: false."""

    users: NotRequired[
        Annotated[pulumi.Input[Sequence[pulumi.Input[User]]], Key(check_users, setting="users")]
    ]
    """The people with an account. Default: `test-user`, who may use sudo and has the
    administrator's public key."""

    home_quota: NotRequired[
        Annotated[pulumi.Input[int], Key(partial(_check_size, low=0), setting="home_quota")]
    ]
    """The GiB of the data volume that each person's files may take, 1 to 16384, or 0 for no limit.
    A person's entry in `users` can have its own `quota`. Default: the data volume, minus a reserve,
    is divided equally among all people and the administrator, so that nobody can fill up the
    others' shares; each new person makes the shares smaller."""

    idle_timeout_minutes: NotRequired[
        Annotated[
            pulumi.Input[int],
            Key(check_idle_timeout, default=DEFAULT_MINUTES, setting="idle_timeout"),
        ]
    ]
    """After how many minutes a person's Jupyter server is ended if nobody used it, and no kernel
    and no program in a terminal ran: 10 to 43200, or 0 for never. Default: 1440, a day."""

    time_zone: NotRequired[
        Annotated[pulumi.Input[str], Key(check_time_zone, default=UTC, setting="time_zone")]
    ]
    """The time zone of notebooks, terminals, RStudio, SSH and cron, by its name in the IANA
    database, for example `Europe/Berlin`. Running programs keep the old one until they are
    restarted. Default: `UTC`."""

    packages: NotRequired[
        Annotated[
            pulumi.Input[Packages],
            Key(check_packages, default=MappingProxyType({}), setting="packages"),
        ]
    ]
    """Packages to install for everyone in addition to the base: an object with lists `apt`,
    `python` and `r`. Packages you add are installed, packages you take out are removed, and a new
    server gets the same ones. Packages that people install themselves go into their home folders.
    Default: none."""

    base_packages: NotRequired[
        Annotated[Texts, Key(check_base_packages, default=BASE_GROUPS, setting="packages.base")]
    ]
    """Which groups of the base are installed for everyone, in the minutes after the services are
    up: `python` (numpy, pandas, matplotlib, scikit-learn …), `r` (the tidyverse, Shiny, R Markdown
    …), `libraries` (what R packages for databases, images, PDF … need to build) and `geospatial`
    (the same for maps). Default: all four; `[]` is none."""

    acme_directory: NotRequired[
        Annotated[pulumi.Input[str], Key(validation.check_url, setting="acme.directory")]
    ]
    """The directory URL of the ACME certificate authority. Default: Let's Encrypt's."""

    acme_email: NotRequired[
        Annotated[pulumi.Input[str], Key(validation.check_email, setting="acme.email")]
    ]
    """The email address to give the certificate authority. Default: none."""

    acme_root_certificate: NotRequired[
        Annotated[
            pulumi.Input[str], Key(validation.check_certificate, setting="acme.root_certificate")
        ]
    ]
    """The certificate in PEM form that verifies the directory itself, for a certificate authority
    that isn't public. Default: none."""

    ca_certificates: NotRequired[
        Annotated[
            Texts, Key(each(validation.check_certificate), default=(), setting="ca_certificates")
        ]
    ]
    """Additional certificates in PEM form that the server trusts. Default: none."""

    rstudio_url: NotRequired[
        Annotated[pulumi.Input[str], Key(validation.check_url, setting="rstudio.url")]
    ]
    """Where to download RStudio Server's package from. Default: Posit's newest release whose
    checksum this version of workbench knows."""

    rstudio_sha256: NotRequired[
        Annotated[pulumi.Input[str], Key(validation.check_sha256, setting="rstudio.sha256")]
    ]
    """The SHA-256 of the package at `rstudio_url`. Default: none; the package is then installed
    only if it has Posit's signature."""

    r_versions: NotRequired[Annotated[list[str], Key(check_r_versions, setting="r.versions")]]
    """The versions of R, side by side, such as `["4.6.1", "4.5.3"]`: Posit's builds, each with a
    kernel, a personal library for each minor version, and the snapshot of CRAN that fits. The first
    one is the default, also in RStudio. `distribution` is the operating system's own R. A version
    you take out is removed from the server; people's libraries stay. Default: the current version,
    or `distribution` if its checksum isn't known."""

    r_checksums: NotRequired[
        Annotated[list[str], Key(check_r_checksums, default=(), setting="r.checksums")]
    ]
    """Allows versions of R whose checksum this version of workbench doesn't know: `4.4.3=` followed
    by the SHA-256 of its package, or `4.4.3=signed` to accept it if it has Posit's signature.
    Default: none."""

    r_builds_url: NotRequired[
        Annotated[pulumi.Input[str], Key(validation.check_url, setting="r.builds")]
    ]
    """A mirror of Posit's builds of R, with the same folders. Default: `https://cdn.posit.co/r`."""

    pypi_index: NotRequired[
        Annotated[pulumi.Input[str], Key(validation.check_url, setting="mirrors.pypi")]
    ]
    """The Python package index the server installs from. Default: pip's own."""

    npm_registry: NotRequired[
        Annotated[pulumi.Input[str], Key(validation.check_url, setting="mirrors.npm")]
    ]
    """The Node package registry the server installs from. Default: npm's own."""

    apt_mirror: NotRequired[
        Annotated[pulumi.Input[str], Key(validation.check_url, setting="mirrors.apt")]
    ]
    """The mirror of the distribution's archive that the server, administrators' `apt` and security
    updates use, for example `https://mirror.example.org/debian`. Default: the machine image's
    sources."""

    apt_security_mirror: NotRequired[
        Annotated[pulumi.Input[str], Key(validation.check_url, setting="mirrors.apt_security")]
    ]
    """The mirror of the security updates, with `aptMirror`. Default: `aptMirror` itself for Ubuntu;
    for Debian the same with `-security` at its end."""

    cran_mirror: NotRequired[
        Annotated[pulumi.Input[str], Key(check_repository, setting="mirrors.cran")]
    ]
    """The repository that R installs packages from, both shared and people's own. `{codename}` in
    it stands for the distribution's codename, `{snapshot}` for the date that fits the version of R.
    Default: `https://packagemanager.posit.co/cran/__linux__/{codename}/{snapshot}`."""

    http_proxy: NotRequired[Annotated[pulumi.Input[str], Key(check_proxy, setting="proxy.address")]]
    """The proxy through which the server reaches everything outside its network, for HTTP and
    HTTPS, such as `http://proxy.example.org:3128`: for everything it installs, for certificates,
    and in notebooks, terminals, RStudio, SSH and cron. Default: none."""

    no_proxy: NotRequired[
        Annotated[Texts, Key(each(check_exception), default=(), setting="proxy.exceptions")]
    ]
    """What is reached without the proxy, in addition to the server itself, its metadata and the
    region's S3: hosts, domains with a leading dot, and address ranges, for example mirrors and
    other AWS endpoints in the VPC. Default: none."""

    subnet_id: NotRequired[Annotated[pulumi.Input[str], Key(part="network")]]
    """An existing subnet to put the server in, a public one unless `public_access` is false; VPC
    and zone are the subnet's. Default: a new VPC with a public one, and with private ones if
    `public_access` is false."""

    availability_zone: NotRequired[Annotated[pulumi.Input[str], Key(part="network")]]
    """The zone, for example `us-east-1a`. Default: the existing data volume's, otherwise the first
    one that offers the instance type, chosen once. A zone that the data volume isn't in is
    refused."""

    cidr_block: NotRequired[
        Annotated[str, Key(validation.check_network, default="10.20.0.0/16", part="network")]
    ]
    """The new VPC's range of private addresses in CIDR notation. Default: `10.20.0.0/16`."""


KEYS = take_keys(WorkbenchArgs)


def check_arguments(args: WorkbenchArgs) -> None:
    """Check all arguments, before a part of the workbench is registered."""
    for name in KEYS:
        check_argument(name, args.get(name), name)
    records = record_names(args)
    users = args.get("users")
    if args.get("host_name_per_user") and not is_late(users):
        known = [{"name": DEFAULT_USER}] if users is None else users
        check_host_names(known, records, own_hosts(args.get("services")))
    if users is not None and not is_late(users):
        people: Any = users
        named = [user["name"] for user in people if not is_late(user)]
        check_people([name for name in named if not is_late(name)], args.get("services"))
    check_clashes(args.get("routes"), args.get("services"))
    read_slots(args)
    if args.get("rstudio_sha256") is not None and args.get("rstudio_url") is None:
        raise ArgumentError(
            "rstudio_sha256 is the checksum of the package at rstudio_url, which is missing.",
            "Give both, or neither.",
        )
    if args.get("apt_security_mirror") is not None and args.get("apt_mirror") is None:
        raise ArgumentError(
            "apt_security_mirror goes with apt_mirror, which is missing.", "Give both, or neither."
        )
    if args.get("no_proxy") is not None and args.get("http_proxy") is None:
        raise ArgumentError(
            "no_proxy needs http_proxy, which is missing.",
            "Give http_proxy, too, or leave out no_proxy.",
        )
    check_role_or_profile(args)
    if args.get("public_access") is False:
        check_private(args)
    check_private_network(args)
    if args.get("entrance") is not None:
        check_behind(args)
    check_way_in(args)
    if args.get("security_group_ids") and args.get("subnet_id") is None:
        raise ArgumentError(
            "security_group_ids needs subnet_id: an existing security group is of an existing VPC,"
            " and without a subnet the workbench is in a new one.",
            "Give the subnet_id of a subnet in the VPC of the security groups.",
        )
    for other in ("availability_zone", "cidr_block", "private_network", "endpoint_services"):
        if args.get("subnet_id") is not None and args.get(other) is not None:
            raise ArgumentError(
                f"{other} can't be used with an existing subnet.",
                f"Leave out {other}, or leave out subnet_id.",
            )


def check_argument(name: str, value: object, what: str) -> None:
    """Check one argument; ``what`` is the name its giver knows it by."""
    # What another resource decides is checked when it is known.
    given = value is not None or name in WorkbenchArgs.__required_keys__
    check = KEYS[name].check
    if check is not None and given and not is_late(value):
        check(value, what)


def usable(name: str, args: Mapping[str, Any]) -> Any:
    """Return an argument, or its default, as it is used: an output where it isn't known yet."""
    key, value = KEYS[name], args.get(name)
    value = key.default if value is None else value
    return None if value is None else checked(partial(_check_known, name), value, name)


def _check_known(name: str, value: object, what: str) -> Any:
    # Of an output, nothing was known before, not even what kind of value it is.
    check_kind(WorkbenchArgs.__annotations__[name], value, what, "Workbench")
    check = KEYS[name].check
    return value if check is None else check(value, what)

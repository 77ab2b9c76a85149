"""Where people find the server: an Elastic IP and the names that point to it."""

from collections.abc import Sequence
from typing import NotRequired
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.component import Component
from workbench.components.component import unprotected
from workbench.components.errors import ArgumentError
from workbench.components.lookups import look_up
from workbench.components.record_names import record_names
from workbench.components.record_names import served_names
from workbench.components.stack_tag import stack_tag

TTL = 300


class DnsRecord(TypedDict):
    """One DNS record to make."""

    name: str
    """The full name."""

    type: str
    """The record's type: `A`, or for a load balancer's name `CNAME`."""

    value: str
    """What it points to: the workbench's address, or the load balancer's name."""

    ttl: int
    """How many seconds others may cache it."""


class AddressArgs(TypedDict):
    """A fixed address for an instance, and its names."""

    ip: NotRequired[pulumi.Input[str]]
    """An existing address, such as a server's private one, which the names point to; no Elastic IP
    is created then. Default: an Elastic IP."""

    instance_id: NotRequired[pulumi.Input[str]]
    """The instance to point to. In a network of the same program that isn't a `Network`, name its
    internet gateway in `depends_on`: an Elastic IP needs one. Default: none, until `associate` is
    called."""

    domain: NotRequired[str]
    """The domain name, for example `lab.example.org`. Default: none, just the address."""

    www: NotRequired[bool]
    """Whether `www.` before the domain points there, too. Default: true."""

    extra_names: NotRequired[list[str]]
    """More names under the domain, for example `app` or `*`. Default: none."""

    host_name_per_user: NotRequired[bool]
    """Whether each name directly under the domain points there, for people's own names. Default:
    false."""

    zone_id: NotRequired[pulumi.Input[str]]
    """The Route 53 hosted zone to put the records in."""

    create_zone: NotRequired[bool]
    """Whether to create a hosted zone for the domain; then enter its `name_servers` where you
    bought the domain. Default: false."""


class Address(Component):
    """An Elastic IP that stays the same when the server changes, and Route 53 records for it."""

    ip: pulumi.Output[str]
    """The Elastic IP, or the `ip` given."""

    url: pulumi.Output[str]
    """The URL to open in a browser: with the domain, or with `ip`."""

    names: pulumi.Output[list[str]]
    """The names that point to it, the domain first; a wildcard isn't included."""

    dns_records: pulumi.Output[list[DnsRecord]]
    """The records to create manually, for a domain that is managed outside this account's Route
    53."""

    name_servers: pulumi.Output[Sequence[str]]
    """The new hosted zone's name servers; enter them where you bought the domain."""

    @classmethod
    def check(cls, name: str, args: AddressArgs) -> None:
        """Raise ArgumentError for a value that can't be used, as far as it is known by now."""
        record_names(args)
        if args.get("ip") is not None and args.get("instance_id") is not None:
            raise ArgumentError(
                "instance_id can't be used with an existing ip.",
                "Leave out instance_id, or leave out ip.",
            )

    def __init__(
        self, name: str, args: AddressArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("workbench:index:Address", name, {}, opts)
        records = record_names(args)
        self._name = name
        # A component's own depends_on doesn't reach its children.
        self._after = opts.depends_on if opts else None
        ip = args.get("ip")
        if ip is None:
            self._create_elastic_ip()
        else:
            self.ip = pulumi.Output.from_input(ip)
        instance_id = args.get("instance_id")
        if instance_id is not None:
            self.associate(instance_id)
        zone_id = args.get("zone_id")
        self.name_servers = pulumi.Output.from_input([])
        if args.get("create_zone"):
            zone = aws.route53.Zone(
                f"{name}-zone",
                name=records[0],
                comment="A data science workbench",
                opts=pulumi.ResourceOptions(parent=self),
            )
            zone_id, self.name_servers = zone.zone_id, zone.name_servers
        elif zone_id is not None:
            zone_id = pulumi.Output.from_input(zone_id).apply(
                lambda known: self._check_zone(known, records[0])
            )
        self._create_records(name, zone_id, records)
        self.names = pulumi.Output.from_input(served_names(records))
        self.url = pulumi.Output.format("https://{0}/", records[0] if records else self.ip)
        self.register_outputs(
            {
                "ip": self.ip,
                "url": self.url,
                "names": self.names,
                "dnsRecords": self.dns_records,
                "nameServers": self.name_servers,
            }
        )

    def _create_elastic_ip(self) -> None:
        elastic_ip = aws.ec2.Eip(
            f"{self._name}-elastic-ip",
            domain="vpc",
            tags={"Name": self._name, **stack_tag()},
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.ip, self._allocation_id = elastic_ip.public_ip, elastic_ip.allocation_id

    def associate(self, instance_id: pulumi.Input[str]) -> None:
        """Let the address point to an instance; once, where the arguments name none."""
        aws.ec2.EipAssociation(
            f"{self._name}-association",
            allocation_id=self._allocation_id,
            instance_id=instance_id,
            # Made first, the new association would take the old one's place, and deleting the old
            # one afterwards would fail.
            opts=pulumi.ResourceOptions(
                parent=self,
                delete_before_replace=True,
                depends_on=self._after,
            ),
        )

    def _check_zone(self, zone_id: str, domain: str) -> str:
        """Return a hosted zone that the domain is in.

        In any other, a record's name would be taken for one below that zone's.
        """
        found = look_up(
            lambda: aws.route53.get_zone(zone_id=zone_id, opts=pulumi.InvokeOptions(parent=self)),
            f"AWS does not show the hosted zone {zone_id!r}",
            "List yours with: aws route53 list-hosted-zones",
        )
        if not f".{domain}".endswith(f".{found.name.rstrip('.')}"):
            raise ArgumentError(
                f"The hosted zone {zone_id!r} is of {found.name}, which {domain} is not in.",
                "List yours with: aws route53 list-hosted-zones",
            )
        return zone_id

    def _create_records(
        self, name: str, zone_id: pulumi.Input[str] | None, records: list[str]
    ) -> None:
        if zone_id is None:
            self.dns_records = self.ip.apply(
                lambda ip: [DnsRecord(name=n, type="A", value=ip, ttl=TTL) for n in records]
            )
            return
        self.dns_records = pulumi.Output.from_input([])
        for record in records:
            aws.route53.Record(
                f"{name}-{record}",
                zone_id=zone_id,
                name=record,
                type="A",
                ttl=TTL,
                records=[self.ip],
                opts=unprotected(pulumi.ResourceOptions(parent=self)),
            )

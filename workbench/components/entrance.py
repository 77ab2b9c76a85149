"""An application load balancer in front of a workbench, with a certificate of AWS's."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any
from typing import NotRequired
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from workbench.components.access import ANYONE
from workbench.components.address import TTL
from workbench.components.address import DnsRecord
from workbench.components.aws_values import check_certificate_arn
from workbench.components.component import Component
from workbench.components.component import unprotected
from workbench.components.entry import Entry
from workbench.components.errors import ArgumentError
from workbench.components.late import checked
from workbench.components.late import is_late
from workbench.components.lookups import look_up
from workbench.components.ports import check_ranges
from workbench.components.record_names import record_names
from workbench.components.record_names import served_names
from workbench.components.security_groups import create_group
from workbench.components.security_groups import openings
from workbench.components.stack_tag import stack_tag
from workbench.components.validation import check_domain
from workbench.components.validation import check_number
from workbench.components.validation import check_text
from workbench.components.validation import shown

# AWS's limit for a load balancer's name, less what is put behind ours: "-alb" and eight more.
LONGEST_NAME = 32 - len("-alb-1234567")
_NAME = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
# What AWS itself puts before names.
_INTERNAL = "internal-"
# Seconds. Browsers keep a notebook's WebSocket busy, JupyterLab with a ping every 30 seconds; a
# long answer of a program (an upload that is unpacked, say) is silent for longer than AWS's 60.
IDLE_TIMEOUT = 3600
# TLS 1.3 and 1.2, with forward secrecy only.
# docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
DESCRIPTION = "The load balancer of a data science workbench"
PENDING = "The certificate for this address has not been issued yet."


class EntranceArgs(TypedDict):
    """A load balancer, its names and their certificate."""

    subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Public subnets of one VPC, in at least two zones, for example a `Network`'s
    `public_subnet_ids`."""

    domain: str
    """The workbench's domain name, for example `lab.example.org`."""

    zone_id: NotRequired[pulumi.Input[str]]
    """The Route 53 hosted zone that the domain is in: for the records that point to the load
    balancer, and for those that prove to AWS who owns the domain. Without it, `certificate_arn` is
    needed, and you create the records for `dns_name` yourself."""

    certificate_arn: NotRequired[pulumi.Input[str]]
    """The ARN of a certificate in AWS Certificate Manager, in this region, for all of the names.
    Default: one is created, with `zone_id`."""

    wait_for_certificate: NotRequired[bool]
    """Whether to wait until the certificate is issued. That takes minutes, and never ends as long
    as the parent zone doesn't delegate to `zone_id`: with false, the load balancer has no HTTPS
    yet, and answers that its certificate is pending. Default: true."""

    www: NotRequired[bool]
    """Whether `www.` before the domain points there, too. Default: true."""

    extra_names: NotRequired[list[str]]
    """More names under the domain, for example `app` or `*`. Default: none."""

    host_name_per_user: NotRequired[bool]
    """Whether each name directly under the domain points there, for people's own names; as the
    workbench's `host_name_per_user`. Default: false."""

    http_from: NotRequired[Sequence[pulumi.Input[str]]]
    """The ranges of addresses that may use HTTP and HTTPS. Default: `0.0.0.0/0`, everyone."""

    idle_timeout: NotRequired[pulumi.Input[int]]
    """After how many seconds an idle connection is closed, 1 to 4000. Default: 3600."""

    protect: NotRequired[bool]
    """Whether AWS refuses to delete the load balancer, and Pulumi to destroy or replace it, until
    this is false again. Default: false."""


class Entrance(Component):
    """An application load balancer, whose `entry` puts a `Workbench` behind it.

    HTTP is redirected to HTTPS; requests go to the server over HTTPS, whose certificate isn't
    verified. In us-east-1, $0.0225 an hour and $0.008 per capacity unit (LCU) and hour.
    """

    url: pulumi.Output[str]
    """Where to go with a browser."""

    names: pulumi.Output[list[str]]
    """The names that point there, the domain first; a wildcard isn't included."""

    dns_name: pulumi.Output[str]
    """The load balancer's own name, for your own record (`CNAME`, or an alias)."""

    zone_id: pulumi.Output[str]
    """The hosted zone of `dns_name`, which an alias record needs."""

    dns_records: pulumi.Output[list[DnsRecord]]
    """The records to create manually, if no `zone_id` is given. For a name that has to be an
    address, such as a zone's own, create an alias to `dns_name` instead of the `CNAME`."""

    security_group_id: pulumi.Output[str]
    """The load balancer's security group."""

    target_group_arn: pulumi.Output[str]
    """Its target group."""

    certificate_arn: pulumi.Output[str]
    """Its certificate."""

    entry: Entry
    """What to pass to a `Workbench` as its argument `entrance`."""

    @classmethod
    def check(cls, name: str, args: EntranceArgs) -> None:
        """Raise ArgumentError for a value that can't be used, as far as it is known by now."""
        _check_name(name)
        check_domain(args["domain"], "domain")
        record_names(args)
        check_ranges(args.get("http_from") or [], "http_from")
        _idle_timeout(args)
        if not is_late(args["subnet_ids"]):
            _check_number_of(args["subnet_ids"])
        arn, zone_id = args.get("certificate_arn"), args.get("zone_id")
        if arn is not None:
            checked(check_certificate_arn, arn, "certificate_arn")
        elif zone_id is None:
            raise ArgumentError(
                "An Entrance needs zone_id, to prove to AWS whose domain it is, or"
                " certificate_arn.",
                "Give the Route 53 hosted zone of the domain, or the ARN of a certificate that is "
                "there already.",
            )
        if arn is not None and args.get("wait_for_certificate") is not None:
            raise ArgumentError(
                "wait_for_certificate is about a certificate that is made, and certificate_arn"
                " names one.",
                "Leave out one of them.",
            )

    def __init__(
        self, name: str, args: EntranceArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("workbench:index:Entrance", name, {}, opts)
        self._name = name
        self._args = args
        self._own = pulumi.ResourceOptions(parent=self)
        self._after = opts.depends_on if opts else None
        self._records = record_names(args)
        given_ids: pulumi.Output[Any] = pulumi.Output.from_input(args["subnet_ids"])
        found = given_ids.apply(self._find_subnets)
        self._vpc_id = found.apply(lambda subnets: subnets[0]["vpc_id"])
        given = args.get("http_from")
        ranges = check_ranges(ANYONE if given is None else given, "http_from")
        opened = openings([("tcp", 80, ranges), ("tcp", 443, ranges)])
        self.security_group_id = create_group(name, self._vpc_id, DESCRIPTION, opened, self).id
        balancer = self._create_balancer(found)
        self.dns_name = balancer.dns_name
        self.zone_id = balancer.zone_id
        self._create_target_group()
        self._listen(balancer)
        zone_id = args.get("zone_id")
        self.dns_records = pulumi.Output.from_input([])
        if zone_id is not None:
            self._create_records(zone_id)
        else:
            self.dns_records = self.dns_name.apply(self._records_to)
        self.names = pulumi.Output.from_input(served_names(self._records))
        self.url = pulumi.Output.from_input(f"https://{self._records[0]}/")
        # Not one output of all, which would be known, and there, with the last of them only.
        self.entry = {
            "security_group_id": self.security_group_id,
            "target_group_arn": self.target_group_arn,
            "cidr_blocks": found.apply(lambda subnets: [each["cidr_block"] for each in subnets]),
            "dns_name": self.dns_name,
            "dns_records": self.dns_records,
        }
        self.register_outputs(
            {
                "url": self.url,
                "names": self.names,
                "dnsName": self.dns_name,
                "zoneId": self.zone_id,
                "dnsRecords": self.dns_records,
                "securityGroupId": self.security_group_id,
                "targetGroupArn": self.target_group_arn,
                "certificateArn": self.certificate_arn,
                "entry": self.entry,
            }
        )

    def _find_subnets(self, subnet_ids: Sequence[str]) -> list[dict[str, str]]:
        """Return the subnets as AWS knows them: in one VPC, and in two zones at least."""
        _check_number_of(subnet_ids)
        found = [self._find_subnet(check_text(each, "subnet_ids")) for each in subnet_ids]
        if len({each["vpc_id"] for each in found}) > 1:
            raise ArgumentError(
                "subnet_ids are subnets of several VPCs, but a load balancer is in one.",
                "List yours with: aws ec2 describe-subnets",
            )
        zones = sorted({each["availability_zone"] for each in found})
        if len(zones) < len(found):
            raise ArgumentError(
                f"subnet_ids has {len(found)} subnets in {', '.join(zones)}, but a load balancer"
                " needs two zones, with one subnet in each.",
                "Give public subnets of different zones, for example a Network's"
                " public_subnet_ids.",
            )
        return found

    def _find_subnet(self, subnet_id: str) -> dict[str, str]:
        subnet = look_up(
            lambda: aws.ec2.get_subnet(id=subnet_id, opts=pulumi.InvokeOptions(parent=self)),
            f"AWS does not show the subnet {subnet_id!r} in this region",
            "List yours with: aws ec2 describe-subnets",
        )
        return {
            "id": subnet_id,
            "vpc_id": subnet.vpc_id,
            "availability_zone": subnet.availability_zone,
            "cidr_block": subnet.cidr_block,
        }

    def _create_balancer(self, subnets: pulumi.Output[list[dict[str, str]]]) -> aws.lb.LoadBalancer:
        protect = self._args.get("protect") is True
        return aws.lb.LoadBalancer(
            f"{self._name}-alb",
            load_balancer_type="application",
            internal=False,
            subnets=subnets.apply(lambda found: [each["id"] for each in found]),
            security_groups=[self.security_group_id],
            idle_timeout=_idle_timeout(self._args),
            # What the workbench reads its host names from, as the browser sent it.
            preserve_host_header=True,
            # A header that isn't one is how two servers are made to disagree on where a request
            # ends.
            drop_invalid_header_fields=True,
            enable_deletion_protection=protect,
            tags={"Name": self._name, **stack_tag()},
            # Not false, which would undo the protection that the component's own options give.
            opts=pulumi.ResourceOptions(
                parent=self,
                protect=protect or None,
                # A component's own depends_on doesn't reach its children, and this needs the
                # network's internet gateway.
                depends_on=self._after,
            ),
        )

    def _create_target_group(self) -> None:
        group = aws.lb.TargetGroup(
            f"{self._name}-tg",
            vpc_id=self._vpc_id,
            # Passwords and notebooks aren't readable in the VPC either.
            protocol="HTTPS",
            port=443,
            target_type="instance",
            # A server that goes is replaced or stopped: nobody's request is worth five minutes.
            deregistration_delay=30,
            health_check={
                "protocol": "HTTPS",
                # The landing page, which Caddy has itself, for whoever asks.
                "path": "/",
                "matcher": "200",
                "interval": 10,
                "timeout": 5,
                "healthy_threshold": 2,
                "unhealthy_threshold": 3,
            },
            tags={"Name": self._name},
            opts=self._own,
        )
        self.target_group_arn = group.arn

    def _listen(self, balancer: aws.lb.LoadBalancer) -> None:
        """Create the listeners; that of HTTPS can't be there before its certificate is issued."""
        given = self._args.get("certificate_arn")
        waits = self._args.get("wait_for_certificate") is not False
        if given is None:
            self.certificate_arn = self._create_certificate(waits=waits)
        else:
            self.certificate_arn = pulumi.Output.from_input(
                checked(check_certificate_arn, given, "certificate_arn")
            )
        redirect: Any = {
            "type": "redirect",
            "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"},
        }
        pending: Any = {
            "type": "fixed-response",
            "fixed_response": {
                "content_type": "text/plain",
                "message_body": PENDING,
                "status_code": "503",
            },
        }
        aws.lb.Listener(
            f"{self._name}-http",
            load_balancer_arn=balancer.arn,
            port=80,
            protocol="HTTP",
            default_actions=[redirect if waits else pending],
            opts=self._own,
        )
        if not waits:
            return
        aws.lb.Listener(
            f"{self._name}-https",
            load_balancer_arn=balancer.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=self.certificate_arn,
            default_actions=[{"type": "forward", "target_group_arn": self.target_group_arn}],
            opts=self._own,
        )

    def _create_certificate(self, *, waits: bool) -> pulumi.Output[str]:
        """Create a certificate, and the records by which AWS sees whose domain it is."""
        name, (domain, *others) = self._name, self._records
        certificate = aws.acm.Certificate(
            f"{name}-certificate",
            domain_name=domain,
            subject_alternative_names=others,
            validation_method="DNS",
            tags={"Name": name},
            opts=unprotected(self._own),
        )
        fqdns = [
            self._prove(certificate, each)
            # A wildcard has the same record as what it is below.
            for each in dict.fromkeys(record.removeprefix("*.") for record in self._records)
        ]
        if not waits:
            return certificate.arn
        validation = aws.acm.CertificateValidation(
            f"{name}-certificate-validation",
            certificate_arn=certificate.arn,
            validation_record_fqdns=fqdns,
            opts=unprotected(self._own),
        )
        return validation.certificate_arn

    def _prove(self, certificate: aws.acm.Certificate, name: str) -> pulumi.Output[str]:
        option = certificate.domain_validation_options.apply(
            lambda options: next(
                each for each in options if str(each.domain_name).removeprefix("*.") == name
            )
        )
        record = aws.route53.Record(
            f"{self._name}-proof-{name}",
            zone_id=self._args["zone_id"],
            name=option.apply(lambda each: str(each.resource_record_name)),
            type=option.apply(lambda each: str(each.resource_record_type)),
            records=[option.apply(lambda each: str(each.resource_record_value))],
            ttl=300,
            # Another certificate for the same name, of this account, has the same record.
            allow_overwrite=True,
            opts=unprotected(self._own),
        )
        return record.fqdn

    def _records_to(self, dns_name: str) -> list[DnsRecord]:
        """Return the records that point the names to the load balancer, whose addresses change."""
        return [
            DnsRecord(name=each, type="CNAME", value=dns_name, ttl=TTL) for each in self._records
        ]

    def _create_records(self, zone_id: pulumi.Input[str]) -> None:
        for record in self._records:
            aws.route53.Record(
                f"{self._name}-{record}",
                zone_id=zone_id,
                name=record,
                type="A",
                aliases=[
                    {
                        "name": self.dns_name,
                        "zone_id": self.zone_id,
                        "evaluate_target_health": False,
                    }
                ],
                opts=unprotected(self._own),
            )


def _check_name(name: str) -> None:
    """Refuse what AWS doesn't take as the beginning of a load balancer's name."""
    if len(name) > LONGEST_NAME:
        raise ArgumentError(
            f"The name of an Entrance is {name!r}, but AWS allows at most {LONGEST_NAME}"
            " characters.",
            "Choose a shorter one.",
        )
    if not re.fullmatch(_NAME, name) or f"{name}-".lower().startswith(_INTERNAL):
        raise ArgumentError(
            f"The name of an Entrance is {name!r}, but AWS allows letters, digits and hyphens, no"
            f" hyphen first or last, and none that begins with {_INTERNAL!r}.",
            "For example: lab",
        )


def _check_number_of(subnet_ids: Any) -> None:
    if not isinstance(subnet_ids, list | tuple) or len(subnet_ids) < 2:
        raise ArgumentError(
            f"subnet_ids is {shown(subnet_ids)}, but a load balancer needs public subnets in two"
            " zones at least.",
            "For example a Network's public_subnet_ids.",
        )


def _idle_timeout(args: EntranceArgs) -> pulumi.Input[int]:
    given = args.get("idle_timeout")
    check = partial(check_number, low=1, high=4000, unit="seconds")
    return checked(check, IDLE_TIMEOUT if given is None else given, "idle_timeout")

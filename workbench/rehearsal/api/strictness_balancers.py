"""What Elastic Load Balancing and Certificate Manager refuse, and what their objects are made of.

A load balancer has a network interface in each of its subnets, as AWS's have: the address that
targets see, and the public one that its name points to. A certificate is issued once the records
that prove whose the domain is are in Route 53.
"""

import hashlib
import ipaddress
from collections.abc import Iterator
from typing import Any

from moto.acm import models as acm_models
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.utils import utcnow
from moto.ec2.models import elastic_network_interfaces
from moto.elbv2 import models as elbv2_models
from moto.elbv2 import urls
from moto.elbv2.exceptions import ELBClientError
from moto.route53.models import route53_backends

NEEDED_ZONES = 2
_INTERFACE = "ELB "


class StrictBalancing(elbv2_models.ELBv2Backend):
    """moto's load balancers of one region, refusing what AWS refuses."""

    @property
    def _url_module(self) -> Any:
        # moto looks for it alongside the class's module, which is ours.
        return urls

    def create_load_balancer(self, *args: Any, **kwargs: Any) -> Any:
        """Create a load balancer, in two zones at least, with an interface in each subnet."""
        subnets = [self.ec2_backend.get_subnet(each) for each in kwargs["subnet_ids"]]
        _check_zones(subnets)
        scheme = kwargs.get("scheme") or "internet-facing"
        vpc_id = subnets[0].vpc_id
        if scheme == "internet-facing" and not self.ec2_backend.has_gateway(vpc_id):  # type: ignore[attr-defined]
            raise ELBClientError("InvalidSubnet", f"VPC {vpc_id} has no internet gateway")
        if any(each.name == kwargs["name"] for each in self.load_balancers.values()):
            raise ELBClientError(
                "DuplicateLoadBalancerName",
                f"A load balancer with the name '{kwargs['name']}' already exists.",
            )
        balancer = super().create_load_balancer(*args, **kwargs)
        number = int(hashlib.sha256(balancer.arn.encode()).hexdigest()[:8], 16)
        internal = "internal-" if scheme == "internal" else ""
        balancer.dns_name = (
            f"{internal}{balancer.name}-{number}.{self.region_name}.elb.amazonaws.com"
        )
        self._put_interfaces(balancer)
        return balancer

    def _put_interfaces(self, balancer: Any) -> None:
        for subnet in balancer.subnets:
            interface = self.ec2_backend.create_network_interface(
                subnet,
                self._free_address(subnet),
                group_ids=balancer.security_groups,
                description=f"{_INTERFACE}{balancer.arn.partition(':loadbalancer/')[2]}",
            )
            interface.requester_managed = True
            if balancer.scheme == "internet-facing":
                interface.public_ip = _random_public_ip()

    def _free_address(self, subnet: Any) -> str:
        """Return the last address of a subnet that is free: instances begin at the first ones."""
        taken = {each.private_ip_address for each in self.ec2_backend.enis.values()}
        whole = ipaddress.ip_network(subnet.cidr_block)
        hosts = (str(whole[-number]) for number in range(2, whole.num_addresses - 4))
        return next(each for each in hosts if each not in taken)

    def interfaces(self, balancer: Any) -> list[Any]:
        """Return a load balancer's network interfaces."""
        description = f"{_INTERFACE}{balancer.arn.partition(':loadbalancer/')[2]}"
        interfaces = list(self.ec2_backend.enis.values())
        return [each for each in interfaces if each.description == description]

    def _remove_interfaces(self, balancer: Any) -> None:
        for interface in self.interfaces(balancer):
            self.ec2_backend.delete_network_interface(interface.id)

    def delete_load_balancer(self, arn: str) -> None:
        """Delete a load balancer that isn't protected, and its interfaces."""
        balancer = self.load_balancers.get(arn)
        if balancer is None:
            return
        if balancer.attrs.get("deletion_protection.enabled") == "true":
            raise ELBClientError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        self._remove_interfaces(balancer)
        super().delete_load_balancer(arn)

    def set_security_groups(self, arn: str, sec_groups: list[str]) -> None:
        """Give a load balancer, and its interfaces, other security groups."""
        super().set_security_groups(arn, sec_groups)
        for interface in self.interfaces(self.load_balancers[arn]):
            interface._group_set = [
                self.ec2_backend.get_security_group_from_id(each) for each in sec_groups
            ]

    def set_subnets(
        self, arn: str, subnets: list[str], subnet_mappings: list[dict[str, Any]]
    ) -> Any:
        """Move a load balancer, and its interfaces, to other subnets."""
        zones = super().set_subnets(arn, subnets, subnet_mappings)
        balancer = self.load_balancers[arn]
        self._remove_interfaces(balancer)
        self._put_interfaces(balancer)
        return zones

    def create_listener(self, load_balancer_arn: str, *args: Any, **kwargs: Any) -> Any:
        """Create a listener at a port of its own; HTTPS with a certificate that is issued."""
        balancer = self.load_balancers.get(load_balancer_arn)
        port = kwargs["port"]
        if balancer and any(each.port == port for each in balancer.listeners.values()):
            raise ELBClientError(
                "DuplicateListener", "A listener already exists on this port for this load balancer"
            )
        if kwargs["protocol"] == "HTTPS":
            self._check_certificate(kwargs.get("certificate"))
        return super().create_listener(load_balancer_arn, *args, **kwargs)

    def modify_listener(
        self,
        arn: str,
        port: str | None = None,
        protocol: str | None = None,
        ssl_policy: str | None = None,
        certificates: list[dict[str, Any]] | None = None,
        actions: list[dict[str, Any]] | None = None,
    ) -> Any:
        """Change a listener; another certificate must be issued."""
        for each in certificates or []:
            self._check_certificate(each["CertificateArn"])
        return super().modify_listener(arn, port, protocol, ssl_policy, certificates, actions)

    def _check_certificate(self, arn: str | None) -> None:
        if arn is None:
            raise ELBClientError(
                "ValidationError", "A certificate must be specified for HTTPS listeners"
            )
        backend = acm_models.acm_backends[self.account_id][self.region_name]
        bundle = backend._certificates.get(arn)
        if bundle is None:
            raise ELBClientError("CertificateNotFound", f"Certificate '{arn}' not found")
        bundle.check()
        if bundle.status != "ISSUED":
            raise ELBClientError(
                "UnsupportedCertificate",
                f"The certificate '{arn}' must have a fully-qualified domain name, a supported"
                " signature, and a supported key size.",
            )


def _random_public_ip() -> str:
    # As instances' are, which is put into this module.
    module: Any = elastic_network_interfaces
    return str(module.random_public_ip())


def _check_zones(subnets: list[Any]) -> None:
    if len({each.availability_zone for each in subnets}) < NEEDED_ZONES:
        raise ELBClientError(
            "ValidationError",
            "At least two subnets in two different Availability Zones must be specified",
        )
    if len({each.vpc_id for each in subnets}) > 1:
        raise ELBClientError("InvalidSubnet", "All subnets must be in the same VPC")


def _issue_when_proved(bundle: Any) -> None:
    """Issue a certificate whose records are in Route 53; one that expired says so."""
    if bundle._not_valid_after(bundle._cert) <= utcnow():
        bundle.status = "EXPIRED"
    elif bundle.type == "AMAZON_ISSUED" and bundle.status == "PENDING_VALIDATION":
        wanted = {_record(bundle, name) for name in bundle.sans or [bundle.common_name]}
        if wanted <= set(_records()):
            bundle.status = "ISSUED"


def _record(bundle: Any, name: str) -> tuple[str, str]:
    """Return the record that proves whose a name is: of a wildcard, the same as of its domain."""
    domain = name.removeprefix("*.")
    account = hashlib.sha256(f"{bundle.arn.split(':')[4]} {domain}".encode()).hexdigest()
    value = hashlib.sha256(account.encode()).hexdigest()
    return f"_{account[:32]}.{domain}.", f"_{value[:32]}.{value[32:42]}.acm-validations.aws."


def _records() -> Iterator[tuple[str, str]]:
    for zone in list(route53_backends[DEFAULT_ACCOUNT_ID]["aws"].zones.values()):
        for record in list(zone.rrsets):
            if record.type == "CNAME":
                for value in record.records or []:
                    yield f"{record.name.rstrip('.')}.", f"{value.rstrip('.')}."


def _describe(bundle: Any) -> dict[str, Any]:
    described: dict[str, Any] = _moto_describe(bundle)
    for option in described["Certificate"].get("DomainValidationOptions") or []:
        name, value = _record(bundle, option["DomainName"])
        option["ResourceRecord"] = {"Name": name, "Type": "CNAME", "Value": value}
    return described


def _health_for(group: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
    """Return a target's health as who plays the load balancers found it."""
    found = _moto_health_for(group, target, ec2_backend)
    if found.status == "healthy":
        state, reason, words = getattr(group, "health", {}).get(
            found.instance_id,
            ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress"),
        )
        found.status, found.reason, found.description = state, reason or None, words or None
    return found


def _state(balancer: Any) -> dict[str, str]:
    reason = getattr(balancer, "reason", "")
    return {"Code": balancer.state, **({"Reason": reason} if reason else {})}


_moto_describe: Any = acm_models.CertBundle.describe
_moto_health_for: Any = elbv2_models.FakeTargetGroup.health_for


def make_balancing_strict() -> None:
    """Put the rules in place; before the first use of these services in this process."""
    balancer: Any = elbv2_models.FakeLoadBalancer
    # It is active once it answers.
    balancer.activate = lambda self: None
    balancer.load_balancer_state = property(_state)
    bundle: Any = acm_models.CertBundle
    bundle.check, bundle.describe = _issue_when_proved, _describe
    group: Any = elbv2_models.FakeTargetGroup
    group.health_for = _health_for
    elbv2_models.elbv2_backends.clear()
    elbv2_models.elbv2_backends.backend = StrictBalancing

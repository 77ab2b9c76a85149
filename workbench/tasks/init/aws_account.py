"""An AWS account before there is a stack in it: who asks, and what there is to choose from."""

import difflib
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.offerings import find_zones
from workbench.remote.offerings import zones_that_offer

if TYPE_CHECKING:
    from workbench.prices import Prices

# Where each partition answers whoever has an account in it.
_HOMES = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
EXAMPLES = "us-east-1, us-west-2, eu-west-1, eu-central-1, ap-southeast-2"


@dataclass(frozen=True)
class InstanceType:
    """An instance type that a region offers; memory in GiB.

    ``free_tier`` tells whether an account on AWS's Free plan may start it.
    """

    name: str
    vcpus: int
    memory: float
    free_tier: bool = False

    def __str__(self) -> str:
        return f"{self.name} ({self.vcpus} vCPU, {self.memory:g} GiB of memory)"


@dataclass(frozen=True)
class HostedZone:
    """A public hosted zone of the account's Route 53."""

    id: str
    name: str

    def holds(self, domain: str) -> bool:
        """Whether the domain's records belong into it."""
        return domain == self.name or domain.endswith(f".{self.name}")


class Account:
    """An account, by credentials and a region as a stack's configuration names them.

    ``config`` holds the keys of the provider, such as aws:profile; what it doesn't say comes
    from the environment, as for the provider itself.
    """

    def __init__(self, config: Mapping[str, str]) -> None:
        self.config = dict(config)

    def aws(self, service: str) -> Any:
        """Return a client for a service in the account's region."""
        from workbench.engine.aws import client

        return client(self.config, service)

    def prices(self, region: str, *types: str, others: bool = True) -> "Prices":
        """Return a region's prices, of instance types and of volumes and the like."""
        from workbench.engine.aws import client
        from workbench.prices import read_prices

        def pricing(place: str) -> Any:
            return client({**self.config, "aws:region": place}, "pricing", quick=True)

        return read_prices(pricing, region, types, others=others)

    def within(self, region: str) -> "Account":
        """Return the same account in a region."""
        return Account({**self.config, "aws:region": region})

    @property
    def region(self) -> str | None:
        """The region that configuration, environment or profile name, if one does."""
        from workbench.engine.aws import read_region

        return read_region(self.config)

    def identity(self) -> str:
        """Return whom the credentials are of; botocore's error where they are none."""
        home = self.within(_home(self.region or ""))
        return str(home.aws("sts").get_caller_identity()["Arn"])

    def check_region(self, region: str) -> str:
        """Return the region if this account can use it."""
        known = _known_regions()
        if region not in known:
            near = difflib.get_close_matches(region, known, n=3)
            raise ConfigError(
                f"AWS has no region {region!r}.", f"For example: {', '.join(near) or EXAMPLES}"
            )
        if self._is_disabled(region):
            raise ConfigError(
                f"The region {region} isn't enabled in this account.",
                f"aws account enable-region --region-name {region}",
            )
        return region

    def _is_disabled(self, region: str) -> bool:
        from botocore.exceptions import ClientError

        try:
            found = self.within(_home(region)).aws("ec2").describe_regions(RegionNames=[region])
        except ClientError:
            return False  # some organizations forbid all calls in other regions
        return any(each.get("OptInStatus") == "not-opted-in" for each in found["Regions"])

    def find_types(self, names: Iterable[str]) -> dict[str, InstanceType]:
        """Return those of the instance types that the region offers."""
        # A filter leaves out what isn't offered, where a list would be refused as a whole.
        return {each.name: each for each in self._types({"instance-type": list(names)})}

    def find_free_type(self) -> InstanceType | None:
        """Return the type with the most memory that an account on the Free plan may start."""
        # Of ARM's architecture there is no RStudio Server by default.
        wanted = {
            "free-tier-eligible": ["true"],
            "processor-info.supported-architecture": ["x86_64"],
        }
        return max(self._types(wanted), key=lambda each: each.memory, default=None)

    def _types(self, filters: Mapping[str, list[str]]) -> list[InstanceType]:
        wanted = [{"Name": name, "Values": values} for name, values in filters.items()]
        found = self.aws("ec2").describe_instance_types(Filters=wanted)["InstanceTypes"]
        return [
            InstanceType(
                each["InstanceType"],
                int(each["VCpuInfo"]["DefaultVCpus"]),
                each["MemoryInfo"]["SizeInMiB"] / 1024,
                bool(each.get("FreeTierEligible")),
            )
            for each in found
        ]

    def is_on_free_plan(self) -> bool:
        """Whether the account is on AWS's Free plan; false where AWS doesn't report it."""
        from botocore.exceptions import BotoCoreError
        from botocore.exceptions import ClientError

        home = _home(self.region or "")
        if home != _HOMES["aws"]:
            return False  # other partitions have no such plan
        try:
            found = self.within(home).aws("freetier").get_account_plan_state()
        except (BotoCoreError, ClientError, ConfigError):
            # Most often it isn't allowed to the caller; a rehearsal has none.
            return False
        return bool(found.get("accountPlanType") == "FREE")

    def check_type(self, name: str) -> InstanceType:
        """Return an instance type if the region offers it."""
        from workbench.components.validation import check_instance_type

        checked = check_instance_type(name, "The instance type")
        found = self.find_types([checked]).get(checked)
        if found is None:
            raise WorkbenchError(
                f"AWS has no instance type {checked!r} to offer in {self.config['aws:region']}.",
                "For example: t3.medium (2 vCPU, 4 GiB) or m6i.xlarge (4 vCPU, 16 GiB)",
            )
        return found

    def zones(self) -> list[str]:
        """Return the region's availability zones, without Local Zones."""
        return find_zones(self.aws("ec2"))

    def zones_that_offer(self, instance_type: str) -> list[str]:
        """Return the zones that offer an instance type."""
        return zones_that_offer(self.aws("ec2"), instance_type)

    def hosted_zones(self) -> list[HostedZone]:
        """Return the account's public hosted zones."""
        pages = self.aws("route53").get_paginator("list_hosted_zones").paginate()
        return [
            HostedZone(zone["Id"].rpartition("/")[2], zone["Name"].rstrip("."))
            for page in pages
            for zone in page["HostedZones"]
            if not zone.get("Config", {}).get("PrivateZone")
        ]

    def records(self, zone: HostedZone, name: str) -> list[str]:
        """Return the records that lead from a name to somewhere, in words."""
        # In the order of their names, so that those of this one come first.
        found = self.aws("route53").list_resource_record_sets(
            HostedZoneId=zone.id, StartRecordName=name, StartRecordType="A", MaxItems="10"
        )["ResourceRecordSets"]
        return [
            f"a record {name} ({record['Type']})"
            for record in found
            if record["Name"].rstrip(".") == name and record["Type"] in ("A", "CNAME")
        ]


def _known_regions() -> list[str]:
    import boto3

    session = boto3.session.Session()
    partitions = session.get_available_partitions()
    return [each for name in partitions for each in session.get_available_regions("ec2", name)]


def _home(region: str) -> str:
    """Return the region that answers for the whole of a region's partition."""
    import boto3
    from botocore.exceptions import UnknownRegionError

    try:
        partition = boto3.session.Session().get_partition_for_region(region)
    except UnknownRegionError:
        partition = "aws"
    return _HOMES.get(partition, region)

"""Remove what a lab made in AWS: by its program, then by the labs' names."""

from dataclasses import dataclass
from typing import Any

from workbench.checks.labs.found import find_groups
from workbench.checks.labs.found import find_instances
from workbench.checks.labs.names import DATA_VOLUME
from workbench.checks.labs.names import KEY_PAIR
from workbench.checks.labs.names import NAME
from workbench.errors import WaitTimeoutError
from workbench.progress import Phase
from workbench.progress import Progress
from workbench.remote.selection import PROJECT_FILE
from workbench.tasks.labs.bench import LabBench
from workbench.waiting import wait_for

# Seconds.
LIMIT, INTERVAL = 300.0, 1.0


@dataclass(frozen=True)
class Remains:
    """What AWS has by the labs' names, and how many objects their program made."""

    made: int
    instances: list[str]
    volumes: list[str]
    addresses: list[str]
    groups: list[str]
    key_pairs: list[str]
    zones: list[str]

    @property
    def lines(self) -> list[str]:
        """Return what would be removed, a line each; none where there is nothing."""
        told = {
            "instance": self.instances,
            "volume": self.volumes,
            "Elastic IP": self.addresses,
            "security group": self.groups,
            "key pair": self.key_pairs,
            "hosted zone": self.zones,
        }
        lines = [f"{kind} {each}" for kind, found in told.items() for each in found]
        if self.made:
            lines.append(f"{self.made} objects that the lab's program made")
        return lines


def find_remains(bench: LabBench, progress: Progress) -> Remains:
    """Return what AWS has of the labs."""
    ec2 = bench.aws("ec2")
    return Remains(
        made=_made_by_program(bench, progress),
        instances=[each["InstanceId"] for each in find_instances(ec2)],
        volumes=[
            each["VolumeId"]
            for each in ec2.describe_volumes(Filters=_tagged(DATA_VOLUME))["Volumes"]
        ],
        addresses=[
            each["AllocationId"]
            for each in ec2.describe_addresses(Filters=_tagged(NAME))["Addresses"]
        ],
        groups=[each["GroupId"] for each in find_groups(ec2)],
        key_pairs=[
            each["KeyPairId"]
            for each in ec2.describe_key_pairs()["KeyPairs"]
            if each["KeyName"] == KEY_PAIR
        ],
        zones=_zones(bench.aws("route53")),
    )


def _zones(route53: Any) -> list[str]:
    """Return the hosted zones that a lab made: by their comment, as their names are a person's."""
    pages = route53.get_paginator("list_hosted_zones").paginate()
    zones = [zone for page in pages for zone in page["HostedZones"]]
    return [
        zone["Id"].rpartition("/")[2] for zone in zones if zone["Config"].get("Comment") == NAME
    ]


def _tagged(name: str) -> list[dict[str, Any]]:
    return [{"Name": "tag:Name", "Values": [name]}]


def _made_by_program(bench: LabBench, progress: Progress) -> int:
    from workbench.engine.stacks import Stack

    if not (bench.folder / PROJECT_FILE).is_file():
        return 0
    stack = Stack(bench.stack, bench.folder, progress)
    return len(stack.state().resources) if stack.exists() else 0


def remove(bench: LabBench, remains: Remains, progress: Progress) -> None:
    """Remove it; what is gone already is no reason to stop."""
    if remains.made:
        from workbench.engine.stacks import Stack

        Stack(bench.stack, bench.folder, progress).destroy()
        remains = find_remains(bench, progress)
    if not remains.lines:
        return
    ec2 = bench.aws("ec2")
    with progress.phase("Remove what the lab made") as phase:
        if remains.instances:
            ec2.terminate_instances(InstanceIds=remains.instances)
            _await_end(ec2, remains.instances, phase)
        for volume in remains.volumes:
            ec2.delete_volume(VolumeId=volume)
        for address in remains.addresses:
            ec2.release_address(AllocationId=address)
        for group in remains.groups:
            ec2.delete_security_group(GroupId=group)
        if remains.key_pairs:
            # By its name: moto, and so a rehearsal, takes an id, says yes, and deletes nothing.
            ec2.delete_key_pair(KeyName=KEY_PAIR)
        for zone in remains.zones:
            _delete_zone(bench.aws("route53"), zone)


def _delete_zone(route53: Any, zone: str) -> None:
    """Delete a hosted zone with its records; its own two go with it."""
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
    changes = [
        {"Action": "DELETE", "ResourceRecordSet": record}
        for page in pages
        for record in page["ResourceRecordSets"]
        if record["Type"] not in ("NS", "SOA")
    ]
    if changes:
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    route53.delete_hosted_zone(Id=zone)


def _await_end(ec2: Any, instances: list[str], phase: Phase) -> None:
    """Wait until instances have let go of their volumes, addresses and groups."""

    def ended() -> bool:
        found = ec2.describe_instances(InstanceIds=instances)["Reservations"]
        states = {each["State"]["Name"] for group in found for each in group["Instances"]}
        phase.tick(f"instance: {', '.join(sorted(states))}")
        return states <= {"terminated"}

    if not wait_for(ended, LIMIT, INTERVAL):
        raise WaitTimeoutError(
            f"{', '.join(instances)} didn't finish within {LIMIT / 60:.0f} minutes.",
            "Run the same command again to keep waiting",
        )

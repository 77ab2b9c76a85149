"""The lab's instance and its security group, as AWS has them."""

from datetime import UTC
from datetime import datetime
from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import Result
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import warned
from workbench.checks.labs.found import find_groups
from workbench.checks.labs.found import find_instances
from workbench.checks.labs.found import the_instance
from workbench.checks.labs.names import NAME
from workbench.checks.ssh import SSH_PORT
from workbench.checks.ssh import check_ssh_port
from workbench.checks.ssh import ssh_sources
from workbench.checks.target import Target
from workbench.waiting import wait_for

EVERYONE = ("0.0.0.0/0", "::/0")
# In GiB: as large as the walkthrough makes it.
ROOT_SIZE = 30
# Seconds: for how long after its start a server may still boot, and how long to wait for it.
YOUNG, BOOT_LIMIT, INTERVAL = 300.0, 180.0, 0.5


def check_group(target: Target) -> Outcome:
    """Check that the lab's security group lets in SSH, not from everywhere, and nothing else."""
    ec2 = target.aws("ec2")
    groups = find_groups(ec2)
    if not groups:
        return failed(f"no security group is named {NAME}")
    if len(groups) > 1:
        ids = ", ".join(group["GroupId"] for group in groups)
        return failed(f"several security groups are named {NAME}: {ids}")
    ident = groups[0]["GroupId"]
    sources: set[str] = set()
    for rule in inbound_rules(ec2, ident):
        ports = (rule["IpProtocol"], rule.get("FromPort"), rule.get("ToPort"))
        if ports != ("tcp", SSH_PORT, SSH_PORT):
            return failed(f"{ident} opens more than port {SSH_PORT}: {_told(ports)}")
        source = str(rule.get("CidrIpv4") or rule.get("CidrIpv6") or "another group")
        if source in EVERYONE:
            return failed(f"{ident} opens port {SSH_PORT} to the whole internet ({source})")
        sources.add(source)
    if not sources:
        return failed(f"{ident} doesn't open any port yet")
    return passed(f"{ident} opens port {SSH_PORT} to {', '.join(sorted(sources))}")


def inbound_rules(ec2: Any, group: str) -> list[dict[str, Any]]:
    """Return a security group's rules for what comes in, as EC2 has them."""
    wanted = [{"Name": "group-id", "Values": [group]}]
    found = ec2.describe_security_group_rules(Filters=wanted)["SecurityGroupRules"]
    return [rule for rule in found if not rule["IsEgress"]]


def _told(ports: tuple[str, int | None, int | None]) -> str:
    protocol, first, last = ports
    if protocol == "-1":
        return "everything"
    return f"{protocol} {first}" if first == last else f"{protocol} {first} to {last}"


def check_instance(target: Target) -> Outcome:
    """Check that exactly one instance is the lab's, that it runs, behind the lab's group alone."""
    ec2 = target.aws("ec2")
    instances = find_instances(ec2)
    if not instances:
        return failed(f"no instance is named {NAME}")
    if len(instances) > 1:
        ids = ", ".join(each["InstanceId"] for each in instances)
        return failed(f"{len(instances)} instances are named {NAME}: {ids}")
    instance = instances[0]
    ident, state = instance["InstanceId"], instance["State"]["Name"]
    said = f"{ident}, {instance['InstanceType']}, {state}"
    if state == "pending":
        return warned(f"{said}: it is booting")
    if state != "running":
        return failed(said)
    wanted = {group["GroupId"] for group in find_groups(ec2)}
    used = {group["GroupId"] for group in instance["SecurityGroups"]}
    if not used or not used <= wanted:
        names = ", ".join(group["GroupName"] for group in instance["SecurityGroups"])
        return failed(f"{ident} isn't behind the security group {NAME}, but behind: {names}")
    return passed(said)


def check_root_disk(target: Target) -> Outcome:
    """Check that the instance's own disk is as large as it was asked for."""
    size = root_volume(target)["Size"]
    if size < ROOT_SIZE:
        return failed(f"the disk has {size} GiB, not {ROOT_SIZE}")
    return passed(f"the disk has {size} GiB")


def check_restarted(target: Target) -> Outcome:
    """Check that the instance was stopped and started since it was launched.

    EC2 tells when it was started last; its disk was attached when it was launched.
    """
    started = the_instance(target)["LaunchTime"]
    made = root_volume(target)["Attachments"][0]["AttachTime"]
    if started <= made:
        return failed(f"it has run since it was launched, {made:%H:%M:%S} UTC")
    return passed(f"launched {made:%H:%M:%S}, started again {started:%H:%M:%S} UTC")


def check_answers(target: Target) -> Outcome:
    """Check that SSH answers; a server that was started just now gets the time to boot."""
    started = the_instance(target)["LaunchTime"]
    is_young = (datetime.now(UTC) - started).total_seconds() < YOUNG
    outcome = check_ssh_port(target)
    # A closed group doesn't open while a server boots.
    if outcome.result is Result.FAIL and is_young and ssh_sources(target):
        asked = [outcome]

        def is_answered() -> bool:
            asked.append(check_ssh_port(target))
            return asked[-1].result is not Result.FAIL

        wait_for(is_answered, BOOT_LIMIT, INTERVAL)
        outcome = asked[-1]
    where = target.where
    if outcome.result is Result.PASS and where.port(SSH_PORT) != SSH_PORT:
        return passed(
            f"port {SSH_PORT} of {where.ip} is reached through port {where.port(SSH_PORT)}"
        )
    return outcome


def root_volume(target: Target) -> dict[str, Any]:
    """Return what EC2 says of the disk that the lab's instance boots from."""
    instance = the_instance(target)
    root = instance["RootDeviceName"]
    ids = [
        each["Ebs"]["VolumeId"]
        for each in instance["BlockDeviceMappings"]
        if each["DeviceName"] == root
    ]
    volume: dict[str, Any] = target.aws("ec2").describe_volumes(VolumeIds=ids)["Volumes"][0]
    return volume

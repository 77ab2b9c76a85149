"""The load balancer in front, if there is one: it sends requests to this server alone."""

from collections.abc import Iterator
from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.target import Target

# One that gets no new requests, as a server that was just replaced.
LEAVING = "draining"
DOCTOR = "workbench doctor --stack {stack}"
ONE_EACH = "give each workbench an Entrance of its own (docs/org.md)"


def check_load_balancer(target: Target) -> Outcome:
    """Check that the load balancer's only target is this server, and that it answers there."""
    front = target.outputs.get("entrance")
    if not front:
        return skipped("there is no load balancer in front")
    own = target.output("instance_id")
    # One target group for other paths, say, is none of the workbench's.
    states = next((group for group in _groups(target, str(front)) if own in group), None)
    if states is None:
        return failed(f"{front} doesn't send requests to this server ({own})")
    # Two programs that share one `entry` don't know of each other.
    getting = {name for name, health in states.items() if health["State"] != LEAVING}
    others = ", ".join(sorted(getting - {own}))
    if others:
        return failed(f"{front} sends some of the requests to another server: {others}", ONE_EACH)
    health = states[own]
    if health["State"] != "healthy":
        told = ": ".join(each for each in (health["State"], health.get("Description")) if each)
        return failed(f"for {front}, this server is {told}", DOCTOR)
    return passed(f"{front} → {own}, healthy")


def _groups(target: Target, front: str) -> Iterator[dict[str, dict[str, Any]]]:
    """Give the health of each target group's members, by their IDs."""
    balancing = target.aws("elbv2")
    for page in balancing.get_paginator("describe_load_balancers").paginate():
        for each in page["LoadBalancers"]:
            if each["DNSName"].lower() != front.lower():
                continue
            groups = balancing.describe_target_groups(LoadBalancerArn=each["LoadBalancerArn"])
            for group in groups["TargetGroups"]:
                found = balancing.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
                members = found["TargetHealthDescriptions"]
                yield {each["Target"]["Id"]: each["TargetHealth"] for each in members}

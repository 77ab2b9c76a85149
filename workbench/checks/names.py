"""The server can look up names: without, it gets no recipe, packages or certificates."""

import shlex

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.target import Target

SECONDS = 10
# Without it, the server gets nothing: who follows its first boot says so, too.
NEEDS = "its VPC needs DNS support, and DHCP options with a name server that answers"
SHOW_VPC = "aws ec2 describe-vpc-attribute --attribute enableDnsSupport --vpc-id "


def check_names(target: Target) -> Outcome:
    """Check that the server finds the address of what it gets its recipe from."""
    region = target.output("region")
    name = f"s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    answer = target.server().run(f"timeout {SECONDS} getent ahostsv4 {shlex.quote(name)}")
    if answer.ok and answer.stdout.strip():
        return passed(f"{name} is {answer.stdout.split()[0]}, asked from the server")
    return failed(
        f"the server can't look up names (DNS): {name} has no address there; {NEEDS}",
        f"{SHOW_VPC}{_vpc(target)}",
    )


def _vpc(target: Target) -> str:
    found = target.aws("ec2").describe_instances(InstanceIds=[target.output("instance_id")])
    return str(found["Reservations"][0]["Instances"][0]["VpcId"])

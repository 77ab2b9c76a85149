"""A Pulumi project of a person's own, in a rehearsal."""

import json

from lab_world import ROOT
from lab_world import World
from walkthrough import Shell

PROGRAM = """
import pulumi
import pulumi_aws as aws

vpc = aws.ec2.Vpc("mine", cidr_block="10.9.0.0/16")
pulumi.export("vpc", vpc.id)
"""


def test_a_project_of_ones_own_is_deployed_by_pulumis_own_commands(
    world: World, reader: Shell
) -> None:
    reader.run("mkdir mine && cd mine")
    reader.run(f"cat > __main__.py <<'END'\n{PROGRAM}\nEND")
    reader.run("printf 'name: mine\\nruntime: python\\n' > Pulumi.yaml")
    code, printed = reader.run(f"workbench rehearsal.config --name {world.name}")
    assert code == 0, printed
    code, printed = reader.run('eval "$(workbench env)" && pulumi up --yes', 600)
    assert code == 0, printed
    _, made = reader.run("pulumi stack output vpc")
    _, known = reader.run("aws ec2 describe-vpcs --query 'Vpcs[].VpcId' --output text")
    assert made.strip() in known.split()
    # A second time, it is as it was.
    code, printed = reader.run(f"workbench rehearsal.config --name {world.name}")
    assert code == 0, printed
    code, printed = reader.run("pulumi preview --expect-no-changes")
    assert code == 0, printed
    # What labs would do in this rehearsal could take it for theirs.
    code, printed = reader.run("workbench labs")
    assert code == 1
    assert "which labs don't touch" in printed
    assert reader.run("pulumi destroy --yes", 600)[0] == 0


OWN_STACK = """
import pulumi
import pulumi_aws as aws

name = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
image = aws.ssm.get_parameter(name=name).insecure_value
zone = aws.get_availability_zones(state="available").names[0]
servers = [
    aws.ec2.Instance(name, ami=image, instance_type="t3.micro", availability_zone=zone)
    for name in ("first", "second")
]
pulumi.export("ids", [each.id for each in servers])
"""


def test_a_stack_of_ones_own_lives_in_a_rehearsal(world: World, reader: Shell) -> None:
    reader.run("mkdir own && cd own && unset WORKBENCH_STACK")
    reader.run(f"cat > __main__.py <<'END'\n{OWN_STACK}\nEND")
    reader.run("printf 'name: own\nruntime: python\n' > Pulumi.yaml")
    # As Pulumi's own documentation has it, with a passphrase and a state of your own.
    reader.run(f'PATH="$(cd {ROOT} && workbench env | sed -n "s/^export PATH=//p")"')
    reader.run("mkdir state && export PULUMI_CONFIG_PASSPHRASE=mine")
    code, printed = reader.run("PULUMI_BACKEND_URL=file://state pulumi stack init dev")
    assert code == 0, printed
    code, printed = reader.run(f"workbench rehearsal.config --stack dev --name {world.name}")
    assert code == 0, printed
    assert "has the stack dev, configured in Pulumi.dev.yaml" in printed
    code, printed = reader.run('eval "$(workbench env --stack dev)" && pulumi up --yes', 900)
    assert code == 0, printed
    assert "ubuntu-24.04: in this rehearsal, a machine with debian-12." in printed
    code, printed = reader.run("pulumi preview --expect-no-changes")
    assert code == 0, printed
    # The commands know where it lives.
    _, printed = reader.run("workbench rehearsal.status --json")
    _, ids = reader.run("pulumi stack output ids --json")
    assert json.loads(printed)["name"] == world.name
    # All of them, though they were made at once.
    assert json.loads(printed)["machines"] == dict.fromkeys(sorted(json.loads(ids)), "running")
    code, printed = reader.run("workbench check; workbench status")
    assert "Pulumi doesn't know where to keep" not in printed
    # In another folder, a stack of this name is another.
    _, printed = reader.run("(mkdir ../other && cd ../other && workbench status --stack dev)")
    assert world.name not in printed
    code, printed = reader.run("pulumi destroy --yes", 600)
    assert code == 0, printed


def test_a_stack_that_is_configured_for_aws_is_left_alone(world: World, reader: Shell) -> None:
    reader.run("mkdir real && cd real && printf 'name: real\nruntime: python\n' > Pulumi.yaml")
    reader.run("printf 'config:\n  aws:region: eu-west-1\n' > Pulumi.prod.yaml")
    code, printed = reader.run(f"workbench rehearsal.config --stack prod --name {world.name}")
    assert code == 2
    assert "The stack prod is configured for AWS itself (Pulumi.prod.yaml)." in printed
    assert reader.run("cat Pulumi.prod.yaml")[1].strip().endswith("aws:region: eu-west-1")

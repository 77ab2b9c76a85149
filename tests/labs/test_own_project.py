"""A Pulumi project of a person's own, in a rehearsal."""

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

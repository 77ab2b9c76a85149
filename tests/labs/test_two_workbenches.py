"""Two workbenches in one stack, by the program of the documents; the hub alone is their service."""

import json
import re

import pytest
from lab_world import ROOT
from lab_world import World
from walkthrough import Shell

WARM = True
DOCUMENT = ROOT / "docs" / "org.md"


def program(world: World) -> str:
    """Return the document's program in the rehearsal's domain, with the least on the servers."""
    section = DOCUMENT.read_text().split("## Several workbenches in one stack\n")[1]
    (text,) = re.findall(r"```python\n(.*?)```", section.split("\n## ")[0], re.S)
    least = '{**read_configuration(), "services": ["jupyterhub"], "base_packages": []}'
    for theirs, ours in (
        ("read_configuration()", least),
        (".example.com", f".{world.name}.workbench.localhost"),
    ):
        assert theirs in text
        text = text.replace(theirs, ours)
    return text


@pytest.mark.timeout(1800)
def test_two_workbenches_in_one_stack_are_told_apart(world: World, reader: Shell) -> None:
    def run(command: str, exit_code: int = 0, limit: float = 120) -> str:
        code, printed = reader.run(command, limit)
        assert code == exit_code, f"{command}\n{printed}"
        assert "Traceback" not in printed
        return printed

    run("mkdir two && cd two && printf 'name: two\\nruntime: python\\n' > Pulumi.yaml")
    run(f"cat > __main__.py <<'END'\n{program(world)}\nEND")
    run(f"workbench rehearsal.config --name {world.name}")
    run('eval "$(workbench env)" && pulumi up --yes', limit=600)
    brought = run("workbench up", limit=1200)
    assert "The workbench one is ready" in brought
    assert "The workbench two is ready" in brought
    run("pulumi preview --expect-no-changes")

    said = run("workbench status", exit_code=2)
    assert f"The stack rehearsal-{world.name} has 2 workbenches: one, two." in said
    said = run("workbench status --workbench tow", exit_code=2)
    assert "Did you mean two?" in said
    one, two = (
        json.loads(run(f"workbench status --workbench {name} --json")) for name in ("one", "two")
    )
    assert (one["state"], two["state"]) == ("running", "running")
    assert all(one[key] != two[key] for key in ("url", "instance_id", "address"))
    assert (one["users"], two["users"]) == (["test-user"], ["ada"])
    assert not set(one["password_files"].values()) & set(two["password_files"].values())
    # Signs in as ada, whose password only the second one's folder has.
    run("workbench check --workbench two", limit=600)
    run("workbench ssh.connect 'id ada' --workbench two")
    run("workbench ssh.connect 'id ada' --workbench one", exit_code=1)

    # What can't be one's alone is refused, and nothing is different.
    said = run("workbench resize t3.large --workbench one --yes", exit_code=1)
    assert "has several workbenches (one, two)" in said
    run("pulumi preview --expect-no-changes")

    said = run("workbench destroy --yes", limit=600)
    assert "This removes the workbenches one, two" in said
    assert said.count("Kept: the data volume vol-") == 2
    ids = f"{one['instance_id']} {two['instance_id']}"
    shown = run(f"aws ec2 describe-instances --instance-ids {ids} --output text")
    assert shown.count("terminated") >= 2

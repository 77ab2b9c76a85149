"""The labs' README for AWS, typed as it says; only the endpoint is a rehearsal's."""

import re

from lab_world import ROOT
from lab_world import World
from walkthrough import Shell

README = ROOT / "labs" / "README.md"


def test_the_commands_for_aws_come_as_far_as_an_account_is_needed(
    world: World, reader: Shell
) -> None:
    block = re.search(r"```sh\n(export AWS_REGION.*?)```", README.read_text(), re.S)
    assert block
    *prepare, start = block[1].strip().splitlines()
    # Where a reader has an account, the rehearsal plays it; and no state of root's is touched.
    env = reader.run(f"workbench env --stack rehearsal-{world.name}")[1]
    account = [line for line in env.splitlines() if line.startswith("export AWS_")]
    state = f"export PULUMI_HOME=$HOME/pulumi WORKBENCH_STACK= ; cd {ROOT}"
    for line in (*account, "mkdir $HOME/state", state, *prepare):
        typed = line.replace(" --local", " file://$HOME/state")
        code, printed = reader.run(typed.replace("~/", "$HOME/"))
        assert code == 0, printed
    code, printed = reader.run(
        "cat $HOME/labs.passphrase | wc -c; stat -c %a $HOME/labs.passphrase"
    )
    assert printed.split() == ["65", "600"]
    # It asks for this computer's public address next, which a rehearsal has none of.
    code, printed = reader.run(f"{start} --dry-run")
    assert code == 0, printed
    assert "Lab 1 starts; this is removed:" in printed
    assert "rehearsal" not in printed

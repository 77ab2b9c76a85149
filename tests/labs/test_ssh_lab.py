"""Lab 2 as code; what is typed in it, ``test_in_order.py`` walks."""

from lab_world import ROOT
from walkthrough import Shell
from walkthrough import walk_as_code

LAB = ROOT / "labs" / "02-ssh" / "README.md"
OWN_KEY = "ssh-keygen -q -t ed25519 -N '' -f ~/.ssh/id_ed25519"


def test_the_part_as_code_works_as_it_says(reader: Shell) -> None:
    walk_as_code(LAB, reader, 2, OWN_KEY)

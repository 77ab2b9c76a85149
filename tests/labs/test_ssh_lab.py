"""Lab 2."""

from lab_world import ROOT
from walkthrough import Shell
from walkthrough import walk
from walkthrough import walk_again

LAB = ROOT / "labs" / "02-ssh" / "README.md"


def test_the_walkthrough_works_as_it_says_and_again_after_a_reset(reader: Shell) -> None:
    walk(LAB, reader)
    walk_again(LAB, reader)

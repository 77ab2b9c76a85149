"""Lab 5."""

from lab_world import ROOT
from walkthrough import Shell
from walkthrough import walk

LAB = ROOT / "labs" / "05-resize" / "README.md"


def test_every_block_of_the_walkthrough_works_as_it_says(reader: Shell) -> None:
    walk(LAB, reader)

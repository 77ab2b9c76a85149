"""Lab 1."""

from lab_world import ROOT
from walkthrough import Reader
from walkthrough import Shell
from walkthrough import parse

LAB = ROOT / "labs" / "01-instance" / "README.md"


def test_every_block_of_the_walkthrough_works_as_it_says(reader: Shell) -> None:
    for example in parse(LAB, Reader(reader)).examples():
        example.evaluate()

"""Lab 5 as code; what is typed in it, ``test_in_order.py`` walks."""

from lab_world import ROOT
from walkthrough import Shell
from walkthrough import walk_as_code

LAB = ROOT / "labs" / "05-resize" / "README.md"


def test_the_part_as_code_works_as_it_says(reader: Shell) -> None:
    walk_as_code(LAB, reader, 5)

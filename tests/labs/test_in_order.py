"""The labs one after the other, by one reader at one shell, as the book has them.

Without their parts as code, which begin each with nothing, and are walked in the tests of each lab.
"""

import pytest
from lab_world import ROOT
from walkthrough import Shell
from walkthrough import walk_manually

from workbench.labs.lab_file import read_labs

# What is installed is installed from nothing in the tests of each lab.
WARM = True
# Seconds: lab 4 begins with what lab 3 ends with.
START_LIMIT = 1200


@pytest.mark.timeout(5000)
def test_all_labs_in_order(reader: Shell) -> None:
    for lab in read_labs(ROOT / "labs"):
        # Without a terminal it doesn't ask whether what the lab before made may go.
        code, printed = reader.run(f"workbench labs.start {lab.number} --yes", START_LIMIT)
        assert code == 0, printed
        walk_manually(lab.folder / "README.md", reader)

"""The labs one after the other, by one reader at one shell, as the book has them."""

import pytest
from lab_world import ROOT
from walkthrough import Shell
from walkthrough import walk

from workbench.labs.lab_file import read_labs

# What is installed is installed from nothing in the tests of each lab.
WARM = True


@pytest.mark.timeout(5000)
def test_all_labs_in_order(reader: Shell) -> None:
    for lab in read_labs(ROOT / "labs"):
        walk(lab.folder / "README.md", reader)

"""Lab 4."""

import pytest
from lab_world import ROOT
from walkthrough import Shell
from walkthrough import walk

LAB = ROOT / "labs" / "04-network" / "README.md"
# Its start installs R, JupyterHub and RStudio Server, and so does its recipe.
WARM = True


# On a busy computer the recipe alone takes a quarter of an hour.
@pytest.mark.timeout(3000)
def test_the_walkthrough_works_as_it_says(reader: Shell) -> None:
    walk(LAB, reader)

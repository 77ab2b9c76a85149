"""Lab 4 as code; what is typed in it, ``test_in_order.py`` walks."""

import pytest
from lab_world import ROOT
from walkthrough import Shell
from walkthrough import walk_as_code

LAB = ROOT / "labs" / "04-network" / "README.md"
# Its recipe installs R, JupyterHub and RStudio Server.
WARM = True


# On a busy computer the recipe alone takes a quarter of an hour.
@pytest.mark.timeout(3000)
def test_the_part_as_code_works_as_it_says(reader: Shell) -> None:
    walk_as_code(LAB, reader, 4)

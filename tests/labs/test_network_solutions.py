"""The lab on networks, DNS and HTTPS by its own solutions, and its game days."""

import pytest
from solutions import solve_each_step
from walkthrough import Shell

WARM = True


@pytest.mark.timeout(3000)
def test_a_step_isnt_done_before_its_solution_and_is_after(reader: Shell) -> None:
    solve_each_step(reader, 4)

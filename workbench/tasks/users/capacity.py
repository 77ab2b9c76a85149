"""How many people a server has memory for: measured, and told before there are more of them."""

import textwrap

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError

from workbench.errors import WorkbenchError
from workbench.host.shares.shares import LEFT_PERCENT
from workbench.host.shares.shares import MIB
from workbench.host.shares.shares import shares
from workbench.remote.instance_types import InstanceType
from workbench.remote.instance_types import read_type
from workbench.remote.stack_state import StackState

# What one person takes: a Jupyter server, and a Python notebook with 50 MiB of data. By
# benchmarks/people_at_once.py.
PERSON_MIB = 224
WIDTH = 78
# The memory that people have doesn't depend on these.
_ANY_CORES, _ANY_TASKS = 2, 30_000


def people_that_fit(memory_gib: float) -> int:
    """Return how many people can work at once on a server with this memory."""
    limits = shares(int(memory_gib * 1024) * MIB, _ANY_CORES, _ANY_TASKS)
    return limits.people_memory * (100 - LEFT_PERCENT) // 100 // (PERSON_MIB * MIB)


def too_many(people: int, kind: InstanceType) -> list[str]:
    """Return lines that warn where a type has no memory for as many people; none where it has."""
    fit = people_that_fit(kind.memory_gib)
    if people <= fit:
        return []
    have = "person has an account" if people == 1 else "people have accounts"
    told = (
        f"{people} {have}, and a {kind.name} ({kind.memory_gib:g} GiB) has memory for about {fit}"
        " at once, with one small notebook each. When more of them work at the same time, some"
        " notebooks are ended."
    )
    return textwrap.wrap(told, WIDTH, break_on_hyphens=False)


def too_many_here(people: int, state: StackState) -> list[str]:
    """Return the same for the stack's server; none where AWS can't be asked about its type."""
    name = str(state.outputs.get("instance_type") or "")
    try:
        return too_many(people, read_type(state.aws("ec2"), name)) if name else []
    except (WorkbenchError, BotoCoreError, ClientError):
        # Only a warning: no reason to add nobody.
        return []

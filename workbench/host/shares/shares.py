"""What one person may use of a server of some size."""

from dataclasses import dataclass

MIB = 1 << 20
# For the system, of the memory: what the hub with its proxy (150 MiB measured), Caddy, sshd and
# the rest take (50), with room for many connections; a small server can't spare that much.
SYSTEM_PERCENT = 15
SYSTEM_BYTES = 512 * MIB
SYSTEM_MOST_PERCENT = 25
# Of all people's memory, for one person: whoever has it all leaves room for others to work.
PERSON_PERCENT = 78
# Of all people's memory, what is left when the guard begins to make room.
LEFT_PERCENT = 5
TASKS_PER_GIB = 512
LEAST_TASKS, MOST_TASKS = 1024, 32768


@dataclass(frozen=True)
class Shares:
    """Limits of memory (bytes), tasks, and CPU (percent of one core)."""

    memory: int
    people_memory: int
    people_tasks: int
    person_memory: int
    person_tasks: int
    person_cpu: int


def shares(memory: int, cores: int, threads: int) -> Shares:
    """Return the limits of a server with this memory, and this many tasks at most."""
    system = max(memory * SYSTEM_PERCENT // 100, SYSTEM_BYTES)
    people = memory - min(system, memory * SYSTEM_MOST_PERCENT // 100)
    tasks = min(MOST_TASKS, max(LEAST_TASKS, memory * TASKS_PER_GIB // (1024 * MIB)))
    return Shares(
        memory=memory,
        people_memory=people,
        people_tasks=threads * 3 // 4,
        person_memory=people * PERSON_PERCENT // 100,
        # Ten people with all they may have still leave tasks for the system.
        person_tasks=min(tasks, threads // 13),
        person_cpu=max(75, cores * 100 - 25),
    )

"""What one person may use follows from the server's size."""

from pathlib import Path

import pytest

from workbench.host.shares import generator
from workbench.host.shares import shares

GIB = 1 << 30


@pytest.mark.parametrize(
    ("gib", "people", "person"),
    [(1, 0.75, 0.58), (2, 1.5, 1.17), (4, 3.4, 2.65), (16, 13.6, 10.6), (384, 326.4, 254.6)],
)
def test_memory(gib: int, people: float, person: float) -> None:
    found = shares.shares(gib * GIB, 2, 30000)
    assert found.people_memory / GIB == pytest.approx(people, rel=0.01)
    assert found.person_memory / GIB == pytest.approx(person, rel=0.01)


def test_tasks_grow_with_the_memory_and_leave_some_to_the_system() -> None:
    small, large = shares.shares(GIB, 2, 8000), shares.shares(64 * GIB, 8, 500_000)
    assert (small.person_tasks, large.person_tasks) == (615, 32768)
    for threads, found in ((8000, small), (500_000, large)):
        assert 10 * found.person_tasks < threads
        assert found.people_tasks < threads


@pytest.mark.parametrize(("cores", "percent"), [(1, 75), (2, 175), (8, 775)])
def test_one_person_leaves_a_quarter_of_a_core(cores: int, percent: int) -> None:
    assert shares.shares(GIB, cores, 8000).person_cpu == percent


def test_a_limit_of_the_root_group_counts_as_the_servers_memory(tmp_path: Path) -> None:
    assert generator.memory_bytes(tmp_path) > 0
    (tmp_path / "memory.max").write_text("max\n")
    whole = generator.memory_bytes(tmp_path)
    (tmp_path / "memory.max").write_text("1000\n")
    assert (generator.memory_bytes(tmp_path), whole > 1000) == (1000, True)


def test_administrators_have_a_reserve_that_their_slice_has_too(tmp_path: Path) -> None:
    files = generator.drop_ins(shares.shares(4 * GIB, 2, 30000), [1000, 1002])
    assert f"MemoryMin={2 * generator.ADMINISTRATORS_RESERVE}" in files["user.slice"]
    assert f"MemoryMin={generator.ADMINISTRATORS_RESERVE}" in files["user-1002.slice"]


def test_a_persons_own_drop_in_is_read_after_everyones(tmp_path: Path) -> None:
    # systemd sorts by the file's name, whatever the folder.
    everyones = generator.place(tmp_path, "user-.slice").name
    assert everyones < generator.place(tmp_path, "user-1000.slice").name
    # One of the same name in /etc would hide it.
    assert everyones != "workbench.conf"

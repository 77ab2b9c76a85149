"""How many people fit, and that it is told before there are more."""

from typing import Any

import pytest

from workbench.remote.instance_types import InstanceType
from workbench.tasks.users.capacity import people_that_fit
from workbench.tasks.users.capacity import too_many


def kind(name: str, gib: float) -> InstanceType:
    facts: dict[str, Any] = {"MemoryInfo": {"SizeInMiB": int(gib * 1024)}}
    return InstanceType(name, facts)


@pytest.mark.parametrize(("gib", "people"), [(1, 3), (2, 6), (4, 14), (8, 29), (16, 59)])
def test_how_many_people_fit(gib: float, people: int) -> None:
    assert people_that_fit(gib) == people


def test_as_many_as_fit_are_no_reason_to_warn() -> None:
    assert too_many(14, kind("t3.medium", 4)) == []


def test_more_than_fit_are_told() -> None:
    told = " ".join(too_many(15, kind("t3.medium", 4)))
    assert "15 people have accounts" in told
    assert "a t3.medium (4 GiB) has memory for about 14 at once" in told

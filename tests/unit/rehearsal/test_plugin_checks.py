"""What the rehearsal's plugin refuses before anything is made, as the official one does."""

from typing import Any

import pytest

from workbench.rehearsal.provider.checking import check
from workbench.rehearsal.provider.volumes import VOLUME

ZONE = {"availabilityZone": "us-east-1a"}


def test_a_volume_needs_a_size_or_a_snapshot() -> None:
    (failure,) = check(VOLUME, ZONE)

    assert failure.reason == "Volume needs one of size, snapshotId."


@pytest.mark.parametrize("given", [{"size": 20}, {"snapshotId": "snap-1"}])
def test_either_is_enough(given: dict[str, Any]) -> None:
    assert check(VOLUME, ZONE | given) == []

import pytest

from workbench import Storage
from workbench.components.errors import ArgumentError


def volume(deploy, **args):
    done = deploy(lambda: Storage("data", {"availability_zone": "us-east-1a", **args}))
    return done.one(":Volume")


def test_the_volume_is_encrypted(deploy):
    inputs = volume(deploy).inputs

    assert inputs["encrypted"] is True
    assert inputs["type"] == "gp3"
    assert inputs["size"] == 20
    assert inputs["availabilityZone"] == "us-east-1a"


@pytest.mark.parametrize(("keep", "kept"), [(None, True), (True, True), (False, False)])
def test_the_volume_is_kept_unless_told_otherwise(deploy, keep, kept):
    assert volume(deploy, keep=keep).request.retainOnDelete is kept


def test_a_snapshot_is_restored_at_its_own_size(deploy):
    inputs = volume(deploy, snapshot_id="snap-1").inputs

    assert inputs["snapshotId"] == "snap-1"
    assert "size" not in inputs


def test_an_existing_volume_is_only_read(deploy):
    done = deploy(lambda: Storage("data", {"volume_id": "vol-kept"}))

    assert done.one(":Volume").inputs == {"id": "vol-kept"}
    assert done.outputs[done.one(":Storage").urn] == {
        "volumeId": "vol-kept",
        "availabilityZone": "us-east-1d",
    }


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"size": 0}, "size is 0, but must be a whole number from 1 to 16384 GiB"),
        ({"size": "20"}, "size is '20'"),
        ({"size": 2.5}, "size is 2.5"),
        ({"size": True}, "size is True"),
        ({"volume_id": "vol-1", "size": 8}, "size can't be chosen for an existing volume"),
        ({"availability_zone": None}, "availability_zone is missing"),
    ],
)
def test_refuses(deploy, args, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        volume(deploy, **args)

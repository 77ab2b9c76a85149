import pulumi
import pytest

from workbench import Storage
from workbench import Workbench
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


def test_an_existing_volume_is_taken_in_as_it_is_and_never_deleted(deploy):
    done = deploy(lambda: Storage("data", {"volume_id": "vol-kept", "keep": False}))

    taken = done.one(":Volume")
    assert taken.inputs == {"availabilityZone": "us-east-1d", "size": 30}
    assert taken.request.importId == "vol-kept"
    assert taken.request.retainOnDelete is True
    assert list(taken.request.ignoreChanges) == ["tags"]
    assert done.outputs[done.one(":Storage").urn]["availabilityZone"] == "us-east-1d"


def test_an_existing_volume_can_grow(deploy):
    done = deploy(lambda: Storage("data", {"volume_id": "vol-kept", "size": 40}))

    assert done.one(":Volume").inputs == {"availabilityZone": "us-east-1d", "size": 40}


def test_a_volume_whose_id_is_another_resources_is_only_read(deploy):
    done = deploy(lambda: Storage("data", {"volume_id": pulumi.Output.from_input("vol-kept")}))

    assert done.one(":Volume").inputs == {"id": "vol-kept"}
    assert done.outputs[done.one(":Storage").urn] == {
        "volumeId": "vol-kept",
        "availabilityZone": "us-east-1d",
    }


def test_the_volume_says_whose_it_is(deploy):
    tags = volume(deploy).inputs["tags"]

    assert tags["Name"] == "data"
    assert tags["workbench:stack"].count("/") == 1


def test_snapshots_are_made_of_it_when_a_schedule_says_so(deploy):
    args = {"availability_zone": "us-east-1a", "backup_schedule": "cron(0 3 ? * SUN *)"}
    done = deploy(lambda: Storage("data", {**args, "backup_retention_days": 30}))

    (rule,) = done.one(":Plan").inputs["rules"]
    assert rule["schedule"] == "cron(0 3 ? * SUN *)"
    assert rule["lifecycle"] == {"deleteAfter": 30}
    (resource,) = done.one(":Selection").inputs["resources"]
    assert resource == "arn:aws:ec2:us-east-1:123456789012:volume/data-volume"


def test_no_snapshots_are_made_of_it_when_they_are_off(deploy):
    args = {"availability_zone": "us-east-1a", "backup_schedule": "off"}

    assert not deploy(lambda: Storage("data", args)).all(":Plan")


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({"size": 0}, "size is 0, but must be a whole number from 1 to 16384 GiB"),
        ({"size": "20"}, "size is '20'"),
        ({"size": 2.5}, "size is 2.5"),
        ({"size": True}, "size is True"),
        (
            {"volume_id": "vol-1", "snapshot_id": "snap-1"},
            "snapshot_id can't be used with an existing volume",
        ),
        ({"backup_schedule": "daily"}, "schedule is 'daily', but must be a cron expression"),
        (
            {"backup_schedule": "cron(0 5 ? * * *)", "backup_retention_days": 0},
            "retention_days is 0, but must be a whole number from 1 to 3650 days",
        ),
        ({"availability_zone": None}, "availability_zone is missing"),
    ],
)
def test_refuses(deploy, args, sentence):
    with pytest.raises(ArgumentError, match=sentence):
        volume(deploy, **args)


def test_a_change_that_would_make_a_blank_volume_changes_nothing(deploy):
    ignored = volume(deploy).request.ignoreChanges

    assert set(ignored) == {"availabilityZone", "encrypted", "kmsKeyId"}


def test_an_existing_volume_decides_the_zone(deploy):
    args = {"volume_id": "vol-kept", "availability_zone": "us-east-1b"}
    with pytest.raises(ArgumentError, match="is in us-east-1d, and the server's zone is") as said:
        deploy(lambda: Storage("data", args))
    assert "pulumi config rm workbench:availabilityZone --stack test" in said.value.hint
    deploy(lambda: Storage("data", args | {"availability_zone": "us-east-1d"}))


def test_another_zone_is_refused_with_the_way_that_works(deploy):
    stays = {"Volume": {"availabilityZone": "us-east-1d"}}
    wanted = {"availability_zone": "us-east-1b"}
    with pytest.raises(ArgumentError) as refused:
        deploy(lambda: Storage("data", wanted), outputs=stays)

    assert "volume is in us-east-1d, and a volume can't move to us-east-1b" in refused.value.message
    for command in (
        "workbench data.backup --stack test",
        "aws ec2 create-volume --availability-zone us-east-1b --snapshot-id SNAPSHOT ",
        "Tags=[{Key=workbench:stack,Value=workbench/test}]",
        "pulumi config set workbench:dataVolumeId VOLUME --stack test",
    ):
        assert command in refused.value.hint


def test_another_encryption_key_is_refused(deploy):
    key = "arn:aws:kms:us-east-1:123456789012:key/"
    there = {"Volume": {"availabilityZone": "us-east-1a", "kmsKeyId": f"{key}old"}}
    args = {"availability_zone": "us-east-1a", "kms_key_id": f"{key}old"}
    deploy(lambda: Storage("data", args), outputs=there)

    with pytest.raises(ArgumentError, match="key/old, and can't get another key"):
        deploy(lambda: Storage("data", {**args, "kms_key_id": f"{key}new"}), outputs=there)


def test_no_server_is_touched_where_the_volume_is_elsewhere(deploy, registered, public_key):
    args = {"public_key": public_key, "availability_zone": "us-east-1b"}
    elsewhere = {"Volume": {"availabilityZone": "us-east-1a"}}
    with pytest.raises(ArgumentError, match="can't move to us-east-1b"):
        deploy(lambda: Workbench("lab", args), outputs=elsewhere, into=registered)

    made = {each.type.rpartition(":")[2] for each in registered.resources}
    assert "Volume" in made
    # A subnet that takes the old one's place couldn't be taken back while the server is in that.
    assert not made & {"Subnet", "Instance", "VolumeAttachment", "EipAssociation"}

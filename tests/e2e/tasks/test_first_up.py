"""A first up that AWS refuses, the next one in another zone, and people's data, which stays."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from bench import Bench
from warm_image import warm_image

NO_CAPACITY, REFUSED = "/rehearsal/no-capacity", "/rehearsal/refused"
ZONE = "workbench:availabilityZone"


@dataclass
class FirstUp:
    """What was said when AWS refused, and the workbench that was made after it."""

    bench: Bench
    refused: str
    no_capacity: str
    status: dict[str, Any]
    plan: str
    volumes: int


def parameter(bench: Bench, name: str, value: str) -> None:
    bench.aws("ssm").put_parameter(Name=name, Type="StringList", Value=value, Overwrite=True)


@pytest.fixture(scope="module")
def first_up() -> Iterator[FirstUp]:
    """Have AWS refuse one up for a quota, the next for capacity; the third is in another zone."""
    bench = Bench(name=f"first{os.getpid()}", image=warm_image())
    try:
        bench.run("rehearsal.start", "--name", bench.name)
        parameter(bench, REFUSED, "RunInstances=VcpuLimitExceeded")
        refused = bench.run("up", exit_code=1).stderr
        status = bench.status()
        plan = bench.run("destroy", "--yes").stdout
        volumes = len(bench.aws("ec2").describe_volumes()["Volumes"])

        bench.aws("ssm").delete_parameter(Name=REFUSED)
        parameter(bench, NO_CAPACITY, "t3.medium:us-east-1a")
        no_capacity = bench.run("up", exit_code=1).stderr
        bench.shell(f"pulumi config set {ZONE} us-east-1b")
        bench.run("up", limit=1800)
        yield FirstUp(bench, refused, no_capacity, status, plan, volumes)
    finally:
        bench.remove()


def test_the_cause_is_named_with_what_would_do_and_what_exists(first_up: FirstUp) -> None:
    assert "quota of vCPUs is too small for a t3.medium" in first_up.refused
    assert "--quota-code L-1216C47A" in first_up.refused
    assert "AWS has no t3.medium free in us-east-1a" in first_up.no_capacity
    assert f"pulumi config set {ZONE} us-east-1b" in first_up.no_capacity
    for said in (first_up.refused, first_up.no_capacity, first_up.status["problem"], first_up.plan):
        assert "the data volume vol-" in said
        assert "the Elastic IP eipalloc-" in said
    assert first_up.status["state"] == "unfinished"
    assert "workbench destroy" in first_up.status["problem"]


def test_destroy_removes_the_volume_that_no_server_had(first_up: FirstUp) -> None:
    assert "which no server ever had" in first_up.plan
    assert first_up.volumes == 0


def test_the_next_up_is_in_the_other_zone(first_up: FirstUp) -> None:
    bench = first_up.bench
    outputs, ec2 = bench.outputs(), bench.aws("ec2")
    data = ec2.describe_volumes(VolumeIds=[outputs["data_volume_id"]])["Volumes"][0]
    assert bench.status()["state"] == "running"
    # The test of the data may have come before.
    assert data["AvailabilityZone"] == outputs["zone"] != "us-east-1a"
    kept = [v for v in ec2.describe_volumes()["Volumes"] if v["AvailabilityZone"] == "us-east-1a"]
    assert kept == []
    bench.shell("pulumi preview --expect-no-changes --non-interactive")


def test_no_configuration_puts_a_blank_volume_in_the_place_of_peoples_data(
    first_up: FirstUp,
) -> None:
    bench = first_up.bench
    zone, volume = bench.outputs()["zone"], bench.outputs()["data_volume_id"]
    before = bench.shell(f"pulumi config get {ZONE}").stdout.strip()
    try:
        bench.shell(f"pulumi config set {ZONE} us-east-1d")
        for said in (
            bench.run("up", "--dry-run", exit_code=1).stderr,
            bench.run("up", exit_code=1).stderr,
            bench.shell("pulumi up --yes --non-interactive --skip-preview", exit_code=None).stdout,
        ):
            assert f"The data volume is in {zone}, and a volume can't move to us-east-1d" in said
            assert "aws ec2 create-volume --availability-zone us-east-1d" in said
        bench.shell(f"pulumi config set {ZONE} {before}")
        bench.shell("pulumi config set workbench:name another")
        said = bench.run("up", exit_code=1).stderr
        assert "delete Volume do4ds-lab-storage-volume, which is more than" in said
        bench.shell("pulumi config rm workbench:name")
    finally:
        bench.shell(f"pulumi config set {ZONE} {before}")
        bench.shell("pulumi config rm workbench:name || true")
    assert bench.outputs()["data_volume_id"] == volume
    bench.shell("pulumi preview --expect-no-changes --non-interactive")
    moves_by_the_way_that_is_told(bench)


def moves_by_the_way_that_is_told(bench: Bench) -> None:
    ec2 = bench.aws("ec2")
    old, server = bench.outputs()["data_volume_id"], bench.outputs()["instance_id"]
    # What the refusal says to type, by the API that `aws` and data.backup call.
    snapshot = ec2.create_snapshot(VolumeId=old)["SnapshotId"]
    ec2.get_waiter("snapshot_completed").wait(SnapshotIds=[snapshot])
    made = ec2.create_volume(
        AvailabilityZone="us-east-1d", SnapshotId=snapshot, VolumeType="gp3", Encrypted=True
    )["VolumeId"]
    ec2.get_waiter("volume_available").wait(VolumeIds=[made])
    bench.shell(f"pulumi config set workbench:dataVolumeId {made}")
    bench.shell(f"pulumi config set {ZONE} us-east-1d")
    first = bench.run("up", "--dry-run").stdout.splitlines()[0]
    assert first.startswith("PEOPLE'S HOMES CHANGE")

    # The recipe on it is a replaced server's, which other tests wait for.
    bench.shell("pulumi up --yes --non-interactive --skip-preview")
    outputs = bench.outputs()
    assert (outputs["zone"], outputs["data_volume_id"]) == ("us-east-1d", made)
    new, kept = ec2.describe_volumes(VolumeIds=[made, old])["Volumes"]
    if new["VolumeId"] != made:
        new, kept = kept, new
    assert new["Attachments"][0]["InstanceId"] == outputs["instance_id"] != server
    assert (kept["VolumeId"], kept["State"]) == (old, "available")
    bench.shell("pulumi preview --expect-no-changes --non-interactive")

"""The data volume is backed up, grown and restored by tasks, with real files on it."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from bench import Bench

NOTES = "/home/test-user/penguins.txt"


@pytest.fixture
def bench_as_it_was(bench: Bench) -> Iterator[Bench]:
    """Leave the volume that the tests before had; a bigger one hurts nobody."""
    yield bench
    # The volume stays the one it is; only a later change of this key makes another.
    bench.shell(f"pulumi config rm workbench:dataSnapshotId --stack {bench.stack} || true")
    bench.run("up")


def listed(bench: Bench) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(bench.run("data.list", "--json").stdout)
    return found


def write(bench: Bench, text: str) -> None:
    bench.server(f"echo {text} | sudo tee {NOTES} && sync")


def boots_and_pids(bench: Bench) -> str:
    """Return what changes with a restart of the server or of a service."""
    units = "workbench-data jupyterhub rstudio-server caddy"
    return bench.server(
        "cat /proc/sys/kernel/random/boot_id;"
        f" systemctl show --property=MainPID,ActiveEnterTimestamp {units}"
    )


def size_of(bench: Bench) -> int:
    return int(bench.server("df --block-size=1M --output=size /data").split()[1])


def test_a_volume_grows_while_people_work_and_never_shrinks(bench_as_it_was: Bench) -> None:
    bench = bench_as_it_was
    volume = listed(bench)["volume"]
    before, size, bigger = boots_and_pids(bench), size_of(bench), volume["size_gib"] + 2

    said = bench.run("data.grow", str(bigger), "--dry-run").stdout
    assert f"from {volume['size_gib']} to {bigger} GiB" in said
    assert listed(bench)["volume"] == volume

    bench.run("data.grow", str(bigger), "--yes")
    assert listed(bench)["volume"]["size_gib"] == bigger
    assert listed(bench)["volume"]["id"] == volume["id"]
    assert size_of(bench) - size == pytest.approx(2048, abs=32)
    assert boots_and_pids(bench) == before
    bench.shell("pulumi preview --expect-no-changes --non-interactive")

    assert "nothing to do" in bench.run("data.grow", str(bigger), "--yes").stdout
    refused = bench.run("data.grow", "1", "--yes", exit_code=1).stderr
    assert "neither EBS volumes nor XFS" in " ".join(refused.split())
    refused = bench.run("data.grow", "much", "--yes", exit_code=1).stderr
    assert "'much' isn't a valid volume size" in refused


def test_what_was_backed_up_is_restored_into_a_new_volume(bench_as_it_was: Bench) -> None:
    bench = bench_as_it_was
    old, accounts = listed(bench)["volume"]["id"], bench.server("getent passwd test-user")
    write(bench, "before")
    said = bench.run("data.backup", "--description", "before the change").stdout
    assert "with its file system whole" in said
    newest = listed(bench)["snapshots"][0]
    assert (newest["by"], newest["state"]) == ("data.backup", "completed")
    assert newest["description"] == "before the change"
    write(bench, "after")

    missing = bench.run("data.restore", "snap-0123456789abcdef0", "--yes", exit_code=1).stderr
    assert "There is no snapshot snap-0123456789abcdef0" in missing
    plan = bench.run("data.restore", newest["id"], "--dry-run").stdout
    assert old in plan
    assert bench.server(f"sudo cat {NOTES}") == "after\n"

    said = bench.run("data.restore", newest["id"], "--yes", "--force").stdout
    assert f"Kept: {old}" in said
    assert bench.server(f"sudo cat {NOTES}") == "before\n"
    assert bench.server("getent passwd test-user") == accounts
    assert "302" in str(bench.hub().sign_in(bench.password()).status_code)
    now = listed(bench)
    assert now["volume"]["id"] != old
    assert now["volume"]["snapshot_id"] == newest["id"]
    (kept,) = [each for each in now["kept_volumes"] if each["id"] == old]
    assert kept["state"] == "available"
    assert kept["usd_month"] > 0
    bench.shell("pulumi preview --expect-no-changes --non-interactive")

    again = bench.run("data.restore", newest["id"], "--yes", exit_code=1).stderr
    assert "was made from" in again
    bench.aws("ec2").delete_volume(VolumeId=old)

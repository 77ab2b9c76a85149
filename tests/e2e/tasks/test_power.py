"""A server is stopped, started and restarted, and nobody's work ends unasked."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from bench import BIN
from bench import ROOT
from bench import Bench
from bench import eventually


@contextmanager
def someone_at_work(bench: Bench) -> Iterator[None]:
    """Have a program of test-user's running that nobody waits for, as tmux or nohup leave it."""
    bench.server("sudo -u test-user sh -c 'nohup sleep 987 >/dev/null 2>&1 & exit 0'")
    try:
        yield
    finally:
        bench.server("sudo pkill -u test-user -x sleep", exit_code=None)


def instance_state(bench: Bench, instance: str) -> str:
    found = bench.aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"]
    return str(found[0]["Instances"][0]["State"]["Name"])


def test_a_server_is_stopped_and_started_but_not_under_someones_hands(bench: Bench) -> None:
    before = bench.status()
    instance = before["instance_id"]
    with someone_at_work(bench):
        refused = bench.run("stop", "--yes", exit_code=1)
        assert "test-user: 1 program in the background (sleep)" in refused.stderr
        assert f"workbench stop --stack {bench.stack} --force" in refused.stderr
        told = bench.run("stop", "--dry-run").stdout
        assert "(sleep)" in told
        assert "this was a dry run" in told
        assert {"user": "test-user", "kind": "background", "count": 1, "names": ["sleep"]} in (
            bench.status()["people"]
        )
        asked = bench.run("stop", "--force", exit_code=1)
        assert "--force --yes" in asked.stderr
        assert instance_state(bench, instance) == "running"
        stopped = bench.run("stop", "--force", "--yes")
    assert instance_state(bench, instance) == "stopped"
    assert f"workbench start --stack {bench.stack}" in stopped.stdout
    assert "is already stopped" in bench.run("stop").stdout
    assert bench.status()["state"] == "stopped"
    bench.shell("pulumi preview --expect-no-changes --non-interactive")
    assert "nothing to restart" in bench.run("restart", "--yes", exit_code=1).stderr

    assert "dry run" in bench.run("start", "--dry-run").stdout
    assert instance_state(bench, instance) == "stopped"
    bench.run("start")
    after = bench.status()
    assert (after["state"], after["instance_id"]) == ("running", instance)
    assert after["address"]["ip"] == before["address"]["ip"]
    assert {service["state"] for service in after["services"]} == {"active"}


def test_a_restart_boots_anew_and_is_watched(bench: Bench) -> None:
    # A boot's mark in a container, which shares its kernel: when its first process started.
    first = "sudo -n cut -d' ' -f22 /proc/1/stat"
    before = bench.server(first)
    watch = subprocess.Popen(
        [str(BIN / "workbench"), "status", "--watch", "--json"],
        cwd=ROOT,
        env=bench.env,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert watch.stdout is not None
        shown = json.loads(watch.stdout.readline())
        assert (shown["stack"], shown["state"]) == (bench.stack, "running")
        bench.run("restart", "--yes", "--force")
        assert bench.server(first) != before
        # The server was away meanwhile, so there is something to show.
        assert json.loads(watch.stdout.readline()) != shown
    finally:
        watch.send_signal(signal.SIGINT)
        assert eventually(lambda: watch.poll() is not None)
        watch.stdout.close()
    assert watch.returncode == 0
    assert bench.run("check", exit_code=None).returncode == 0

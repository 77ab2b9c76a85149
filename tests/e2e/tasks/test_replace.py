"""`workbench resize TYPE --replace`: killed, failing and done, on a rehearsal of its own."""

import os
import signal
import subprocess
from collections.abc import Iterator

import pytest
from bench import BIN
from bench import ROOT
from bench import Bench
from bench import eventually
from bench import made

BIGGER = "t3.large"
COMMAND = ("resize", BIGGER, "--replace", "--yes")


@pytest.fixture
def own() -> Iterator[Bench]:
    """Give a workbench that nobody else looks at: it is in pieces for a while."""
    with made(f"replace{os.getpid()}") as bench:
        yield bench


def identity(bench: Bench) -> dict[str, str]:
    """Return what people know a workbench by."""
    # One sign-in for all of them.
    told = bench.server(
        "cat /etc/ssh/ssh_host_ed25519_key.pub; sudo cat /home/test-user/thesis.txt;"
        " sudo getent passwd test-user; sudo getent shadow test-user | cut -d: -f2"
    )
    names = ("host key", "file", "account", "password")
    return {
        "address": bench.site().ip,
        "certificate": str(bench.certificate_serial()),
        **dict(zip(names, told.splitlines(), strict=True)),
    }


def kill_when(bench: Bench, line: str) -> None:
    """Run the command, and kill it, and all it started, as soon as it says something."""
    started = subprocess.Popen(
        [str(BIN / "workbench"), *COMMAND],
        cwd=ROOT,
        env=bench.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert started.stderr
    try:
        with started.stderr as told:
            seen = any(each.startswith(line) for each in told)
    finally:
        os.killpg(started.pid, signal.SIGKILL)
        ended = started.wait()
    assert seen
    assert ended == -signal.SIGKILL


def on_machine(bench: Bench, instance: str, *command: str) -> bool:
    container = f"workbench-{bench.name}-{instance}"
    return subprocess.run(["docker", "exec", container, *command], check=False).returncode == 0


def power(bench: Bench, instance: str) -> str:
    found = bench.aws("ec2").describe_instances(InstanceIds=[instance])["Reservations"]
    return str(found[0]["Instances"][0]["State"]["Name"]) if found else "terminated"


@pytest.mark.timeout(3000)
def test_a_bigger_server_takes_over_and_the_old_one_is_kept_until_it_has_been_checked(own):
    own.server("echo 'Chapter 1' | sudo -u test-user tee /home/test-user/thesis.txt")
    before, old = identity(own), own.outputs()["instance_id"]
    plan = own.run("resize", BIGGER, "--replace", "--dry-run").stdout
    assert "this was a dry run" in plan
    assert "other_instance_id" not in own.outputs()

    # Killed as soon as the new server is ready: nobody at the old one has seen anything.
    kill_when(own, "✓ New server")
    new = own.outputs()["other_instance_id"]
    assert (own.outputs()["instance_id"], power(own, new)) == (old, "running")
    assert identity(own) == before
    assert not on_machine(own, new, "id", "test-user")

    # The new one can't have the accounts, and that shows when it has taken the volume.
    uid = before["account"].split(":")[2]
    assert on_machine(own, new, "useradd", "--uid", uid, "intruder")
    failed = own.run(*COMMAND, exit_code=1)
    assert f"{old}, a t3.medium, is in use again" in failed.stderr
    assert f"resize t3.medium --replace --stack {own.stack}   goes back" in failed.stderr
    assert own.outputs()["instance_id"] == old
    assert identity(own) == before
    own.shell("pulumi preview --expect-no-changes")

    # A password that is changed meanwhile is not forgotten by the one that had the volume once.
    own.server("echo test-user:another-pass-today-1 | sudo chpasswd")
    before["password"] = own.server("sudo getent shadow test-user | cut -d: -f2").strip()
    own.aws("ec2").start_instances(InstanceIds=[new])
    assert eventually(lambda: on_machine(own, new, "userdel", "intruder"), limit=120)

    done = own.run(*COMMAND)
    assert f"The server is {new}, a {BIGGER}, and the only one." in done.stdout
    assert "terminate-instances" not in done.stdout
    assert identity(own) == before
    assert own.outputs()["instance_id"] == new
    assert "other_instance_id" not in own.outputs()
    assert power(own, old) == "terminated"
    own.shell("pulumi preview --expect-no-changes")
    assert "nothing to do" in own.run(*COMMAND).stdout

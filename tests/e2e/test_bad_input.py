"""A mistake gets one plain sentence and the next thing to type; nothing is lost."""

import signal
import socket
import subprocess
import time
from urllib.parse import urlsplit

import pytest
from bench import BIN
from bench import ROOT
from bench import Bench

# A configuration key, a bad value, and a word that the answer must hold.
MISTAKES = {
    "unknown instance type": ("workbench:instanceType", "t9.huge", "t9.huge"),
    "malformed domain": ("workbench:domain", "not a domain", "not a domain"),
    "CIDR that is none": ("workbench:sshFrom[0]", "300.1.2.3/33", "300.1.2.3/33"),
    "missing public key": ("workbench:publicKey", "", "publicKey"),
    "key that is none": ("workbench:publicKey", "not-a-key", "publicKey"),
    "wrong type": ("workbench:dataVolumeSize", "plenty", "dataVolumeSize"),
    "unknown system": ("workbench:os", "windows-95", "windows-95"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_configuration_is_said_plainly(bench: Bench, mistake: str) -> None:
    key, value, word = MISTAKES[mistake]
    config = ROOT / f"Pulumi.{bench.stack}.yaml"
    before, instance = config.read_text(), bench.status()["instance_id"]
    try:
        bench.shell(f"pulumi config set --path '{key}' '{value}'")
        done = bench.run("up", exit_code=None, limit=300)
    finally:
        config.write_text(before)
    said = done.stdout + done.stderr
    assert done.returncode not in (0, None)
    assert word in said
    assert "Error:" not in said.replace("error:", ""), said
    assert len(done.stderr.splitlines()) < 40, done.stderr
    state = bench.status()
    assert (state["instance_id"], state["state"]) == (instance, "running")


def test_an_interrupted_up_says_what_exists_and_how_to_go_on(bench: Bench) -> None:
    bench.run("destroy", "--yes")
    process = subprocess.Popen(
        [str(BIN / "workbench"), "up"],
        cwd=ROOT,
        env=bench.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    seen = ""
    # Half way: the stack's own phase has begun, and the engine has made its first objects.
    ec2 = bench.aws("ec2")
    end = time.monotonic() + 120
    while time.monotonic() < end and len(ec2.describe_vpcs()["Vpcs"]) < 2:
        assert process.poll() is None, process.stdout.read()
    process.send_signal(signal.SIGINT)
    seen += process.communicate(timeout=180)[0]
    assert process.returncode == 130, seen
    assert "Traceback" not in seen
    assert "workbench up" in seen
    bench.run("up")
    assert bench.status()["state"] == "running"


def test_an_unknown_task_is_said_plainly(bench: Bench) -> None:
    done = bench.run("upp", exit_code=None)
    assert done.returncode != 0
    assert "upp" in done.stderr + done.stdout


def test_an_unknown_stack_is_said_plainly(bench: Bench) -> None:
    done = bench.run("status", "--stack", "rehearsal-nowhere", exit_code=None)
    assert "rehearsal-nowhere" in done.stderr + done.stdout


def test_the_printed_port_answers_on_this_computer(bench: Bench) -> None:
    """A browser resolves names under .localhost to 127.0.0.1, whichever port was free there."""
    url = urlsplit(bench.status()["url"])
    assert str(url.hostname).endswith(".localhost")
    with socket.create_connection(("127.0.0.1", url.port or 443), timeout=5):
        pass

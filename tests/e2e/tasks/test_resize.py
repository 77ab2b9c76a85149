"""A server becomes another type under its people, is put back, and survives being interrupted."""

import json
import signal
import subprocess
from collections.abc import Callable
from typing import Any

import httpx
from bench import BIN
from bench import ROOT
from bench import Bench
from bench import eventually
from botocore.exceptions import ClientError
from clients import Hub

SMALL, LARGE, LARGER = "t3.medium", "t3.large", "t3.xlarge"
NO_CAPACITY = "/rehearsal/no-capacity"


class Resizing:
    """A ``workbench resize`` that can be killed on its way."""

    def __init__(self, bench: Bench, instance_type: str) -> None:
        self._log = bench.folder / "logs" / "resize.log"
        self._before = self._log.stat().st_size if self._log.exists() else 0
        self._process = subprocess.Popen(
            [str(BIN / "workbench"), "resize", instance_type, "--yes", "--force"],
            cwd=ROOT,
            env=bench.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def has_begun(self, phase: str) -> bool:
        """Whether the log of this run has a phase."""
        with self._log.open(encoding="utf-8") as log:
            log.seek(self._before)
            return f"== {phase}" in log.read()

    def end(self, when: Callable[[], bool], number: signal.Signals = signal.SIGKILL) -> str:
        """Send a signal as soon as something is so; return what was printed."""
        # Asked once: what the engine has begun continues without the command.
        came = False

        def has_come() -> bool:
            nonlocal came
            came = when()
            return came or self._process.poll() is not None

        eventually(has_come, 300)
        self._process.send_signal(number)
        said = str(self._process.communicate(timeout=120)[0])
        assert came, said
        assert self._process.returncode in (-number, 130), said
        return said


def instance(bench: Bench) -> dict[str, Any]:
    found = bench.aws("ec2").describe_instances(
        Filters=[
            {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}
        ]
    )["Reservations"]
    (one,) = [each for group in found for each in group["Instances"]]
    return dict(one)


def identity(bench: Bench) -> dict[str, Any]:
    """Collect what a resize keeps."""
    one = instance(bench)
    return {
        "instance": one["InstanceId"],
        "volumes": [each["Ebs"]["VolumeId"] for each in one["BlockDeviceMappings"]],
        "address": one["PublicIpAddress"],
        "private address": one["PrivateIpAddress"],
        "host key": bench.server("cat /etc/ssh/ssh_host_ed25519_key.pub").split()[:2],
        "certificate": bench.certificate_serial(),
        "files": bench.server("sudo sh -c 'sha256sum ~test-user/resized/*'"),
    }


def start_kernel(hub: Hub) -> httpx.Response:
    """Start a kernel that keeps running, as one of an open notebook does."""
    base = f"{hub.base}/user/{hub.user}"
    headers = {"X-XSRFToken": hub.xsrf(), "Referer": f"{base}/lab"}
    return hub.http.post(f"{base}/api/kernels", json={"name": "python3"}, headers=headers)


def require_type(bench: Bench, instance_type: str) -> None:
    """Fail unless configuration, Pulumi's state and AWS agree, and nothing is left to do."""
    found = bench.shell("pulumi config get workbench:instanceType").stdout.strip()
    assert found == instance_type
    assert bench.outputs()["instance_type"] == instance_type
    assert (instance(bench)["InstanceType"], instance(bench)["State"]["Name"]) == (
        instance_type,
        "running",
    )
    bench.shell("pulumi preview --refresh --expect-no-changes --non-interactive")
    assert "nothing to do" in bench.run("resize", instance_type).stdout
    assert bench.status()["problem"] is None


def test_a_type_that_does_not_fit_is_refused_before_anything_stops(bench: Bench) -> None:
    file = (ROOT / f"Pulumi.{bench.stack}.yaml").read_bytes()
    unknown = bench.run("resize", "t9.huge", "--yes", exit_code=2)
    assert "no instance type 't9.huge'" in unknown.stderr
    other = bench.run("resize", "t4g.large", "--yes", exit_code=2)
    assert "its system is for x86_64, and the type is arm64" in other.stderr
    told = bench.run("resize", LARGE, "--dry-run").stdout
    assert "$0.0416     $0.0832" in told
    assert all(len(line) <= 80 for line in told.splitlines())
    asked = bench.run("resize", LARGE, "--force", exit_code=1)
    assert f"workbench resize {LARGE} --stack {bench.stack} --force --yes" in asked.stderr
    assert (ROOT / f"Pulumi.{bench.stack}.yaml").read_bytes() == file
    assert instance(bench)["State"]["Name"] == "running"


def test_resized_under_load_killed_at_each_step_and_put_back(bench: Bench) -> None:
    hub = bench.hub()
    assert hub.sign_in(bench.password()).status_code == 302
    hub.start_server()
    assert start_kernel(hub).status_code == 201
    bench.server(
        "sudo -u test-user sh -c 'mkdir -p ~test-user/resized"
        " && head -c 3000000 /dev/urandom > ~test-user/resized/data'"
    )
    before = identity(bench)
    refused = bench.run("resize", LARGE, "--yes", exit_code=1)
    assert "1 Jupyter kernel (python)" in refused.stderr

    kill_at_each_step(bench, before["instance"])
    bench.run("resize", LARGE, "--yes", "--force")
    require_type(bench, LARGE)
    assert identity(bench) == before
    assert bench.hub().sign_in(bench.password()).status_code == 302

    bench.aws("ssm").put_parameter(Name=NO_CAPACITY, Type="StringList", Value=LARGER)
    try:
        back = bench.run("resize", LARGER, "--yes", "--force", exit_code=1)
    finally:
        bench.aws("ssm").delete_parameter(Name=NO_CAPACITY)
    assert (
        f"{LARGER} did not start: AWS has no capacity for it in this zone right now. {LARGE} was"
        " restored: the server is running again, and its checks pass."
    ) in back.stderr
    require_type(bench, LARGE)

    interrupted = Resizing(bench, SMALL)
    said = interrupted.end(lambda: interrupted.has_begun("Pulumi up"), signal.SIGINT)
    assert before["instance"] in said
    assert f"workbench resize {SMALL} --stack {bench.stack}   continues" in said
    assert f"workbench resize {LARGE} --stack {bench.stack}   restores the old type" in said
    bench.run("resize", SMALL, "--yes", "--force")
    require_type(bench, SMALL)
    assert identity(bench) == before


def change_while_stopped(ec2: Any, ident: str) -> None:
    """Leave what a kill between the change and the start leaves: some milliseconds lie between.

    The engine that the killed command has left may have gone on as far as that by itself.
    """
    try:
        ec2.modify_instance_attribute(InstanceId=ident, InstanceType={"Value": LARGE})
    except ClientError as error:
        if error.response["Error"]["Code"] != "IncorrectInstanceState":
            raise


def kill_at_each_step(bench: Bench, ident: str) -> None:
    """Kill one resize after the other, each a step further than the one before."""
    ec2 = bench.aws("ec2")

    def is_in(*states: str) -> Callable[[], bool]:
        return lambda: instance(bench)["State"]["Name"] in states

    previewing = Resizing(bench, LARGE)
    previewing.end(lambda: previewing.has_begun("Preview"))
    assert instance(bench)["State"]["Name"] == "running"
    Resizing(bench, LARGE).end(is_in("stopping", "stopped"))
    assert eventually(is_in("stopped", "pending", "running"), 120)
    problem = bench.status()["problem"]
    assert f"workbench resize {LARGE} --stack {bench.stack}" in problem
    change_while_stopped(ec2, ident)
    Resizing(bench, LARGE).end(is_in("pending", "running"))
    assert eventually(is_in("running"), 120)
    for phase in ("Server", "Checks"):
        late = Resizing(bench, LARGE)
        late.end(lambda late=late, phase=phase: late.has_begun(phase))  # type: ignore[misc]
        assert instance(bench)["InstanceType"] == LARGE
    (note,) = bench.folder.glob("*resize.json")
    assert json.loads(note.read_text())["before"] == SMALL

"""A rehearsal is started, used as AWS is, stopped, crashed, and removed without a trace."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import boto3
import docker
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from left_behind import make_state_folder
from processes import processes_naming

from workbench.errors import MissingToolError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.rehearsal import control
from workbench.rehearsal import liveness
from workbench.rehearsal import remains
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import read_description
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.labels import Owner
from workbench.rehearsal.volumes.loop_devices import list_loops

pytestmark = pytest.mark.machine

NAME = f"control{os.getpid()}"
ZONE = "us-east-1a"
USER_DATA = "#!/bin/sh\necho user data ran as $(id -un) >/dev/console\n"
Client = Any


def eventually(check: Callable[[], Any], what: str, limit: float = 180.0) -> Any:
    """Wait until ``check`` returns something true, and return it."""
    deadline = time.monotonic() + limit
    while not (found := check()):
        if time.monotonic() > deadline:
            pytest.fail(f"not within {limit:.0f} s: {what}")
        time.sleep(0.1)
    return found


@pytest.fixture(scope="module")
def state_dir() -> Iterator[Path]:
    folder = make_state_folder("control")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_STATE_DIR", str(folder))
        yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def rehearsal(state_dir: Path) -> Iterator[str]:
    control.start(NAME, Progress(quiet=True))
    yield NAME
    control.reset(NAME)


@pytest.fixture
def described(rehearsal: str) -> Description:
    """The rehearsal running, whatever the test before left."""
    return control.start(rehearsal, Progress(quiet=True))


@pytest.fixture
def ec2(described: Description) -> Iterator[Client]:
    client = connect(described)
    yield client
    client.close()


def connect(described: Description) -> Client:
    return boto3.client(
        "ec2",
        endpoint_url=described.api_url,
        region_name=described.region,
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",
    )


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The private half of a key pair."""
    private = Ed25519PrivateKey.generate()
    path = tmp_path_factory.mktemp("key") / "id_ed25519"
    path.touch(mode=0o600)
    path.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
    )
    path.with_suffix(".pub").write_bytes(
        private.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
    )
    return path


@pytest.fixture(scope="module")
def instance(rehearsal: str, key: Path) -> Iterator[str]:
    """An instance with an Elastic IP and SSH open to this computer."""
    described = read_description(rehearsal)
    assert described is not None
    ec2 = connect(described)
    ec2.import_key_pair(KeyName="key", PublicKeyMaterial=key.with_suffix(".pub").read_bytes())
    group = ec2.create_security_group(GroupName="ssh", Description="ssh")["GroupId"]
    made = ec2.run_instances(
        ImageId=described.images["debian-12"],
        InstanceType="t3.small",
        MinCount=1,
        MaxCount=1,
        KeyName="key",
        SecurityGroupIds=[group],
        Placement={"AvailabilityZone": ZONE},
        MetadataOptions={"HttpTokens": "required"},
        UserData=USER_DATA,
    )["Instances"][0]
    assert made["State"]["Name"] == "pending"
    eventually(lambda: state(ec2, made["InstanceId"]) == "running", "the instance runs")
    # Here, as later starts push it out of the console's 64 KiB.
    for words in ("user data ran as root", "BEGIN SSH HOST KEY KEYS"):
        eventually(lambda words=words: words in console(ec2, made["InstanceId"]), words)
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(AllocationId=address["AllocationId"], InstanceId=made["InstanceId"])
    open_ssh(ec2, group)
    yield made["InstanceId"]
    ec2.close()


def console(ec2: Client, instance: str) -> str:
    return str(ec2.get_console_output(InstanceId=instance).get("Output", ""))


def describe(ec2: Client, instance: str) -> dict[str, Any]:
    found = ec2.describe_instances(InstanceIds=[instance])
    return found["Reservations"][0]["Instances"][0]


def state(ec2: Client, instance: str) -> str:
    return str(describe(ec2, instance)["State"]["Name"])


def ssh_permission() -> dict[str, Any]:
    return {
        "IpProtocol": "tcp",
        "FromPort": 22,
        "ToPort": 22,
        "IpRanges": [{"CidrIp": "127.0.0.0/8"}],
    }


def open_ssh(ec2: Client, group: str) -> None:
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ssh_permission()])


def ssh_port(rehearsal: str, address: str) -> int | None:
    """Return the port that is the address's port 22, if that is open."""
    described = read_description(rehearsal)
    return described.addresses.get(address, {}).get("22") if described else None


def ssh_banner(rehearsal: str, address: str) -> str:
    """Return what answers at the address's port 22; empty where nothing does."""
    port = ssh_port(rehearsal, address)
    if port is None:
        return ""
    try:
        with socket.create_connection((address, port), timeout=2) as connection:
            return connection.recv(64).decode()
    except OSError:
        return ""


def refuses(address: str, port: int | None) -> bool:
    """Return whether nobody listens there: what takes long, or is interrupted, is no refusal."""
    assert port is not None
    try:
        socket.create_connection((address, port), timeout=2).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


def address_of(ec2: Client, instance: str) -> str:
    return str(describe(ec2, instance)["PublicIpAddress"])


def in_machine(rehearsal: str, instance: str, *command: str) -> str:
    """Run a command inside a machine."""
    name = f"workbench-{rehearsal}-{instance}"
    done = subprocess.run(
        ["docker", "exec", name, *command], capture_output=True, text=True, check=True
    )
    return done.stdout


def ready(rehearsal: str, ec2: Client, instance: str) -> str:
    """Wait until an instance answers SSH, and return its address."""
    eventually(lambda: state(ec2, instance) == "running", "the instance runs")
    address = address_of(ec2, instance)
    eventually(lambda: ssh_banner(rehearsal, address).startswith("SSH-2.0"), "SSH answers")
    return address


def test_an_instance_boots_its_user_data_and_answers_on_its_elastic_ip(
    rehearsal: str, ec2: Client, instance: str
) -> None:
    address = ready(rehearsal, ec2, instance)
    assert address.startswith("127.")
    found = describe(ec2, instance)
    assert found["PrivateIpAddress"].startswith("172.31.")
    hostname = in_machine(rehearsal, instance, "hostname").strip()
    assert found["PrivateDnsName"].startswith(f"{hostname}.")


def test_only_what_the_security_group_opens_answers(
    rehearsal: str, ec2: Client, instance: str
) -> None:
    address = ready(rehearsal, ec2, instance)
    port = ssh_port(rehearsal, address)
    group = describe(ec2, instance)["SecurityGroups"][0]["GroupId"]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=[ssh_permission()])
    eventually(lambda: refuses(address, port), "the port closes")
    open_ssh(ec2, group)
    ready(rehearsal, ec2, instance)


def test_a_port_is_closed_without_a_route_to_the_internet(
    rehearsal: str, ec2: Client, instance: str
) -> None:
    address = ready(rehearsal, ec2, instance)
    port = ssh_port(rehearsal, address)
    vpc = describe(ec2, instance)["VpcId"]
    main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    table = main["RouteTables"][0]
    everywhere = {
        "RouteTableId": table["RouteTableId"],
        "DestinationCidrBlock": "0.0.0.0/0",
    }
    route = next(
        each for each in table["Routes"] if each.get("DestinationCidrBlock") == "0.0.0.0/0"
    )
    ec2.delete_route(**everywhere)
    eventually(lambda: refuses(address, port), "the port closes")
    ec2.create_route(**everywhere, GatewayId=route["GatewayId"])
    ready(rehearsal, ec2, instance)


def test_a_machine_that_powers_itself_off_is_a_stopped_instance(
    rehearsal: str, ec2: Client, instance: str
) -> None:
    address = ready(rehearsal, ec2, instance)
    in_machine(rehearsal, instance, "systemctl", "poweroff", "--no-block")
    eventually(lambda: state(ec2, instance) == "stopped", "the instance is stopped")
    assert "instance initiated" in describe(ec2, instance)["StateReason"]["Message"].lower()
    ec2.start_instances(InstanceIds=[instance])
    assert ready(rehearsal, ec2, instance) == address


def test_an_instance_whose_machine_dies_is_stopped(
    rehearsal: str, ec2: Client, instance: str
) -> None:
    ready(rehearsal, ec2, instance)
    name = f"workbench-{rehearsal}-{instance}"
    subprocess.run(["docker", "kill", name], capture_output=True, check=True)
    eventually(lambda: state(ec2, instance) == "stopped", "the instance is stopped")
    ec2.start_instances(InstanceIds=[instance])
    ready(rehearsal, ec2, instance)


def test_a_reboot_is_one_and_the_instance_keeps_its_address(
    rehearsal: str, ec2: Client, instance: str
) -> None:
    address = ready(rehearsal, ec2, instance)
    # Docker's machines share this computer's boot ID: the first program's start tells boots apart.
    begun = in_machine(rehearsal, instance, "stat", "-c", "%Y", "/run/systemd/system")
    ec2.reboot_instances(InstanceIds=[instance])
    assert state(ec2, instance) == "running"

    def rebooted() -> bool:
        try:
            return in_machine(rehearsal, instance, "stat", "-c", "%Y", "/run/systemd/system") != (
                begun
            )
        except subprocess.CalledProcessError:
            return False

    eventually(rebooted, "the machine boots again", limit=120)
    assert ready(rehearsal, ec2, instance) == address


def test_a_stopped_instance_starts_with_its_new_size(
    rehearsal: str, ec2: Client, instance: str
) -> None:
    ready(rehearsal, ec2, instance)
    ec2.stop_instances(InstanceIds=[instance])
    eventually(lambda: state(ec2, instance) == "stopped", "the instance is stopped")
    ec2.modify_instance_attribute(InstanceId=instance, InstanceType={"Value": "t3.medium"})
    ec2.start_instances(InstanceIds=[instance])
    ready(rehearsal, ec2, instance)
    client = docker.from_env()
    container = client.containers.get(f"workbench-{rehearsal}-{instance}")
    assert container.attrs["HostConfig"]["Memory"] == 4 * 2**30
    client.close()


def test_a_volume_is_a_device_that_grows_and_lets_go(
    rehearsal: str, ec2: Client, instance: str
) -> None:
    ready(rehearsal, ec2, instance)

    def volume() -> dict[str, Any]:
        return ec2.describe_volumes(VolumeIds=[made])["Volumes"][0]

    def size() -> str:
        return in_machine(rehearsal, instance, "blockdev", "--getsize64", device).strip()

    made = ec2.create_volume(Size=1, AvailabilityZone=ZONE)["VolumeId"]
    eventually(lambda: volume()["State"] == "available", "the volume is there")
    ec2.attach_volume(VolumeId=made, InstanceId=instance, Device="/dev/sdf")
    eventually(lambda: volume()["Attachments"][0]["State"] == "attached", "it is attached")
    device = f"/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_{made.replace('-', '')}"
    assert size() == str(2**30)
    in_machine(rehearsal, instance, "sh", "-c", f"echo written >{device}")

    snapshot = ec2.create_snapshot(VolumeId=made)["SnapshotId"]
    eventually(
        lambda: (
            ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"][0]["State"] == "completed"
        ),
        "the snapshot is complete",
    )
    ec2.modify_volume(VolumeId=made, Size=2)
    eventually(lambda: size() == str(2 * 2**30), "the device has grown")
    ec2.detach_volume(VolumeId=made)
    eventually(lambda: volume()["State"] == "available", "it is detached")
    assert in_machine(rehearsal, instance, "sh", "-c", "ls /dev/nvme* || true") == ""

    copy = ec2.create_volume(SnapshotId=snapshot, AvailabilityZone=ZONE)["VolumeId"]
    eventually(
        lambda: (rehearsal_dir(rehearsal) / "volumes" / f"{copy}.img").exists(), "the copy is there"
    )
    with (rehearsal_dir(rehearsal) / "volumes" / f"{copy}.img").open("rb") as file:
        assert file.read(8) == b"written\n"
    for each in (made, copy):
        ec2.delete_volume(VolumeId=each)
        path = rehearsal_dir(rehearsal) / "volumes" / f"{each}.img"
        eventually(lambda path=path: not path.exists(), "the file is gone")


def test_a_terminated_instance_leaves_nothing(
    described: Description, rehearsal: str, ec2: Client
) -> None:
    made = ec2.run_instances(
        ImageId=described.images["debian-12"], InstanceType="t3.micro", MinCount=1, MaxCount=1
    )["Instances"][0]["InstanceId"]
    ec2.terminate_instances(InstanceIds=[made])
    eventually(lambda: state(ec2, made) == "terminated", "the instance is terminated", 90)
    assert made not in control.status(rehearsal).machines
    assert not (rehearsal_dir(rehearsal) / "machines" / made).exists()


def test_starting_twice_is_fine(rehearsal: str, described: Description) -> None:
    assert control.start(rehearsal, Progress(quiet=True)).pid == described.pid


def test_two_starts_at_once_end_with_one_process(rehearsal: str) -> None:
    control.stop(rehearsal)
    code = (
        "import sys; from workbench.rehearsal import control;"
        "from workbench.progress import Progress;"
        "print(control.start(sys.argv[1], Progress(quiet=True)).pid)"
    )
    starts = [
        subprocess.Popen([sys.executable, "-c", code, rehearsal], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    # Reads to the end of the pipe: the daemon must not hold it open.
    pids = {each.communicate(timeout=120)[0].strip() for each in starts}
    assert len(pids) == 1
    assert all(each.returncode == 0 for each in starts)


def test_a_stopped_rehearsal_goes_on_with_its_machines(
    rehearsal: str, ec2: Client, instance: str
) -> None:
    address = ready(rehearsal, ec2, instance)
    control.stop(rehearsal)
    stopped = control.status(rehearsal)
    assert (stopped.state, stopped.machines[instance]) == ("stopped", "stopped")
    assert list_loops(rehearsal_dir(rehearsal)) == []
    again = connect(control.start(rehearsal, Progress(quiet=True)))
    assert ready(rehearsal, again, instance) == address
    again.close()


def await_saved(rehearsal: str) -> None:
    """Wait until a change would have been saved: what is asked in the last moment is lost."""
    saved = rehearsal_dir(rehearsal) / remains.STATE_FILE
    # There is none yet where nothing was asked of the cloud before.
    eventually(
        lambda: not saved.exists() or time.time() - saved.stat().st_mtime > 1, "the cloud is saved"
    )


def test_after_a_crash_status_says_so_and_start_goes_on(
    rehearsal: str, ec2: Client, instance: str
) -> None:
    ready(rehearsal, ec2, instance)
    process = remains.recorded_process(rehearsal)
    assert process is not None
    await_saved(rehearsal)
    process.signal(signal.SIGKILL)
    assert process.wait(10)
    crashed = control.status(rehearsal)
    assert crashed.state == "damaged"
    assert any("process is gone" in each for each in crashed.gone)
    assert crashed.machines[instance] == "running"
    json.dumps(asdict(crashed))
    again = connect(control.start(rehearsal, Progress(quiet=True)))
    ready(rehearsal, again, instance)
    again.close()


def test_a_process_that_does_not_answer_is_replaced(
    rehearsal: str, described: Description, monkeypatch: pytest.MonkeyPatch
) -> None:
    # It is stopped for good: more time changes nothing.
    monkeypatch.setattr(liveness, "ANSWER_LIMIT", 2.0)
    monkeypatch.setattr(liveness, "PATIENCE", 1.0)
    process = remains.recorded_process(rehearsal)
    assert process is not None
    await_saved(rehearsal)
    process.signal(signal.SIGSTOP)
    assert control.status(rehearsal).state == "damaged"
    replaced = control.start(rehearsal, Progress(quiet=True))
    assert replaced.pid != described.pid
    assert not process.alive


def test_a_process_that_answers_late_is_left_alone(
    rehearsal: str, described: Description, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "ANSWER_LIMIT", 0.5)
    process = remains.recorded_process(rehearsal)
    assert process is not None
    process.signal(signal.SIGSTOP)
    late = threading.Timer(2, process.signal, [signal.SIGCONT])
    late.start()
    assert control.start(rehearsal, Progress(quiet=True)).pid == described.pid
    late.join()
    assert process.alive


def test_a_machine_that_is_gone_is_named(rehearsal: str, described: Description) -> None:
    folder = rehearsal_dir(rehearsal) / "machines" / "i-0123456789abcdef0"
    folder.mkdir(parents=True)
    status = control.status(rehearsal)
    folder.rmdir()
    assert status.state == "damaged"
    # Where this test comes first, no cloud has been saved yet that it could belong to, either.
    assert "the machine of instance i-0123456789abcdef0 is gone" in status.gone


@pytest.fixture
def other(state_dir: Path) -> Iterator[str]:
    """The name of a second rehearsal, removed at the end."""
    name = f"{NAME}b"
    yield name
    control.reset(name)


def test_a_cloud_that_is_lost_is_not_mixed_with_a_new_one(other: str) -> None:
    left = rehearsal_dir(other) / "volumes" / "vol-0123456789abcdef0.img"
    left.parent.mkdir(parents=True)
    left.touch()
    with pytest.raises(WorkbenchError, match=r"is gone.*vol-0123456789abcdef0") as error:
        control.start(other, Progress(quiet=True))
    assert "rehearsal.reset" in error.value.hint


def test_a_start_that_fails_says_why_and_leaves_nothing_running(other: str) -> None:
    folder = rehearsal_dir(other)
    folder.mkdir(parents=True)
    (folder / remains.STATE_FILE).write_bytes(b"not a state")
    with pytest.raises(WorkbenchError, match="saved state of this rehearsal is damaged") as error:
        control.start(other, Progress(quiet=True))
    assert "rehearsal.reset" in error.value.hint
    process = remains.recorded_process(other)
    assert process is not None
    assert process.wait(10)
    assert objects(other) == []


def test_two_rehearsals_live_side_by_side(
    rehearsal: str, described: Description, other: str
) -> None:
    second = control.start(other, Progress(quiet=True))
    assert second.api_url != described.api_url
    assert second.bridge != described.bridge
    assert control.status(rehearsal).state == "running"
    control.reset(other)
    assert control.status(rehearsal).state == "running"
    assert control.status(other).state == "absent"


def test_without_root_one_sentence_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, state_dir: Path
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(MissingToolError, match="needs root"):
        control.start("nobody", Progress(quiet=True))


def test_on_another_system_one_sentence_says_that_it_needs_linux(
    monkeypatch: pytest.MonkeyPatch, state_dir: Path
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(MissingToolError, match="needs Linux"):
        control.start("nobody", Progress(quiet=True))


def objects(name: str) -> list[str]:
    """Return the Docker objects of a rehearsal."""
    from workbench.places import state_dir

    client = docker.from_env()
    filters = Owner(name, state_dir()).filters()
    found = [each.name for each in client.containers.list(all=True, filters=filters)]
    found += [each.name for each in client.networks.list(filters=filters)]
    client.close()
    return found


def test_a_reset_leaves_nothing(other: str, key: Path) -> None:
    described = control.start(other, Progress(quiet=True))
    folder = rehearsal_dir(other)
    ec2 = connect(described)
    volume = ec2.create_volume(Size=1, AvailabilityZone=ZONE)["VolumeId"]
    made = ec2.run_instances(
        ImageId=described.images["debian-12"],
        InstanceType="t3.micro",
        MinCount=1,
        MaxCount=1,
        Placement={"AvailabilityZone": ZONE},
    )["Instances"][0]["InstanceId"]
    eventually(lambda: state(ec2, made) == "running", "the instance runs")
    ec2.attach_volume(VolumeId=volume, InstanceId=made, Device="/dev/sdf")
    eventually(lambda: list_loops(folder), "the volume is a loop device")
    ec2.close()
    assert len(objects(other)) == 2

    control.reset(other)

    assert objects(other) == []
    assert list_loops(folder) == []
    assert not folder.exists()
    assert not Path("/sys/class/net", described.bridge).exists()
    assert processes_naming(str(folder)) == []
    port = int(described.api_url.rpartition(":")[2])
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    assert control.status(other).state == "absent"
    control.reset(other)

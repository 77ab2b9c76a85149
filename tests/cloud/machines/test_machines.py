"""A rehearsal's machines behave as EC2 instances do."""

import datetime
import os
import secrets
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from processes import processes_naming

from workbench.errors import WorkbenchError
from workbench.rehearsal.machines.containers import MachineSpec

pytestmark = pytest.mark.machine


@pytest.fixture(scope="module", autouse=True)
def authority(cloud) -> x509.Certificate:
    """An authority that the rehearsal hands its machines."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A rehearsal's CA")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today)
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = cloud.state_dir / "authority.pem"
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    cloud.certificates.append(path)
    return certificate


def test_boots_its_own_user_data_as_ec2_would_hand_it_over(cloud, instance_id):
    assert cloud.run(instance_id, "cat /root/user-data") == "ran"
    assert cloud.run(instance_id, "hostname") == "ip-10-0-0-7"
    assert cloud.run(instance_id, "cat ~admin/.ssh/authorized_keys").endswith(cloud.key)
    assert cloud.run(instance_id, "sudo -u admin sudo -n id -u") == "0"
    assert cloud.run(instance_id, "passwd --status admin").split()[1] == "L"
    assert cloud.run(instance_id, "sshd -T | grep passwordauth") == "passwordauthentication no"
    assert cloud.run(instance_id, "cloud-id") == "aws"


def test_each_machine_has_host_keys_and_an_identity_of_its_own(cloud, instance_id):
    other = cloud.create(account="ubuntu")
    cloud.boot(other)
    # The account that another operating system's image has, where this one plays it.
    assert cloud.run(other, "cat ~ubuntu/.ssh/authorized_keys").endswith(cloud.key)
    assert cloud.run(other, "sudo -u ubuntu sudo -n id -u") == "0"
    assert cloud.run(other, "getent passwd admin || echo nobody") == "nobody"
    for file in ("/etc/ssh/ssh_host_ed25519_key.pub", "/etc/machine-id"):
        assert cloud.run(instance_id, f"cat {file}") != cloud.run(other, f"cat {file}")
    assert cloud.machines().address(instance_id) != cloud.machines().address(other)
    console = cloud.machines().console(other)
    assert "user data was here" in console
    key = cloud.run(other, "cut -d' ' -f2 /etc/ssh/ssh_host_ed25519_key.pub")
    between = console.split("-----BEGIN SSH HOST KEY KEYS-----")[1].split("-----END")[0]
    assert key in between
    assert "\x1b[0;" not in console
    assert "\r" not in console
    cloud.machines().terminate(other)


def test_trusts_the_rehearsals_authority_and_those_trusted_here(cloud, instance_id, authority):
    pem = authority.public_bytes(serialization.Encoding.PEM).decode()
    bundle = cloud.run(instance_id, "cat /etc/ssl/certs/ca-certificates.crt")
    assert pem.strip() in bundle


def test_name_server_is_the_rehearsals(cloud, instance_id):
    assert cloud.run(instance_id, "cat /etc/resolv.conf") == "nameserver 169.254.169.253"


def test_hostname_can_be_changed_from_inside(cloud, instance_id):
    cloud.run(instance_id, "hostnamectl set-hostname other && grep -x other /etc/hostname")
    cloud.run(instance_id, "hostnamectl set-hostname ip-10-0-0-7")


def test_has_the_size_of_its_type(cloud, instance_id):
    assert cloud.run(instance_id, "nproc") == "1"
    if Path("/usr/bin/lxcfs").exists():
        assert cloud.run(instance_id, "free -m | awk '/Mem:/ {print $2}'") == "512"


def test_memory_of_the_whole_machine_is_limited(cloud, instance_id):
    script = "systemd-run --wait --quiet --pipe python3 -c 'len(bytearray(2**30))'"
    with pytest.raises(AssertionError):
        cloud.run(instance_id, script)
    assert cloud.machines().state(instance_id) == "running"
    assert cloud.run(instance_id, "systemctl is-system-running || true") in {"running", "degraded"}
    cloud.run(instance_id, "systemctl reset-failed")


def test_limits_of_a_units_memory_and_cpu_hold_as_systemdspawner_sets_them(cloud, instance_id):
    run = "systemd-run --wait --quiet --pipe --uid=admin"
    with pytest.raises(AssertionError):
        cloud.run(instance_id, f"{run} -p MemoryMax=64M python3 -c 'len(bytearray(2**28))'")
    assert cloud.run(instance_id, f"{run} -p MemoryMax=64M python3 -c 'print(2)'") == "2"
    burn = (
        "import time; end = time.monotonic() + 2\n"
        "while time.monotonic() < end: pass\n"
        "print(time.process_time())"
    )
    used = float(cloud.run(instance_id, f'{run} -p CPUQuota=20% python3 -c "{burn}"'))
    assert used < 1.0
    cloud.run(instance_id, "systemctl reset-failed")


def test_reboots_from_outside_keeping_disk_and_address(cloud, instance_id):
    before = cloud.run(instance_id, "systemctl show -p UserspaceTimestampMonotonic")
    address = cloud.machines().address(instance_id)
    cloud.machines().reboot(instance_id)
    cloud.wait_booted(instance_id)
    assert cloud.run(instance_id, "systemctl show -p UserspaceTimestampMonotonic") != before
    assert cloud.run(instance_id, "cat /root/user-data") == "ran"
    assert cloud.machines().address(instance_id) == address
    assert cloud.run(instance_id, "hostname -I") == address


def test_reboots_from_inside_and_comes_back(cloud, instance_id):
    container = cloud.client.containers.get(cloud.container(instance_id))
    booted = container.attrs["State"]["StartedAt"]
    cloud.run(instance_id, "systemctl reboot")
    limit = time.monotonic() + 60
    while container.attrs["State"]["StartedAt"] == booted:
        assert time.monotonic() < limit
        container.reload()
    cloud.wait_booted(instance_id)
    assert cloud.machines().state(instance_id) == "running"


def test_stays_the_machine_it_is_when_it_boots_without_metadata(cloud, instance_id, monkeypatch):
    key = cloud.run(instance_id, "cat /etc/ssh/ssh_host_ed25519_key.pub")
    monkeypatch.setattr(cloud.metadata, "enabled", False)
    cloud.machines().reboot(instance_id)
    cloud.wait_booted(instance_id)
    assert cloud.run(instance_id, "cat /etc/ssh/ssh_host_ed25519_key.pub") == key
    assert cloud.run(instance_id, "cat /root/user-data") == "ran"


@pytest.mark.parametrize("command", ["poweroff", "halt", "shutdown -h now"])
def test_is_stopped_after_powering_itself_off(cloud, instance_id, command):
    cloud.run(instance_id, command)
    cloud.wait_state(instance_id, "stopped")
    cloud.boot(instance_id)
    assert cloud.run(instance_id, "cat /root/user-data") == "ran"


def test_stops_in_order_and_starts_with_another_size(cloud, instance_id):
    unit = (
        "systemd-run --unit=orderly --property=ExecStop='/bin/touch /root/orderly' sleep infinity"
    )
    cloud.run(instance_id, unit)
    address = cloud.machines().address(instance_id)
    cloud.machines().stop(instance_id)
    cloud.machines().stop(instance_id)
    assert cloud.machines().state(instance_id) == "stopped"
    assert cloud.machines().address(instance_id) == address
    cloud.machines().set_size(instance_id, 768, 2, "t3.medium")
    cloud.boot(instance_id)
    assert cloud.run(instance_id, "ls /root/orderly; nproc").split() == [
        "/root/orderly",
        str(min(2, os.cpu_count() or 1)),
    ]
    cloud.machines().stop(instance_id)
    cloud.machines().set_size(instance_id, 512, 1, "t3.nano")
    cloud.boot(instance_id)


def test_one_that_hangs_is_switched_off(cloud):
    hanging = cloud.create()
    cloud.boot(hanging)
    unit = (
        "systemd-run --unit=stubborn --property=TimeoutStopSec=infinity"
        " --property=ExecStop='/bin/sleep infinity' sleep infinity"
    )
    cloud.run(hanging, unit)
    cloud.machines().reboot(hanging, limit=3)
    cloud.wait_booted(hanging)
    cloud.run(hanging, unit)
    cloud.machines().stop(hanging, limit=2)
    assert cloud.machines().state(hanging) == "stopped"
    cloud.machines().terminate(hanging)


def test_one_that_dies_is_stopped(cloud):
    dying = cloud.create()
    cloud.machines().start(dying)
    cloud.client.containers.get(cloud.container(dying)).kill(signal.SIGKILL)
    cloud.wait_state(dying, "stopped")
    cloud.machines().terminate(dying)
    cloud.machines().terminate(dying)
    assert cloud.machines().state(dying) == "absent"
    assert dying not in cloud.machines().list()
    assert cloud.machines().console(dying) == ""


def test_does_not_start_by_itself_after_the_computer_has_booted(cloud):
    """Docker would; but the volumes' device numbers are then those of other files."""
    made = cloud.create()
    devices = cloud.folder() / "machines" / made / "boot" / "devices"
    container = cloud.client.containers.get(cloud.container(made))
    devices.write_text("boot another\n7 0 nvme1n1 -\n")
    container.start()
    assert container.wait()["StatusCode"] == 0
    assert cloud.machines().state(made) == "stopped"
    cloud.boot(made)
    cloud.machines().terminate(made)


def test_machines_that_are_made_at_once_have_addresses_of_their_own(cloud):
    machines = cloud.machines()
    made = [f"i-{secrets.token_hex(8)}" for _ in range(4)]
    specs = [MachineSpec(each, "t3.nano", 512, 1, "ip-10-0-0-7") for each in made]
    try:
        with ThreadPoolExecutor(len(specs)) as pool:
            list(pool.map(machines.create, specs))
        assert len({machines.address(each) for each in made}) == len(made)
    finally:
        for each in made:
            machines.terminate(each)


def test_calls_may_be_repeated(cloud, instance_id):
    machines = cloud.machines()
    assert machines.ensure_network() == cloud.machines().ensure_network()
    machines.create(MachineSpec(instance_id, "t3.nano", 512, 1, "other"))
    machines.start(instance_id)
    assert machines.list() == [instance_id]
    assert machines.state(instance_id) == "running"
    assert cloud.run(instance_id, "hostname") == "ip-10-0-0-7"


def test_what_others_made_under_its_names_is_left_alone(cloud, engine):
    client, image = engine
    made = f"i-{secrets.token_hex(8)}"
    foreign = client.containers.create(image, name=cloud.container(made))
    try:
        assert cloud.machines().state(made) == "absent"
        with pytest.raises(WorkbenchError, match="can't be made"):
            cloud.machines().create(MachineSpec(made, "t3.nano", 512, 1, "x"))
        cloud.machines().terminate(made)
        foreign.reload()
    finally:
        foreign.remove()


def test_a_machine_that_is_gone_is_said_so(cloud):
    with pytest.raises(WorkbenchError, match="is gone"):
        cloud.machines().start("i-0")


def test_remove_all_leaves_nothing(cloud, engine, tmp_path):
    other = type(cloud)(*engine, state_dir=tmp_path)
    made = other.create()
    other.volumes().create("vol-1", 1)
    other.machines().start(made)
    other.volumes().attach("vol-1", made, other.container(made), "/dev/sdf")
    bridge = other.machines().ensure_network().bridge
    other.machines().remove_all()
    other.volumes().remove_all()
    labels = {"label": f"diy-workbench.state={tmp_path}"}
    assert other.client.containers.list(all=True, filters=labels) == []
    assert other.client.networks.list(filters=labels) == []
    assert not Path(f"/sys/class/net/{bridge}").exists()
    assert (
        str(tmp_path)
        not in subprocess.run(
            ["losetup", "--list"], capture_output=True, text=True, check=True
        ).stdout
    )
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    assert processes_naming(str(tmp_path)) == []
    other.machines().remove_all()

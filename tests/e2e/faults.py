"""What breaks in a workbench's life, how to break it, and what doctor has to say of it."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from datetime import timedelta

from bench import Bench
from bench import eventually
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

HUB = "/etc/jupyterhub/jupyterhub_config.py"
CADDYFILE = "/etc/caddy/Caddyfile"


@dataclass(frozen=True)
class Fault:
    """What breaks, the check that must fail first, and words of its evidence.

    ``tidy`` takes away what the injection itself left, and is not the fixing.
    """

    inject: Callable[[Bench], None]
    check: str
    words: tuple[str, ...]
    command: str
    tidy: Callable[[Bench], None] = lambda bench: None


def stop_service(bench: Bench) -> None:
    bench.server("sudo systemctl stop rstudio-server")


def crash_service(bench: Bench) -> None:
    bench.server(
        f"echo 'raise RuntimeError(\"broken manually\")' | sudo tee -a {HUB};"
        " sudo systemctl restart jupyterhub"
    )
    restarts = "systemctl show -p NRestarts --value jupyterhub"
    assert eventually(lambda: int(bench.server(restarts)) >= 2, limit=120)


def close_port(bench: Bench) -> None:
    group = bench.outputs()["security_group_id"]
    wanted = [{"Name": "group-id", "Values": [group]}]
    rules = bench.aws("ec2").describe_security_group_rules(Filters=wanted)["SecurityGroupRules"]
    ids = [rule["SecurityGroupRuleId"] for rule in rules if rule.get("FromPort") == 443]
    bench.aws("ec2").revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=ids)


def make_record_stale(bench: Bench) -> None:
    domain, route53 = bench.outputs()["domain"], bench.aws("route53")
    zones = route53.list_hosted_zones()["HostedZones"]
    (zone,) = [each["Id"] for each in zones if each["Name"] == f"{domain}."]
    stale = [{"Value": "192.0.2.7"}]
    record = {"Name": domain, "Type": "A", "TTL": 300, "ResourceRecords": stale}
    changes = [{"Action": "UPSERT", "ResourceRecordSet": record}]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def expire_certificate(bench: Bench) -> None:
    """Have Caddy show a certificate that someone once put there manually, and that has expired."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    certificate = expired_certificate(bench.outputs()["names"], key)
    encoded = base64.b64encode(private + certificate).decode()
    pem = "/etc/caddy/old.pem"
    bench.server(
        f"echo {encoded} | base64 -d | sudo tee {pem} > /dev/null;"
        f" sudo sed -i '/^\\ttls {{/,/^\\t}}/c \\\\ttls {pem} {pem}' {CADDYFILE};"
        " sudo systemctl restart caddy"
    )


def expired_certificate(names: list[str], key: ec.EllipticCurvePrivateKey) -> bytes:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=100))
        .not_valid_after(now - timedelta(days=10))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def forget_certificate(bench: Bench) -> None:
    bench.server("sudo rm -f /etc/caddy/old.pem")


def fill_disk(bench: Bench) -> None:
    # Reserved, not written: the volume's file on this computer stays small.
    bench.server(
        "free=$(df --output=avail -B1 /data | tail -n 1);"
        " sudo fallocate -l $((free - 16777216)) /data/home/test-user/forgotten.bin"
    )


def empty_disk(bench: Bench) -> None:
    bench.server("sudo rm -f /data/home/test-user/forgotten.bin")


def detach_volume(bench: Bench) -> None:
    """Detach the volume as AWS asks one to: with the server stopped."""
    ec2, outputs = bench.aws("ec2"), bench.outputs()
    stop(bench)
    ec2.detach_volume(VolumeId=outputs["data_volume_id"])
    ec2.get_waiter("volume_available").wait(VolumeIds=[outputs["data_volume_id"]])
    ec2.start_instances(InstanceIds=[outputs["instance_id"]])
    ec2.get_waiter("instance_running").wait(InstanceIds=[outputs["instance_id"]])


def stop(bench: Bench) -> None:
    ec2, instance = bench.aws("ec2"), bench.outputs()["instance_id"]
    ec2.stop_instances(InstanceIds=[instance])
    waiter = ec2.get_waiter("instance_stopped")
    waiter.wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 200})


def change_host_key(bench: Bench) -> None:
    key = "/etc/ssh/ssh_host_ed25519_key"
    bench.server(
        f"sudo rm {key} && sudo ssh-keygen -q -t ed25519 -N '' -f {key}"
        " && sudo systemctl restart ssh"
    )


def leave_package_half_installed(bench: Bench) -> None:
    control = (
        "Package: half-done\\nVersion: 1\\nArchitecture: all\\n"
        "Maintainer: Tests <tests@example.org>\\nDescription: interrupted\\n"
    )
    bench.server(
        "folder=$(mktemp -d) && mkdir $folder/DEBIAN && chmod 755 $folder &&"
        f" printf '{control}' > $folder/DEBIAN/control &&"
        " dpkg-deb --build $folder $folder.deb && sudo dpkg --unpack $folder.deb"
    )


def remove_package(bench: Bench) -> None:
    bench.server("sudo dpkg --purge half-done")


def change_file(bench: Bench) -> None:
    bench.server(f"echo '# manually' | sudo tee -a {CADDYFILE}")


# Those that one command fixes and that don't hide each other are injected together.
FAULTS = {
    "services stopped and crashing, an expired certificate, a changed file": (
        Fault(stop_service, "services", ("rstudio-server is stopped",), "converge"),
        Fault(
            crash_service,
            "services",
            ("jupyterhub crash-loops", "RuntimeError: broken manually"),
            "converge",
        ),
        Fault(
            expire_certificate,
            "certificate",
            ("expired", "10 days ago"),
            "converge",
            forget_certificate,
        ),
        Fault(change_file, "drift", ("differs from the recipe", "more"), "converge"),
    ),
    "a closed port, a stale DNS record": (
        Fault(close_port, "security-group", ("doesn't open 443",), "up"),
        Fault(make_record_stale, "dns", ("stale", "192.0.2.7"), "up"),
    ),
    "the disk is full": (
        Fault(
            fill_disk, "disks", ("/data is full", "/data/home/test-user"), "data.grow", empty_disk
        ),
    ),
    "the data volume is detached": (Fault(detach_volume, "data-volume", ("is detached",), "up"),),
    "the host key is another": (
        Fault(change_host_key, "host-key", ("shows the host key", "not SHA256:"), "restart"),
    ),
    "the instance is stopped": (Fault(stop, "instance", ("stopped",), "start"),),
    "a package is half-installed": (
        Fault(
            leave_package_half_installed,
            "packages",
            ("half-done is unpacked",),
            "ssh.connect",
            remove_package,
        ),
    ),
}

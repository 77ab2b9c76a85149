"""A server's life: reboots, replacements, changes of the settings, and what goes wrong."""

from datetime import UTC
from datetime import datetime
from typing import Any

import pytest
from clients import Hub
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from faults import expired_certificate
from host_lab import DOMAIN
from host_lab import Lab
from host_lab import at_hub
from host_lab import sign_in

PASSWORD = "Penguins-on-ice-42"
# But for the day of the last change, which chpasswd sets.
ANN = "getent passwd ann; getent shadow ann | cut -d: -f1,2,8"
NEWCOMER = {"name": "newcomer", "public_keys": [], "administrator": False}


@pytest.fixture(autouse=True)
def whole(lab: Lab) -> Any:
    """Begin with a server in order, whatever the test before left."""
    lab.publish(**lab.first)
    lab.converge()
    lab.run("workbench-passwd test-user", stdin=PASSWORD + "\n")
    yield
    lab.publish(**lab.first)


def identity(lab: Lab) -> dict[str, str]:
    """Return what must outlive a server."""
    site = lab.site()
    with site.client() as http:
        stream = http.stream("GET", f"https://{DOMAIN}/")
        with stream as answer:
            raw = answer.extensions["network_stream"].get_extra_info("ssl_object")
            certificate = x509.load_der_x509_certificate(raw.getpeercert(True))
    return {
        "certificate": str(certificate.serial_number),
        "host key": lab.run("cat /etc/ssh/ssh_host_ed25519_key.pub").split()[1],
        "people": lab.run("getent passwd test-user ann newcomer"),
        "groups": lab.run("id test-user; id ann; id newcomer || true"),
        "hash": lab.run("getent shadow test-user ann newcomer | cut -d: -f1,2"),
        "cookie secret": lab.run("sha256sum /data/workbench/jupyterhub/jupyterhub_cookie_secret"),
        "file": lab.run("cat /home/test-user/kept && stat -c '%U %G' /home/test-user/kept"),
    }


def test_a_replaced_server_is_the_same_to_everyone(lab: Lab) -> None:
    lab.publish(users=[*lab.settings["users"], NEWCOMER])
    lab.converge()
    lab.run("workbench-passwd newcomer", stdin="Gone-tomorrow-one-day\n")
    lab.publish(**lab.first)
    lab.converge()
    lab.run("runuser -u test-user -- sh -c 'echo penguins > ~/kept'")
    table = "0 5 * * * echo Größe > ~/nightly\n"
    lab.run("runuser -u test-user -- crontab -", stdin=table)
    kept = "/data/workbench/accounts/crontabs.json"
    lab.wait_for(lambda: "nightly" in lab.run(f"cat {kept} 2>/dev/null || true"))
    before = identity(lab)
    lab.replace()
    assert lab.wait_converged()["result"] == "ok", lab.failure()
    assert identity(lab) == before
    assert lab.run("runuser -u test-user -- crontab -l").endswith(table.strip())
    # As cron itself has them: it takes no table that others may write.
    mode = "stat -c '%a %U %G' /var/spool/cron/crontabs/test-user"
    assert lab.run(mode) == "600 test-user crontab"
    assert sign_in(lab, "test-user", PASSWORD) == 302
    console = lab.machines.console(lab.instance_id)
    last = console.rpartition("-----BEGIN SSH HOST KEY KEYS-----")[2]
    assert before["host key"] in last
    assert lab.converge()["changed"] == 0


def test_a_password_changed_by_its_owner_is_kept(lab: Lab) -> None:
    # While it saves, systemd sees no change.
    waiting = "systemctl show -P SubState workbench-accounts.path"
    lab.wait_for(lambda: lab.run(waiting) == "waiting")
    lab.run("echo test-user:Changed-by-me-7 | chpasswd")
    mine = lab.run("getent shadow test-user | cut -d: -f2")
    saved = "/data/workbench/accounts/accounts.json"
    lab.wait_for(lambda: mine in lab.run(f"cat {saved}"))
    assert lab.run(f"stat -c '%a %U' {saved}") == "600 root"


def test_everything_comes_back_after_a_reboot(lab: Lab) -> None:
    before = lab.run("cat /proc/sys/kernel/random/boot_id; systemctl show -P InvocationID ssh")
    lab.machines.reboot(lab.instance_id)
    units = "workbench-data jupyterhub rstudio-server caddy ssh workbench-accounts.path"

    def is_back() -> bool:
        try:
            return lab.run(f"systemctl is-active {units}").split() == ["active"] * 6
        except AssertionError:
            return False

    lab.wait_for(is_back)
    assert lab.run("systemctl show -P InvocationID ssh") not in before
    ssh = int(lab.run("systemctl show -P ExecMainStartTimestampMonotonic ssh"))
    assert ssh > int(lab.run("systemctl show -P ActiveEnterTimestampMonotonic workbench-data"))
    lab.wait_for(lambda: not lab.run("systemctl list-jobs --no-legend"))
    # People's limits are worked out at boot, before the recipe runs.
    assert lab.events()[-1]["changed"] == 0
    assert lab.run("systemctl show -P MemoryMax user.slice").isdigit()
    assert lab.run("systemctl --failed --no-legend --plain") == ""
    assert sign_in(lab, "test-user", PASSWORD) == 302


def test_a_certificate_that_expired_is_asked_for_anew(lab: Lab) -> None:
    path = lab.run(f"ls /data/workbench/caddy/certificates/*/{DOMAIN}/{DOMAIN}.crt")
    key = load_pem_private_key(lab.run(f"cat {path.removesuffix('crt')}key").encode(), None)
    assert isinstance(key, EllipticCurvePrivateKey)
    expired = expired_certificate([DOMAIN], key).decode()
    lab.run(f"cat > {path}", stdin=expired)
    # The first leaves it to a Caddy that has just been started by itself.
    assert any(lab.converge()["changed"] for _ in range(2))
    found = x509.load_pem_x509_certificate(lab.run(f"cat {path}").encode())
    assert found.not_valid_after_utc > datetime.now(UTC)
    assert sign_in(lab, "test-user", PASSWORD) == 302


def test_a_step_that_fails_is_named_with_its_log_and_finished_by_the_next(lab: Lab) -> None:
    nowhere = {"url": "http://127.0.0.1:9/rstudio-server-9.9.9.deb", "sha256": "0" * 64}
    lab.publish(rstudio=(kept := lab.settings["rstudio"]) and nowhere)
    end = lab.converge(ok=False)
    assert end["failed_step"] == "RStudio Server's package"
    assert "127.0.0.1" in lab.failure()
    lab.publish(rstudio=kept)
    assert lab.converge()["result"] == "ok"


def test_a_package_with_another_checksum_is_refused(lab: Lab) -> None:
    kept = lab.settings["rstudio"]
    lab.publish(rstudio={"url": kept["url"], "sha256": "0" * 64})
    lab.converge(ok=False)
    assert "has not the SHA-256" in lab.failure()
    assert lab.run("find /var/cache/workbench -name '*.deb*'") == ""
    lab.publish(rstudio=kept)
    lab.converge()


def test_an_environment_cut_off_from_its_registry_is_finished_later(lab: Lab) -> None:
    lab.run("rm /opt/jupyterhub/.requirements")
    lab.run("rm -r /opt/jupyterhub/lib/python3*/site-packages/tornado*")
    lab.publish(mirrors={"pypi": "http://127.0.0.1:9/simple", "npm": None})
    end = lab.converge(ok=False)
    assert end["failed_step"] == "Environments"
    assert "127.0.0.1:9" in lab.failure()
    # Half a package: what an interrupted installation leaves.
    lab.run("rm -r /opt/jupyterhub/lib/python3*/site-packages/alembic/op.py")
    lab.publish(mirrors={"pypi": None, "npm": None})
    assert lab.converge()["result"] == "ok"
    assert sign_in(lab, "test-user", PASSWORD) == 302


def test_settings_that_cannot_be_read_say_why(lab: Lab) -> None:
    lab.publish(version=99)
    assert lab.converge(ok=False)["failed_step"] == "Tools"
    assert "version 99" in lab.failure()
    lab.publish(version=1)


def test_who_is_no_longer_named_is_shut_out_and_may_come_back(lab: Lab) -> None:
    lab.run("workbench-passwd ann", stdin="Anns-own-penguin-77\n")
    lab.run("loginctl enable-linger ann; runuser -u ann -- setsid sleep 900 >/dev/null 2>&1 &")
    users, before = lab.settings["users"], lab.run(ANN)
    with at_hub(lab, "Anns-own-penguin-77", "ann") as hub:
        token = make_token(hub)
        lab.publish(users=[user for user in users if user["name"] != "ann"])
        lab.converge()
        assert lab.run("pgrep -u ann || echo nobody") == "nobody"
        # Cookie and token are still there, and no longer help.
        assert lab.run(f"{spawn(token)}") in ("401", "403")
        lab.wait_for(lambda: hub.http.get(f"{hub.base}/hub/home").status_code == 302)
        assert "/hub/login" in hub.http.get(f"{hub.base}/hub/home").headers["location"]
    assert lab.run("ls /var/lib/systemd/linger") == ""
    assert sign_in(lab, "ann", "Anns-own-penguin-77") == 403
    assert lab.run("passwd --status ann").split()[1] == "L"
    assert "not a user" in lab.run("workbench-passwd ann 2>&1", stdin="Other-ones-own-77\n", code=2)
    assert lab.run("stat -c %U /home/ann") == "ann"
    assert lab.converge()["changed"] == 0
    # Even who deletes the account manually doesn't free the uid for the next person.
    lab.run("userdel ann")
    lab.publish(users=[*users[:1], NEWCOMER])
    lab.converge()
    lab.publish(users=[*users, NEWCOMER])
    lab.converge()
    lab.run("chpasswd --encrypted", stdin=f"ann:{before.rpartition('ann:')[2].split(':')[0]}\n")
    assert lab.run(ANN) == before
    assert lab.run("id -u newcomer") != lab.run("id -u ann")
    assert sign_in(lab, "ann", "Anns-own-penguin-77") == 302


def make_token(hub: Hub) -> str:
    """Return a token that a person makes for themselves."""
    hub.http.get(f"{hub.base}/hub/token")
    xsrf = next(c.value for c in hub.http.cookies.jar if c.name == "_xsrf" and "/hub" in c.path)
    made = hub.http.post(
        f"{hub.base}/hub/api/users/{hub.user}/tokens",
        json={"note": "test"},
        headers={"X-XSRFToken": str(xsrf), "Referer": f"{hub.base}/hub/token"},
    )
    assert made.status_code == 201, made.text
    return str(made.json()["token"])


def spawn(token: str) -> str:
    """Return the command that starts ann's server with a token, and prints the hub's answer."""
    url = "http://hub/jupyter/hub/api/users/ann/server"
    return (
        "curl --unix-socket /run/jupyterhub/proxy/proxy.sock -so /dev/null -w '%{http_code}' "
        f"-X POST -H 'Authorization: token {token}' {url}"
    )


def test_who_is_no_administrator_any_more_has_no_session_with_sudo(lab: Lab) -> None:
    users = lab.settings["users"]
    with at_hub(lab, PASSWORD) as hub:
        assert hub_says_admin(hub)
        lab.publish(users=[users[0] | {"administrator": False}, *users[1:]])
        lab.converge()
        assert lab.run("pgrep -u test-user || echo nobody") == "nobody"
        assert "sudo" not in lab.run("id -nG test-user").split()
        lab.wait_for(lambda: not hub_says_admin(hub))
    lab.publish(users=users)
    lab.converge()
    assert "sudo" in lab.run("id -nG test-user").split()


def hub_says_admin(hub: Hub) -> bool:
    """Say whether the hub shows its admin page to the person."""
    return hub.http.get(f"{hub.base}/hub/admin").status_code == 200


def test_a_name_that_the_system_has_is_refused(lab: Lab) -> None:
    # As a package makes one; what every system has is refused before, with the settings.
    lab.run("useradd --system grafana")
    before = lab.run("getent passwd; getent group")
    # An account's, and a group's alone.
    for name in ("grafana", "systemd-journal"):
        lab.publish(users=[*lab.first["users"], {"name": name, "public_keys": []}])
        assert lab.converge(ok=False)["failed_step"] == "Users"
        assert f"{name} is an account or a group of the system" in lab.failure()
    assert lab.run("getent passwd; getent group") == before
    lab.run("userdel grafana")


def test_a_key_taken_out_of_the_settings_no_longer_signs_in(lab: Lab) -> None:
    keys = "/home/test-user/.ssh/authorized_keys"
    lab.run(f"echo 'ssh-ed25519 AAAAmine my own' >> {keys}")
    users = lab.settings["users"]
    lab.publish(users=[users[0] | {"public_keys": []}, *users[1:]])
    lab.converge()
    left = lab.run(f"cat {keys}")
    assert lab.public_key not in left
    assert "my own" in left
    lab.publish(users=users)
    lab.converge()
    assert lab.public_key in lab.run(f"cat {keys}")


def test_a_grown_volume_grows_its_file_system(lab: Lab) -> None:
    lab.volumes.grow(lab.volume_id, 6)
    assert lab.converge()["changed"] == 1
    assert int(lab.run("df --output=size -BM /data | tail -1").rstrip("M")) > 5900
    assert lab.converge()["changed"] == 0


def test_no_service_writes_below_the_mount_point(lab: Lab) -> None:
    with at_hub(lab, PASSWORD):
        # A person's server is in the way, and ends first.
        lab.run("systemctl stop workbench-data && ! mountpoint -q /data")
    assert lab.run("ls -A /data") == ""
    units = "jupyterhub rstudio-server caddy"
    assert lab.run(f"systemctl is-active {units}; true").split() == ["inactive"] * 3
    assert lab.run("ls /home") == "admin"
    assert lab.converge()["changed"] > 0
    assert lab.converge()["changed"] == 0
    assert sign_in(lab, "test-user", PASSWORD) == 302


LOOK = """
import os, subprocess, time
looked = gone = 0
end = time.monotonic() + 60
starting = subprocess.Popen(["systemctl", "start", "workbench-data"])
while starting.poll() is None and time.monotonic() < end:
    looked += 1
    gone += not os.path.exists("/home/admin/.ssh/authorized_keys")
print(starting.poll(), looked > 0, gone)
"""


def test_the_administrators_keys_are_there_while_the_homes_are_mounted(lab: Lab) -> None:
    lab.run("systemctl stop workbench-data && ! mountpoint -q /data")
    assert lab.run("test -e /home/admin/.ssh/authorized_keys && python3 -", stdin=LOOK) == (
        "0 True 0"
    )
    assert lab.run("findmnt -n -o TARGET /home/admin") == "/home/admin"
    lab.converge()
    assert sign_in(lab, "test-user", PASSWORD) == 302


def test_someone_elses_volume_is_not_formatted(lab: Lab) -> None:
    lab.run("systemctl stop workbench-data && ! mountpoint -q /data")
    device = lab.run("readlink -f /dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol*")
    # A file system that lost its superblock looks blank to blkid.
    lab.run(f"dd if={device} of=/root/head bs=1M count=1 status=none")
    lab.run(f"dd if=/dev/zero of={device} bs=64K count=1 status=none conv=notrunc")
    try:
        assert lab.converge(ok=False)["failed_step"] == "Data volume"
        assert "only a blank volume is formatted" in lab.failure()
    finally:
        lab.run(f"dd if=/root/head of={device} bs=1M count=1 status=none conv=notrunc")
    assert lab.converge()["result"] == "ok"
    assert sign_in(lab, "test-user", PASSWORD) == 302


def test_a_workbench_without_a_domain_answers_at_its_address(lab: Lab) -> None:
    lab.publish(domain=None, names=[])
    assert lab.converge()["result"] == "ok"
    shown = lab.run(
        "echo | openssl s_client -connect 127.0.0.1:443 -noservername 2>/dev/null"
        " | openssl x509 -noout -ext subjectAltName -issuer"
    )
    assert "Caddy Local Authority" in shown
    assert "Penguin lab" in lab.run(f"curl -sk https://{lab.address}/")
    # No authority reaches that address: each converge asks again for a certificate, and no more.
    assert lab.converge()["changed"] <= 1
    lab.publish(domain=DOMAIN, names=[DOMAIN])
    lab.converge()
    assert sign_in(lab, "test-user", PASSWORD) == 302

"""Who was let go, or may not be root, has no way back that isn't told, with what ends it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from host_lab import Lab

RIGHTS = "cd /opt/workbench/recipe/current && python3 -m workbench.host.rights.rights"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJb8o0BbVVWjMtvW1ZPmcO9IBVcRJ6GX0Mi4k3m6nRm0"
FOREIGN = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKvZ0BbVVWjMtvW1ZPmcO9IBVcRJ6GX0Mi4k3m6nRm1 who"
EVE = {"name": "eve", "public_keys": [f"{KEY} eve@home"], "administrator": False}
# A chain of processes, each of which starts the next one and ends; bounded.
CHAIN = """
import os, sys
for link in range(40000):
    if os.fork():
        os._exit(0)
    os.setsid()
    open("/tmp/eve-chain", "w").write(str(link))
"""


@dataclass(frozen=True)
class Plant:
    """A way back: what makes it, what is told of it, and what takes it away where no fix can."""

    make: str
    told: str
    person: str = "eve"
    undo: str = "true"


PLANTS = {
    "sudo": Plant("echo 'eve ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/zz", "sudoers.d/zz lets"),
    "sudo by uid and alias": Plant(
        'echo "User_Alias PENGUINS = #$(id -u eve)\nPENGUINS ALL=(root) /bin/less"'
        " > /etc/sudoers.d/aa",
        "/etc/sudoers.d/aa lets eve use sudo",
    ),
    "sudo from a folder of your own": Plant(
        "mkdir /etc/more; echo '#includedir /etc/more' > /etc/sudoers.d/inc;"
        " echo 'eve ALL=(daemon) ALL' > /etc/more/own",
        "/etc/more/own lets eve use sudo",
        undo="rm -r /etc/more /etc/sudoers.d/inc",
    ),
    "group": Plant("groupadd docker; gpasswd --add eve docker", "group docker"),
    "root's number": Plant("useradd --non-unique --uid 0 toor", "toor is root", "toor"),
    "another's number": Plant(
        "useradd --non-unique --uid $(id -u ann) ann2", "ann2 is ann by its uid", "ann2"
    ),
    "system password": Plant("echo root:Penguins-on-ice-1 | chpasswd", "root has a", "root"),
    "account": Plant("useradd mallory", "mallory was created manually", "mallory"),
    "key of root's": Plant(
        f"install -d -m 700 /root/.ssh; echo '{KEY} x' >> /root/.ssh/authorized_keys2",
        "a key of eve's opens root",
    ),
    "key of the administrator's": Plant(
        f"echo '{KEY} x' >> /home/admin/.ssh/authorized_keys", "a key of eve's opens admin"
    ),
    "unknown key": Plant(
        f"echo '{FOREIGN}' >> /home/admin/.ssh/authorized_keys",
        "a key that the configuration doesn't have opens admin",
        "admin",
    ),
    "key of another's": Plant(
        f"runuser -u ann -- sh -c 'mkdir -p ~/.ssh; echo \"{KEY} x\" >> ~/.ssh/authorized_keys'",
        "a key of eve's opens ann",
    ),
    "match": Plant(
        "printf 'Match Address 192.0.2.1\n  AuthorizedKeysCommand /bin/echo\n"
        "  AuthorizedKeysCommandUser root\n' > /etc/ssh/sshd_config.d/99-own.conf",
        "99-own.conf has other rules for some",
        "everybody",
        "rm /etc/ssh/sshd_config.d/99-own.conf",
    ),
    "certificates": Plant(
        "echo 'TrustedUserCAKeys /etc/ssh/ca.pub' > /etc/ssh/sshd_config.d/98-own.conf",
        "trustedusercakeys is /etc/ssh/ca.pub",
        "everybody",
        "rm /etc/ssh/sshd_config.d/98-own.conf",
    ),
    "pam": Plant(
        "cp /etc/pam.d/su /root/su; sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/su",
        "/etc/pam.d/su lets people in without authentication",
        "everybody",
        "mv /root/su /etc/pam.d/su",
    ),
    "polkit": Plant(
        "mkdir -p /etc/polkit-1/rules.d; echo 'polkit.addRule(function(action, subject) {"
        ' if (subject.user == "eve") return polkit.Result.YES; });\''
        " > /etc/polkit-1/rules.d/50-own.rules",
        "50-own.rules lets eve do things as root",
    ),
    "set-id": Plant(
        "cp /bin/bash /usr/local/bin/shell; chmod 4755 /usr/local/bin/shell",
        "/usr/local/bin/shell runs as root for everyone",
        "everybody",
        "rm /usr/local/bin/shell",
    ),
    "set-id of a package's": Plant(
        "cp -a /usr/bin/chfn /root/; cat /bin/bash > /usr/bin/chfn; chmod 4755 /usr/bin/chfn",
        "/usr/bin/chfn runs as root for everyone, and is not as passwd has it",
        "everybody",
        "mv /root/chfn /usr/bin/chfn",
    ),
    "set-id of your own": Plant(
        "cp /bin/bash /usr/local/bin/eves; chown eve /usr/local/bin/eves;"
        " chmod 4755 /usr/local/bin/eves",
        "/usr/local/bin/eves runs as eve",
        undo="rm /usr/local/bin/eves",
    ),
    "capabilities": Plant(
        "cp /bin/bash /opt/tool; setcap cap_setuid+ep /opt/tool",
        "/opt/tool has capabilities of root",
        "everybody",
        "rm /opt/tool",
    ),
    "shared script by cron": Plant(
        "mkdir -p /data/reports; echo id > /data/reports/one; chown eve /data/reports/one;"
        " echo '@daily root sh /data/reports/one' > /etc/cron.d/report",
        "/etc/cron.d/report runs /data/reports/one as root",
        undo="rm /etc/cron.d/report",
    ),
    "shared script of another's": Plant(
        "echo '@daily /data/reports/one' | crontab -u ann -",
        "crontabs/ann runs /data/reports/one as ann",
        undo="crontab -r -u ann",
    ),
    "shared script by a unit": Plant(
        "printf '[Service]\nExecStart=/bin/sh /data/reports/one\n'"
        " > /etc/systemd/system/nightly.service",
        "nightly.service runs /data/reports/one as root",
        undo="rm /etc/systemd/system/nightly.service",
    ),
    "unit": Plant(
        "printf '[Service]\nUser=eve\nExecStart=/bin/sleep 99\n' > /etc/systemd/system/own.service",
        "own.service runs as eve",
        undo="rm /etc/systemd/system/own.service",
    ),
    "file of the system's": Plant(
        "touch /usr/local/bin/own; chown eve /usr/local/bin/own", "eve can write /usr/local/bin/own"
    ),
    "access control list": Plant(
        "setfacl -m u:eve:rw /etc/environment", "eve can write /etc/environment"
    ),
}


def ways(lab: Lab, *arguments: str) -> list[dict[str, Any]]:
    found = json.loads(lab.run(f"{RIGHTS} {' '.join(arguments)}"))
    assert found["failed"] == []
    return list(found["ways"])


@pytest.fixture(scope="module")
def with_eve(lab: Lab) -> Iterator[Lab]:
    lab.publish(**lab.first)
    lab.publish(users=[*lab.settings["users"], EVE])
    lab.converge()
    yield lab
    lab.publish(**lab.first)
    lab.converge()


@pytest.fixture(scope="module")
def told(with_eve: Lab) -> Iterator[list[dict[str, Any]]]:
    """Give what is told once all ways are there, as if eve were gone; then end them as it says."""
    lab = with_eve
    lab.run("command -v setfacl || apt-get -qq install acl")
    assert ways(lab) == []
    try:
        lab.run("\n".join(["set -e", *(plant.make for plant in PLANTS.values())]))
        yield ways(lab, "eve=gone")
    finally:
        lab.run("\n".join(plant.undo for plant in PLANTS.values()) + "\ntrue")
        for way in ways(lab, "eve=gone"):
            # What ended one way may have ended another.
            fix = " && ".join(f"sudo {part}" for part in way["fix"].split(" && "))
            lab.run(f"{fix} || true")
        left = ways(lab, "eve=gone")
        lab.run("rm -rf /data/reports; systemctl daemon-reload; groupdel docker")
        assert [way["what"] for way in left] == []


@pytest.mark.parametrize("name", PLANTS)
def test_every_way_back_is_told(told: list[dict[str, Any]], name: str) -> None:
    plant = PLANTS[name]
    found = [way for way in told if plant.told in way["what"]]
    assert found, "\n".join(way["what"] for way in told)
    assert {way["person"] for way in found} == {plant.person}
    assert all(way["fix"] for way in found)


def test_a_chain_of_processes_ends_with_the_account(with_eve: Lab) -> None:
    lab = with_eve
    lab.run("cat > /usr/local/share/chain.py", stdin=CHAIN)
    begin = "systemd-run --quiet --uid eve --property Type=forking"
    slices = ("--slice user-$(id -u eve).slice", "")
    command = "/usr/bin/python3 /usr/local/share/chain.py"
    # Root's, too: what an administrator left behind with sudo.
    lab.run("\n".join(f"{begin} {where} {command}" for where in slices))
    lab.run(f"systemd-run --quiet {slices[0]} sleep 1000")
    lab.publish(**lab.first)
    lab.converge()
    assert "processes" not in {way["kind"] for way in ways(lab)}
    counted = lab.run("cat /tmp/eve-chain; pgrep -u eve -c; true")
    assert lab.run("cat /tmp/eve-chain; pgrep -u eve -c; true") == counted
    assert lab.run("pgrep -f '^sleep 1000' || true") == ""
    # Who comes back can run things again.
    lab.publish(users=[*lab.settings["users"], EVE])
    lab.converge()
    assert lab.run("ls /run/systemd/system.control") == ""
    lab.run("rm -f /tmp/eve-chain /usr/local/share/chain.py")

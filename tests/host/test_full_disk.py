"""One person takes all room and all files of the data volume: what everyone else can still do."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from clients import Hub
from host_lab import DOMAIN
from host_lab import Lab
from host_lab import at_hub
from host_lab import sign_in

PASSWORD = "Penguins-on-ice-42"
# As ann: whatever has no room ends the loop, and the rest is taken byte by byte.
FILL = """
cd ~ && mkdir -p fill && cd fill
for size in 1G 100M 10M 1M 64k 4k; do
    number=0
    while fallocate -l $size $size-$number 2>/dev/null; do number=$((number + 1)); done
    rm -f $size-$number
done
number=0
while echo x 2>/dev/null >small-$number; do number=$((number + 1)); done
"""


def as_person(name: str, script: str) -> str:
    return f"runuser -u {name} -- bash -c '{script}'"


@pytest.fixture
def full(lab: Lab) -> Iterator[Lab]:
    """The lab's server, with a data volume that ann has filled."""
    lab.settings["users"] = list(lab.first["users"])
    lab.publish()
    lab.converge()
    for name in ("test-user", "ann"):
        lab.run(f"workbench-passwd {name}", stdin=PASSWORD + "\n")
    lab.run(as_person("ann", FILL))
    yield lab
    lab.run("rm -rf /home/ann/fill")
    lab.run("userdel -r -f newcomer 2>/dev/null; rm -rf /data/home/newcomer; true")
    lab.publish(users=lab.first["users"])
    lab.converge()


def answers(lab: Lab) -> bool:
    with lab.site().client() as http:
        return http.get(f"https://{DOMAIN}/jupyter/hub/login").status_code == 200


@contextlib.contextmanager
def signed_in(lab: Lab, name: str, password: str) -> Iterator[Hub]:
    hub = Hub(lab.site(), name)
    with hub.http:
        assert hub.sign_in(password).status_code == 302
        yield hub


def saved_hash(lab: Lab, name: str) -> str:
    people: list[dict[str, Any]] = json.loads(
        lab.run("cat /data/workbench/accounts/accounts.json")
    )["people"]
    return str(next(each["password"] for each in people if each["name"] == name))


def real_hash(lab: Lab, name: str) -> str:
    return lab.run(f"getent shadow {name} | cut -d: -f2")


def test_a_full_volume_keeps_nobody_from_what_the_workbench_does(full: Lab) -> None:
    lab = full
    refused = "No space left on device"
    assert refused in lab.run("dd if=/dev/zero of=/data/proof bs=4k count=1 2>&1", code=1)

    assert sign_in(lab, "ann", PASSWORD) == sign_in(lab, "test-user", PASSWORD) == 302
    lab.run("systemctl restart jupyterhub")
    lab.wait_for(lambda: answers(lab))
    assert sign_in(lab, "test-user", PASSWORD) == 302

    lab.run("workbench-passwd ann", stdin="Another-on-ice-43\n")
    assert sign_in(lab, "ann", "Another-on-ice-43") == 302
    assert saved_hash(lab, "ann") == real_hash(lab, "ann")
    with signed_in(lab, "ann", "Another-on-ice-43") as ann:
        assert "is changed" in ann.change_password("Another-on-ice-43", "Krill-on-floes-44").text
    assert sign_in(lab, "ann", "Krill-on-floes-44") == 302
    assert saved_hash(lab, "ann") == real_hash(lab, "ann")

    newcomer = {"name": "newcomer", "public_keys": [lab.public_key], "administrator": False}
    lab.publish(users=[*lab.first["users"], newcomer])
    lab.converge()
    assert lab.public_key in lab.run("cat /home/newcomer/.ssh/authorized_keys")
    lab.run("workbench-passwd newcomer", stdin=PASSWORD + "\n")
    assert sign_in(lab, "newcomer", PASSWORD) == 302

    lab.run(as_person("test-user", "sudo -kS rm -rf /home/ann/fill"), stdin=PASSWORD + "\n")
    with at_hub(lab, PASSWORD) as hub:
        assert (
            hub.run("python3", "open('saved', 'w').write('x' * 10**6); print('done')").strip()
            == "done"
        )


def test_the_products_own_room_is_really_there_on_a_full_volume(full: Lab) -> None:
    written = full.run(
        "dd if=/dev/urandom of=/data/workbench/proof bs=1M count=150 conv=fsync 2>&1;"
        " rm /data/workbench/proof"
    )
    assert "150+0 records out" in written
    blocks, block, size = map(int, full.run("stat -c '%b %B %s' /data/workbench.img").split())
    assert blocks * block >= size


def test_a_password_that_the_volume_does_not_take_is_not_set(lab: Lab) -> None:
    lab.run("workbench-passwd ann", stdin=PASSWORD + "\n")
    before = real_hash(lab, "ann")
    with contextlib.ExitStack() as after:
        ann = after.enter_context(signed_in(lab, "ann", PASSWORD))
        lab.run("dd if=/dev/zero of=/data/workbench/all bs=64k 2>/dev/null || true")
        after.callback(lab.run, "rm /data/workbench/all")
        # The page says so, or asks to sign in: the hub's database has no room there, either.
        # A password that isn't like the one before, which would be the reason told first.
        page = ann.change_password(PASSWORD, "Krill-under-floes-43")
        assert "is full: the password is not" in page.text or page.status_code == 403
        said = lab.run("workbench-passwd ann 2>&1", stdin="Another-on-ice-43\n", code=1)
        assert said.startswith("the disk of /data/workbench/accounts is full: the password is not")
        assert len(said.splitlines()) == 1
        assert before == real_hash(lab, "ann") == saved_hash(lab, "ann")
    lab.run("workbench-passwd ann", stdin="Another-on-ice-43\n")
    assert before != real_hash(lab, "ann") == saved_hash(lab, "ann")


# As a server has it that was made before the file system of its own: a folder on the volume.
AS_BEFORE = """
systemctl stop jupyterhub caddy workbench-accounts.path
mount --bind --make-private /data /mnt && cp -a /data/workbench/. /mnt/workbench/ && umount /mnt
umount /data/workbench && rm /data/workbench.img
systemctl start jupyterhub caddy workbench-accounts.path
"""


def test_a_server_from_before_moves_its_state_when_the_volume_has_room(lab: Lab) -> None:
    lab.converge()
    lab.run("workbench-passwd ann", stdin=PASSWORD + "\n")
    files = "cd /data/workbench && find . -type f ! -name '*.sqlite*' | sort | xargs sha256sum"
    before = lab.run(files)
    lab.run(AS_BEFORE)
    free = "$(($(stat -f -c '%a * %S' /data) - 100 * 2**20))"
    lab.run(f"fallocate -l {free} /data/home/filler")
    try:
        lab.converge()
        lab.run("mountpoint -q /data/workbench", code=32)
    finally:
        lab.run("rm /data/home/filler")
    lab.converge()
    lab.run("mountpoint -q /data/workbench")
    assert lab.run(files) == before
    below = "mount --bind --make-private /data /mnt && ls -A /mnt/workbench; umount /mnt"
    assert lab.run(below) == ""
    lab.wait_for(lambda: answers(lab))
    assert sign_in(lab, "ann", PASSWORD) == 302
    assert lab.converge()["changed"] == 0


def test_the_volume_comes_off_with_what_is_mounted_on_it_and_on_again(lab: Lab) -> None:
    lab.run("systemctl stop workbench-data")
    lab.run("mountpoint -q /data", code=32)
    lab.converge()
    lab.run("mountpoint -q /data/workbench")
    lab.wait_for(lambda: answers(lab))


def test_a_damaged_file_system_of_the_products_own_is_named_and_repaired(lab: Lab) -> None:
    # Not by its label: this computer's kernel shows the other machines' volumes, too.
    device = lab.run("findmnt -no SOURCE /data")
    lab.run(f"systemctl stop workbench-data && mount {device} /data")
    lab.run("dd if=/dev/zero of=/data/workbench.img bs=4k count=1 conv=notrunc && umount /data")
    try:
        lab.run("systemctl start workbench-data", code=1)
        said = lab.run("journalctl -u workbench-data -n 5 -o cat --no-pager")
        assert "repair it with sudo xfs_repair /data/workbench.img" in said
        assert "Traceback" not in said
    finally:
        lab.run("xfs_repair /data/workbench.img && systemctl start workbench-data")
    lab.converge()
    lab.wait_for(lambda: answers(lab))
    assert lab.run("ls /data/workbench/accounts/accounts.json")

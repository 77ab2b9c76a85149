"""Whoever takes more than their share loses their own largest program, and nobody else anything."""

import json
import shlex
import subprocess
from collections.abc import Iterator

import pytest
from clients import Hub
from host_lab import Lab
from host_lab import at_hub

PASSWORD = "Penguins-on-ice-42"
ATTACKER = "mallory"
NOTE = f"/home/{ATTACKER}/ENDED-FOR-MEMORY.txt"
# Takes MiB in pieces, and says where it runs.
HOG = """
import sys, time
print(open("/proc/self/cgroup").read(), flush=True)
taken = [b"x" * (16 << 20) for _ in range(int(sys.argv[1]) // 16)]
time.sleep(float(sys.argv[2]))
"""
# Small ones, none of them the largest on the server.
MANY = "for i in $(seq 45); do python3 /var/tmp/hog.py 64 6 & done; wait"
FORKS = """
import os, time
made = []
try:
    while len(made) < 5000:
        pid = os.fork()
        if not pid:
            time.sleep(60)
            os._exit(0)
        made.append(pid)
except BlockingIOError:
    print(len(made), flush=True)
for pid in made:
    os.kill(pid, 9)
"""
USE = "PYTHONPATH=/opt/workbench/recipe/current python3 -m workbench.host.shares.share_use"


def ssh(lab: Lab, user: str, command: str, limit: float = 60) -> subprocess.Popen[str]:
    options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
    return subprocess.Popen(
        [
            *("timeout", str(limit), "ssh", "-i", str(lab.folder / "key")),
            *(word for option in options for word in ("-o", option)),
            f"{user}@{lab.address}",
            command,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def others(lab: Lab) -> str:
    """Return what belongs to others: it is the same as long as nothing was ended or restarted."""
    units = "jupyterhub caddy ssh rstudio-server jupyter-test-user-singleuser"
    return lab.run(
        f"systemctl show -P MainPID {units}; pgrep -u test-user -f ^python3./var/tmp/hog.py"
    )


@pytest.fixture(scope="module")
def attacker(lab: Lab) -> Iterator[str]:
    """Give the name of an ordinary person."""
    home = f"/home/{ATTACKER}"
    lab.run(f"useradd -m -s /bin/bash -G workbench {ATTACKER}; install -d {home}/.ssh")
    lab.run(f"cat > {home}/.ssh/authorized_keys", stdin=lab.public_key + "\n")
    lab.run(f"chown -R {ATTACKER} {home}/.ssh")
    lab.run("cat > /var/tmp/hog.py", stdin=HOG)
    for user in (ATTACKER, "test-user"):
        lab.run("chpasswd", stdin=f"{user}:{PASSWORD}\n")
    yield ATTACKER
    lab.run(
        f"systemctl stop jupyter-{ATTACKER}-singleuser; loginctl terminate-user {ATTACKER};"
        f" pkill -KILL -u {ATTACKER}; userdel -r {ATTACKER}; rm /var/tmp/hog.py; true"
    )


@pytest.fixture(scope="module")
def victim(lab: Lab, attacker: str) -> Iterator[str]:
    """Give what another person runs: a Jupyter server, and the largest program of all."""
    with (
        at_hub(lab, PASSWORD),
        ssh(lab, "test-user", "python3 /var/tmp/hog.py 1200 500", 400) as it,
    ):
        lab.wait_for(lambda: lab.run("pgrep -u test-user -f ^python3./var/tmp/hog.py || true"))
        yield others(lab)
        lab.run("pkill -u test-user -f hog.py")
        it.wait()


def by_ssh(lab: Lab, command: str) -> None:
    with ssh(lab, ATTACKER, command) as attack:
        attack.wait()


def by_cron(lab: Lab, command: str) -> None:
    cgroup = f"/home/{ATTACKER}/cgroup"
    table = f"* * * * * cat /proc/self/cgroup > {cgroup}; {command}\n"
    lab.run(f"crontab -u {ATTACKER} -", stdin=table)
    try:
        lab.wait_for(lambda: lab.run(f"cat {cgroup} {NOTE} 2>/dev/null || true").count("ended"))
        assert f"user-{lab.run(f'id -u {ATTACKER}')}.slice" in lab.run(f"cat {cgroup}")
    finally:
        lab.run(f"crontab -u {ATTACKER} -r; pkill -u {ATTACKER} -f hog.py || true")


def by_jupyter(lab: Lab, command: str) -> None:
    with at_hub(lab, PASSWORD, ATTACKER) as hub:
        code = f"import subprocess; print(subprocess.getoutput({command!r})[-100:])"
        assert isinstance(hub, Hub)
        hub.run("python3", code)


@pytest.mark.parametrize(
    ("way", "command"),
    [
        (by_ssh, "python3 /var/tmp/hog.py 4000 6"),
        (by_ssh, f"bash -c {shlex.quote(MANY)}"),
        (by_cron, "python3 /var/tmp/hog.py 4000 6"),
        (by_jupyter, "python3 /var/tmp/hog.py 4000 6"),
    ],
    ids=["ssh", "many by ssh", "cron", "jupyter"],
)
def test_who_takes_all_memory_loses_their_own_programs(
    lab: Lab, attacker: str, victim: str, way: object, command: str
) -> None:
    # A note for each person is written at most every ten seconds.
    lab.run(f"rm -f {NOTE} /var/lib/workbench/kills.jsonl; systemctl restart workbench-guard")
    assert callable(way)
    way(lab, command)

    lab.wait_for(lambda: lab.run(f"cat {NOTE} || true"), 30)
    assert "was ended." in lab.run(f"cat {NOTE}")
    assert lab.run(f"stat -c %U {NOTE}") == attacker
    ended = json.loads(lab.run(USE))["ended"]
    assert {kill["user"] for kill in ended} == {attacker}
    assert others(lab) == victim
    with ssh(lab, "test-user", "echo in", 10) as session:
        assert session.communicate()[0].strip() == "in"


def test_a_fork_bomb_ends_at_the_persons_own_limit(lab: Lab, attacker: str, victim: str) -> None:
    with ssh(lab, attacker, f"python3 -c {shlex.quote(FORKS)}") as attack:
        made = int(attack.communicate()[0].strip())
    assert 1000 < made < 2048
    assert others(lab) == victim


def test_what_runs_outside_of_its_persons_slice_is_put_in(lab: Lab, attacker: str) -> None:
    # As RStudio Server starts a session.
    script = (
        "for procs in /sys/fs/cgroup{,/*}/user.slice/rstudio-server.service/cgroup.procs; do"
        " [ ! -e $procs ] || echo $$ > $procs; done;"
        f" exec runuser -u {attacker} -- sleep 300"
    )
    lab.run(f"(bash -c {shlex.quote(script)} </dev/null >/dev/null 2>&1 &)")
    slice_ = f"/user-{lab.run(f'id -u {attacker}')}.slice/workbench-"
    try:
        lab.wait_for(
            lambda: slice_ in lab.run(f"cat /proc/$(pgrep -u {attacker} -x sleep)/cgroup || true"),
            20,
        )
    finally:
        lab.run(f"pkill -u {attacker} -x sleep")
    assert lab.run("systemctl is-active rstudio-server") == "active"


def test_memory_that_outlives_programs_is_bounded(lab: Lab, attacker: str) -> None:
    fill = "dd if=/dev/zero of=/dev/shm/mallory bs=1M count=2000; rm /dev/shm/mallory"
    said = lab.run(f"runuser -u {attacker} -- sh -c {shlex.quote(fill)} 2>&1")
    assert "No space left" in said


def test_the_kernel_holds_to_every_limit(lab: Lab) -> None:
    assert json.loads(lab.run(USE))["missing"] == []

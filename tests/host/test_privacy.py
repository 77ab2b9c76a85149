"""What one person finds of another who works in every way there is: that they are here."""

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clients import Hub
from host_lab import Lab
from host_lab import at_hub

PASSWORD = "Penguins-on-ice-42"
VICTIM = "test-user"
UNIT = f"jupyter-{VICTIM}-singleuser.service"

# What everyone may connect to, and why that is no way to another person. A Unix socket by its
# path (what comes last may be anything: "*"), a port by whose process has it: user and unit.
SOCKETS = {
    "/run/dbus/system_bus_socket": "the bus, which has rules for each call",
    "/run/systemd/notify": "what a service says of itself: systemd looks who asks",
    "/run/systemd/journal/dev-log": "to write to the journal",
    "/run/systemd/journal/socket": "to write to the journal",
    "/run/systemd/journal/stdout": "to write to the journal",
    "/run/systemd/journal/syslog": "to write to the journal",
    "/run/systemd/private": "systemd's own, for root: it looks who asks",
    "/run/systemd/io.system.ManagedOOM": "systemd looks who asks",
    "/run/systemd/userdb/*": "names of accounts, as in /etc/passwd",
    "/run/udev/control": "udev looks who asks",
    "/run/jupyterhub/hub.sock": "people's servers call the hub: it asks for a token",
}
PORTS = {
    ("root", "ssh.service"): "OpenSSH",
    ("caddy", "caddy.service"): "pages for everyone",
    (VICTIM, UNIT): "a kernel's, for the output of its own forks, with a key",
}
# Everyone may put something here, and nobody takes away or reads what another put.
SHARED = {
    *("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock"),
    *(f"/tmp/.{name}-unix" for name in ("ICE", "X11", "XIM", "font")),
}
# Everyone's on purpose, with all that is in it.
TEAM = "/data/shared"
DEVICES = {
    *(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty", "ptmx")),
    *("/dev/pts/ptmx", "/dev/fuse"),
}


@pytest.fixture(scope="module")
def mark() -> str:
    return f"mark-{secrets.token_hex(6)}"


@pytest.fixture(scope="module")
def stranger(lab: Lab) -> Iterator[str]:
    """Give a person who may sign in, and nothing else."""
    lab.run("useradd --create-home --shell /bin/bash --groups workbench stranger")
    yield "stranger"
    lab.run("pkill -KILL -u stranger; userdel --remove stranger 2>/dev/null || true")


@pytest.fixture(scope="module")
def working(lab: Lab, mark: str) -> Iterator[float]:
    """Have a person work in every way there is; return when they began, by the server's clock."""
    lab.run(f"workbench-passwd {VICTIM}", stdin=PASSWORD + "\n")
    lab.run("apt-get install -qq -y --no-install-recommends at tmux >/dev/null 2>&1")
    began = float(lab.run("date +%s.%N"))
    with at_hub(lab, PASSWORD, VICTIM) as hub, OverSsh(lab, mark):
        at_jupyter(hub, mark)
        yield began
        lab.run(f"rm -f /var/mail/{VICTIM}; runuser -u {VICTIM} -- crontab -r")
        lab.run(f"atq | cut -f 1 | xargs -r atrm; systemctl stop {UNIT}")
    lab.run(f"loginctl terminate-user {VICTIM}; rm -rf /home/{VICTIM}/{mark}* /dev/shm/{mark}*")
    lab.run(f"rm -rf /tmp/{mark}* /var/tmp/{mark}* /tmp/people/{VICTIM}/*")


def at_jupyter(hub: Hub, mark: str) -> None:
    """Upload a file, open a terminal, and write from a kernel where people write."""
    code = f"""
import subprocess, sys, tempfile
for folder in ("/tmp", "/var/tmp", "/dev/shm", tempfile.gettempdir(), "."):
    print("{mark}", file=open(folder + "/{mark}-kernel", "w"))
# In a session of its own, it outlives its kernel.
long = [sys.executable, "-c", "import time; time.sleep(600)", "{mark}"]
subprocess.Popen(long, start_new_session=True)
"""
    hub.run("python3", code)
    headers = {"X-XSRFToken": hub.xsrf(), "Referer": f"{hub.base}/user/{VICTIM}/lab"}
    api = f"{hub.base}/user/{VICTIM}/api"
    content = {"type": "file", "format": "text", "content": mark}
    upload = hub.http.put(f"{api}/contents/{mark}-upload", json=content, headers=headers)
    assert upload.status_code == 201, upload.text
    assert hub.http.post(f"{api}/terminals", headers=headers).status_code == 200
    # Stays, so that its ports and sockets can be looked at.
    assert hub.http.post(f"{api}/kernels", json={"name": "python3"}, headers=headers).is_success


class OverSsh:
    """A session that stays, with all that is begun there: jobs, tmux, units, mail, a crash."""

    SCRIPT = """
set -e
for folder in /tmp /var/tmp /dev/shm "$TMPDIR" ~; do echo MARK > $folder/MARK-ssh; done
echo '0 0 1 1 * : MARK' | crontab -
echo ': MARK' | at -q b now + 1 day 2>/dev/null
logger MARK
tmux new-session -d "sleep 600; : MARK"
systemd-run --user --quiet sh -c 'sleep 600; : MARK'
mkdir /tmp/MARK-crash; cd /tmp/MARK-crash; ulimit -c unlimited
bash -c 'kill -SEGV $$ # MARK' || true
echo ready
sh -c 'sleep 600; : MARK'
"""

    def __init__(self, lab: Lab, mark: str) -> None:
        options = ("UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no", "BatchMode=yes")
        command = ["ssh", "-i", str(lab.folder / "key"), "-F", "none"]
        command += [word for option in options for word in ("-o", option)]
        self._session = subprocess.Popen(
            [*command, f"{VICTIM}@{lab.address}", self.SCRIPT.replace("MARK", mark)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # As a mail server of the distribution's leaves it.
        mail = f"/var/mail/{VICTIM}"
        lab.run(f"install -m 660 -o {VICTIM} -g mail /dev/null {mail}; echo {mark} > {mail}")

    def __enter__(self) -> None:
        assert self._session.stdout
        assert self._session.stderr
        line = self._session.stdout.readline()
        assert line == "ready\n", line + self._session.stderr.read()

    def __exit__(self, *_: object) -> None:
        self._session.kill()
        self._session.communicate()


@pytest.fixture(scope="module")
def found(lab: Lab, stranger: str, working: float, mark: str) -> dict[str, list[str]]:
    """Return what a stranger finds on the whole server."""
    script = Path(__file__).with_name("walk.py").read_text()
    walk = f"cd /; runuser -u {stranger} -- timeout 180 python3 - {VICTIM} {mark} {working}"
    result: dict[str, list[str]] = json.loads(lab.run(walk, stdin=script))
    return result


def test_nobody_reads_what_another_made(found: dict[str, list[str]], mark: str) -> None:
    assert found["marked"] == []
    # Folders whose names are seen, and nothing in them; terminals and the like are others'.
    assert found["theirs"] == []


def test_the_walk_would_have_found_it(
    lab: Lab, working: float, mark: str, found: dict[str, list[str]]
) -> None:
    script = Path(__file__).with_name("walk.py").read_text()
    walk = f"cd /; runuser -u {VICTIM} -- timeout 180 python3 - {VICTIM} {mark} {working}"
    own: dict[str, Any] = json.loads(lab.run(walk, stdin=script))
    names = {Path(path).name for path in own["marked"]}
    assert {f"{mark}-ssh", f"{mark}-kernel", f"{mark}-upload", VICTIM} <= names
    assert len([path for path in own["marked"] if path.endswith("-ssh")]) == 5


def test_nobody_sees_what_another_runs(lab: Lab, found: dict[str, list[str]], mark: str) -> None:
    shown = lab.run(f"pgrep -af {mark}")
    for program in ("python", "tmux", "sleep"):
        assert program in shown
    assert found["processes"] == []


def test_nobody_mounts_another_view_of_the_processes(lab: Lab, stranger: str) -> None:
    mount = "unshare --user --map-root-user --mount mount -t proc proc /mnt"
    lab.run(f"runuser -u {stranger} -- {mount} 2>/dev/null; [ $? != 0 ]")


def test_nobody_changes_what_is_not_theirs(found: dict[str, list[str]]) -> None:
    sticky = {f"{path} (sticky)" for path in SHARED}
    assert set(found["writable"]) - sticky - DEVICES == {TEAM}


def test_what_runs_with_more_rights_is_a_packages(lab: Lab, found: dict[str, list[str]]) -> None:
    assert found["elevated"]
    # Found by dpkg under the name before /bin was a link to /usr/bin.
    for path in found["elevated"]:
        lab.run(f"dpkg -S {path} >/dev/null 2>&1 || dpkg -S {path.removeprefix('/usr')} >/dev/null")
    # Distributions of before 2024 let these write to everyone's terminal.
    assert not {"/usr/bin/wall", "/usr/bin/write.ul"} & set(found["elevated"])


def test_nobody_reaches_another_by_a_socket(found: dict[str, list[str]]) -> None:
    known = tuple(path for path in SOCKETS if not path.endswith("*"))
    groups = tuple(path[:-1] for path in SOCKETS if path.endswith("*"))
    assert [
        each for each in found["sockets"] if each not in known and not each.startswith(groups)
    ] == []


def test_ports_are_those_that_ask_who_comes(lab: Lab, found: dict[str, list[str]]) -> None:
    owners = {port: owner(lab, *port.split()) for port in found["ports"]}
    assert ("caddy", "caddy.service") in owners.values()
    assert {port: who for port, who in owners.items() if who and who not in PORTS} == {}


def owner(lab: Lab, protocol: str, port: str) -> tuple[str, ...]:
    """Return whose process has a port: the user, and the unit; nothing where it is closed again."""
    listening = f"ss -Hln{protocol[0]}p sport = :{port}"
    pid = lab.run(f"{listening} | grep -o 'pid=[0-9]*' | head -n 1 | cut -c 5-")
    return tuple(lab.run(f"ps -o user:32=,unit:100= -p {pid}").split()) if pid else ()


def test_an_administrator_installs_for_everyone(lab: Lab, working: float) -> None:
    script = "sudo -S -p '' sh -c umask"
    said = lab.run(f'runuser -l {VICTIM} -c "{script}"', stdin=PASSWORD + "\n")
    assert said == "0022"
    lab.run("visudo --check --quiet")

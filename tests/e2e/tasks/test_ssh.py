"""SSH as people use it: OpenSSH's own ssh, sftp and ssh-agent, by an alias and by tasks."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from bench import BIN
from bench import ROOT
from bench import Bench
from bench import eventually

THEIRS = b"Host *\r\n    User nobody\r\n    IdentityFile ~/.ssh/none\r\n# no end"

FABFILE = """
from fabric import task
from workbench.remote.pinned import pinned_connection

@task
def whoami(context):
    with pinned_connection() as server:
        print(type(server.client._policy).__name__, server.run("id -un", hide=True).stdout, end="")
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a person's own ~/.ssh with a configuration in it."""
    folder = tmp_path / "home" / ".ssh"
    folder.mkdir(parents=True, mode=0o700)
    (folder / "config").write_bytes(THEIRS)
    monkeypatch.setenv("WORKBENCH_SSH_DIR", str(folder))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return folder


@pytest.fixture
def full_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give an agent that holds more keys than sshd lets anyone try, none of them right."""
    socket = tmp_path / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL) as it:
        assert eventually(socket.exists)
        for number in range(7):
            make_key(tmp_path / f"other{number}")
        others = [str(tmp_path / f"other{number}") for number in range(7)]
        subprocess.run(["ssh-add", "-q", *others], check=True)
        yield
        it.terminate()


def make_key(path: Path) -> Path:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{path.name}@home"]
    subprocess.run([*command, "-f", str(path)], check=True)
    return path


def ssh(folder: Path, *words: str, program: str = "ssh", stdin: str = "") -> tuple[int, str]:
    """Run OpenSSH with the person's configuration; return how it ended and all it said."""
    command = [program, "-F", str(folder / "config"), "-o", "BatchMode=yes", *words]
    done = subprocess.run(command, capture_output=True, text=True, input=stdin, timeout=60)
    return done.returncode, done.stdout + done.stderr


def test_an_alias_works_for_ssh_and_sftp_and_goes_without_a_trace(
    bench: Bench, folder: Path, full_agent: None
) -> None:
    shown = bench.run("ssh.config", "--dry-run").stdout
    assert (folder / "config").read_bytes() == THEIRS
    assert sorted(folder.iterdir()) == [folder / "config"]
    bench.run("ssh.config")
    assert (folder / "workbench.d" / "workbench.conf").read_text() in shown
    assert ssh(folder, "workbench", "id -un") == (0, f"{bench.outputs()['administrator']}\n")

    told = dict(line.split(" ", 1) for line in ssh(folder, "-G", "workbench")[1].splitlines())
    site, instance = bench.site(), bench.outputs()["instance_id"]
    assert (told["hostname"], told["port"]) == (site.ip, str(site.ports["22"]))
    assert (told["hostkeyalias"], told["stricthostkeychecking"]) == (instance, "true")
    assert (told["identitiesonly"], told["serveraliveinterval"]) == ("yes", "30")
    # What the alias spares people: the agent's keys are tried first, and there are too many.
    plain = ["-o", "IdentitiesOnly=no", "-o", "IdentityFile=none", "workbench", "true"]
    assert "Too many authentication failures" in ssh(folder, *plain)[1]

    code, said = ssh(folder, "-b", "-", "workbench", program="sftp", stdin="pwd\n")
    assert (code, "Remote working directory: /" in said) == (0, True)

    bench.run("ssh.config", "--alias", "lab", "--user", "test-user")
    assert ssh(folder, "lab", "id -un") == (0, "test-user\n")
    before = (folder / "config").read_bytes()
    assert "has this already" in bench.run("ssh.config").stdout
    assert (folder / "config").read_bytes() == before

    # As after a change of address, and with a server that shows other keys than are pinned.
    alias = folder / "workbench.d" / "workbench.conf"
    right = alias.read_text()
    alias.write_text(right.replace(site.ip, "127.0.0.9"))
    known = bench.folder / "ssh" / "known_hosts"
    pinned = known.read_text()
    wrong = make_key(folder.parent / "wrong").with_suffix(".pub").read_text().split()[1]
    # Servers that this one took the place of have lines, too: those stay.
    others = "".join(line for line in pinned.splitlines(True) if not line.startswith(instance))
    known.write_text(f"{others}{instance} ssh-ed25519 {wrong}\n")
    assert "HOST IDENTIFICATION HAS CHANGED" in ssh(folder, "lab", "true")[1]
    bench.run("ssh.config")
    assert alias.read_text() == right
    assert sorted(known.read_text().splitlines()) == sorted(pinned.splitlines())
    assert ssh(folder, "workbench", "true") == (0, "")

    bench.run("ssh.config", "--remove", "--alias", "lab")
    assert ssh(folder, "workbench", "true") == (0, "")
    bench.run("ssh.config", "--remove")
    assert (folder / "config").read_bytes() == THEIRS
    assert sorted(folder.iterdir()) == [folder / "config"]


def test_connect_ends_as_the_command_ends_and_says_what_is_wrong(
    bench: Bench, folder: Path, full_agent: None
) -> None:
    done = bench.run("ssh.connect", "cat; exit 3", exit_code=3, stdin="penguins")
    assert done.stdout == "penguins"
    assert bench.run("ssh.connect", "exit 255", exit_code=255).stdout == ""
    said = bench.run("ssh.connect", "id", "--user", "nobody-such", exit_code=1).stderr
    assert "nobody-such is the wrong user" in said
    assert "workbench users.add nobody-such" in said

    key = bench.folder / "ssh" / "id_ed25519"
    key.chmod(0o644)
    try:
        said = bench.run("ssh.connect", "id", exit_code=1).stderr
    finally:
        key.chmod(0o600)
    assert f"chmod 600 {key}" in said

    known = bench.folder / "ssh" / "known_hosts"
    pinned = known.read_text()
    wrong = make_key(folder.parent / "wrong").with_suffix(".pub").read_text().split()[1]
    start = f"{bench.outputs()['instance_id']} ssh-ed25519 "
    known.write_text(f"{start}{wrong}\n")
    assert bench.run("ssh.connect", "id -u").stdout == "1000\n"
    (ours,) = [line for line in pinned.splitlines() if line.startswith(start)]
    assert ours in known.read_text().splitlines()
    assert wrong not in known.read_text()


def test_a_teams_own_fabfile_has_a_pinned_connection(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: research\nruntime: python\n")
    (tmp_path / "fabfile.py").write_text(FABFILE)
    assert bench.shell(f"cd {tmp_path}\nfab whoami").stdout == "RejectPolicy admin\n"


def test_a_tunnel_leads_to_a_service_until_ctrl_c(bench: Bench, folder: Path) -> None:
    command = [str(BIN / "workbench"), "ssh.tunnel", "jupyterhub", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=bench.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as tunnel:
        assert tunnel.stdout is not None
        try:
            url = tunnel.stdout.readline().split(" ")[0]
            with through(bench, url) as browser:
                answer = browser.get(url, follow_redirects=True)
        finally:
            tunnel.send_signal(signal.SIGINT)
        assert tunnel.stdout.read() == "\nThe tunnel is closed.\n"
        assert tunnel.wait(30) == 0
    assert answer.headers["x-jupyterhub-version"]
    with through(bench, url) as browser, pytest.raises(httpx.ConnectError):
        browser.get(url)
    said = bench.run("ssh.tunnel", "9", exit_code=1).stderr
    assert "Nothing listens on port 9" in said


def through(bench: Bench, url: str) -> httpx.Client:
    """Return a browser that has been told to look for the workbench's name on this computer."""
    port = urlsplit(url).port or 443
    return replace(bench.site(), ip="127.0.0.1", ports={"443": port}).client()


def allowed(bench: Bench) -> Any:
    return json.loads(bench.run("ssh.allow", "--list", "--json").stdout)


def test_port_22_opens_to_this_address_through_the_stack(bench: Bench, folder: Path) -> None:
    assert allowed(bench)["ssh_from"] == ["127.0.0.0/8"]
    try:
        bench.run("ssh.allow", "--address", "127.0.0.0/8", "--remove", "--yes")
        closed = bench.run("ssh.connect", "true", exit_code=1).stderr
        assert "is closed to every address" in closed
        assert f"workbench ssh.allow --stack {bench.stack}" in closed
        bench.run("ssh.allow", "--dry-run")
        assert allowed(bench)["allowed"] is False

        opened = bench.run("ssh.allow", "--yes").stdout
        assert "127.0.0.1/32 may use SSH, and it answers here" in opened
        assert bench.run("ssh.connect", "echo in").stdout == "in\n"
        bench.shell("pulumi preview --expect-no-changes")

        # As a removal leaves it that was interrupted behind the configuration.
        bench.shell("pulumi config rm --path 'workbench:sshFrom[0]'")
        said = bench.run("ssh.allow", "--address", "127.0.0.1", "--remove", "--yes").stdout
        assert "The configuration already says that" in said
        assert "is closed to every address" in bench.run("ssh.connect", "true", exit_code=1).stderr
        bench.shell("pulumi preview --expect-no-changes")
    finally:
        where = "--path 'workbench:sshFrom[0]' 127.0.0.0/8"
        bench.shell(f"pulumi config set {where} && pulumi up --yes --skip-preview")
    assert allowed(bench)["ssh_from"] == ["127.0.0.0/8"]


def test_a_key_is_replaced_and_the_new_one_opens_before_the_old_one_goes(
    bench: Bench, folder: Path
) -> None:
    second, own = make_key(folder / "second"), bench.folder / "ssh" / "id_ed25519"
    old = own.read_bytes()
    said = bench.run("ssh.keys.remove", str(own.with_suffix(".pub")), exit_code=1).stderr
    assert "only key" in said
    bench.run("ssh.config")
    bench.run("ssh.keys.add", "--public-key", f"{second}.pub", "--yes")
    by_second = ("-i", str(second), "-o", f"IdentityFile={second}", "workbench", "true")
    assert ssh(folder, *by_second) == (0, "")

    _cut_off(bench, "Sign in with the new key")
    assert own.read_bytes() == old
    bench.run("ssh.keys.rotate", "--yes")
    assert own.read_bytes() != old
    assert not list(own.parent.glob("*.next*"))
    assert ssh(folder, "workbench", "true") == (0, "")
    kept = folder / "old"
    kept.write_bytes(old)
    kept.chmod(0o600)
    (folder / "config").write_text((folder / "config").read_text().split("Host *")[0])
    refused = bench.shell(
        f"ssh -F none -i {kept} -o IdentitiesOnly=yes -o BatchMode=yes"
        " -o StrictHostKeyChecking=yes"
        f" -o HostKeyAlias={bench.outputs()['instance_id']}"
        f" -o UserKnownHostsFile={bench.folder}/ssh/known_hosts"
        f" -p {bench.site().ports['22']} {bench.outputs()['administrator']}@{bench.site().ip} true",
        exit_code=255,
    )
    assert "Permission denied (publickey)" in refused.stderr

    bench.run("ssh.keys.remove", "second@home", "--yes")
    keys = json.loads(bench.run("ssh.keys.list", "--json").stdout)
    assert [(key["declared"], key["on_server"], key["file"]) for key in keys] == [
        (True, True, str(own))
    ]
    bench.shell("pulumi preview --expect-no-changes")


def _cut_off(bench: Bench, phase: str) -> None:
    """Begin a rotation, and kill it as soon as it comes to a phase."""
    command = [str(BIN / "workbench"), "ssh.keys.rotate", "--yes"]
    with subprocess.Popen(
        command, cwd=ROOT, env=bench.env, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as rotation:
        assert rotation.stderr is not None
        for line in rotation.stderr:
            if line.startswith(phase):
                os.killpg(rotation.pid, signal.SIGKILL)
                break
        assert rotation.wait(60) == -signal.SIGKILL

"""People come, work, go, and come back: by tasks, seen with OpenSSH and the services' sign-ins."""

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from bench import Bench
from bench import eventually
from clients import Hub

# Letters that are two bytes each: a password goes through five programs.
FIRST, SECOND = "Pinguïns op het ijs", "Krill-and-squid-4-lunch"
# Looks into every process, until its standard input ends; tells who had the secret.
WATCH = """
import os, select, sys
secret = sys.stdin.readline().strip().encode()
found = set()
print("watching", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("cmdline", "environ"):
            try:
                with open(f"/proc/{pid}/{name}", "rb") as file:
                    if secret in file.read():
                        found.add(f"{pid} {name}")
            except OSError:
                pass
print(sorted(found))
"""


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three key pairs: ada, laptop, and own, which ada adds by herself."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("ada", "laptop", "own"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"{name}@home"]
        subprocess.run([*command, "-f", str(folder / name)], check=True)
    return folder


@pytest.fixture
def alone(bench: Bench) -> Iterator[Bench]:
    """Give a workbench whose configuration names nobody, and leave it like that."""
    try:
        yield bench
    finally:
        bench.shell(f"pulumi config rm workbench:users --stack {bench.stack} || true")
        bench.run("up")


def ssh(bench: Bench, user: str, key: Path, *command: str) -> list[str]:
    """Return OpenSSH's words to be someone on the server, host key verified."""
    site, known = bench.site(), bench.folder / "known_hosts.e2e"
    options = ("BatchMode=yes", "IdentitiesOnly=yes", "StrictHostKeyChecking=yes")
    return [
        *("ssh", "-F", "none", "-i", str(key), "-p", str(site.ports["22"])),
        *(word for option in options for word in ("-o", option)),
        *("-o", f"UserKnownHostsFile={known}", f"{user}@{site.ip}", *command),
    ]


def ssh_run(bench: Bench, user: str, key: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ssh(bench, user, key, command), capture_output=True, text=True, timeout=60
    )


def rstudio_takes(bench: Bench, user: str, password: str) -> bool:
    site = bench.site()
    with site.client() as http:
        form = http.get(f"https://{site.name}/rstudio/auth-sign-in").text
        token = re.search(r'name="(rs-csrf-token|csrf-token)"\s+value="([^"]+)"', form)
        assert token, form
        data = {"username": user, "password": password, "persist": "0", token[1]: token[2]}
        answer = http.post(f"https://{site.name}/rstudio/auth-do-sign-in", data=data)
        page = http.get(answer.url.join(answer.headers["location"]))
        return page.status_code == 200 and f'<strong id="user">{user}' in page.text


def hub_takes(bench: Bench, user: str, password: str) -> bool:
    return bench.hub(user).sign_in(password).status_code == 302


def listed(bench: Bench) -> dict[str, dict[str, Any]]:
    found = json.loads(bench.run("users.list", "--json").stdout)
    assert found["problem"] is None
    return {user["name"]: user for user in found["users"]}


def make_token(hub: Hub) -> str:
    """Return a token that the person makes for themselves, as on the hub's token page."""
    page = hub.http.get(f"{hub.base}/hub/token", follow_redirects=True)
    assert page.status_code == 200
    xsrf = next(c.value for c in hub.http.cookies.jar if c.name == "_xsrf" and "/hub" in c.path)
    made = hub.http.post(
        f"{hub.base}/hub/api/users/{hub.user}/tokens",
        json={"note": "e2e"},
        headers={"X-XSRFToken": str(xsrf), "Referer": f"{hub.base}/hub/token"},
    )
    assert made.status_code == 201, made.text
    return str(made.json()["token"])


@contextmanager
def watched(argv: list[str], secret: str) -> Iterator[list[str]]:
    """Look for a secret in all processes while the block runs; give what was found after it."""
    found: list[str] = []
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{secret}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "watching\n"
    try:
        yield found
    finally:
        out, _ = process.communicate(timeout=60)
        found.append(out.strip())


def places_with(bench: Bench, admin_key: Path, secret: str) -> str:
    """Return where a secret is written: on the server and on this computer, but its own file."""
    administrator = bench.outputs()["administrator"]
    server = subprocess.run(
        ssh(
            bench,
            administrator,
            admin_key,
            "pattern=$(cat); "
            'printf %s "$pattern" | sudo grep -rlF -f - /var/log /var/lib/cloud /etc'
            " /opt/workbench /data/workbench /var/lib/workbench /tmp /home 2>/dev/null;"
            ' sudo journalctl --no-pager -o verbose | grep -F -- "$pattern"; true',
        ),
        input=secret,
        capture_output=True,
        text=True,
        timeout=120,
    )
    folders = [bench.folder / name for name in ("logs", "pulumi-home", "pulumi-state", "machines")]
    files = [bench.folder / "cloud.state", bench.folder / "process.log"]
    configuration = Path(__file__).parents[3] / f"Pulumi.{bench.stack}.yaml"
    here = subprocess.run(
        ["grep", "-rlF", "-f", "-", *map(str, [*folders, *files, configuration])],
        input=secret,
        capture_output=True,
        text=True,
    )
    return server.stdout + here.stdout


def test_a_person_comes_works_goes_and_comes_back(alone: Bench, keys: Path) -> None:
    bench, ada, admin = alone, keys / "ada", alone.folder / "ssh" / "id_ed25519"
    said = bench.run(
        *("users.add", "ada", "--public-key", str(ada.with_suffix(".pub")), "--password-stdin"),
        "--yes",
        stdin=f"{FIRST}\n",
    )
    assert "test-user is written into it now" in said.stdout
    before = listed(bench)
    assert before["test-user"]["declared_administrator"] is True
    assert before["test-user"]["differs"] == before["ada"]["differs"] == []
    assert (before["ada"]["administrator"], before["ada"]["password_set"]) == (False, True)
    bench.server("true")
    assert ssh_run(bench, "ada", ada, "id -un; sudo -n true").stdout == "ada\n"
    assert hub_takes(bench, "ada", FIRST)
    assert rstudio_takes(bench, "ada", FIRST)

    set_password_unseen(bench, admin)
    assert not hub_takes(bench, "ada", FIRST)
    assert rstudio_takes(bench, "ada", SECOND)

    laptop = str((keys / "laptop").with_suffix(".pub"))
    bench.run("users.keys.add", "ada", "--public-key", laptop, "--yes")
    own = (keys / "own.pub").read_text().strip()
    work = f"echo penguins > kept; echo '{own}' >> .ssh/authorized_keys"
    assert ssh_run(bench, "ada", keys / "laptop", work).returncode == 0
    assert ssh_run(bench, "ada", keys / "own", "true").returncode == 0

    remove_while_at_work(bench, keys)
    after = listed(bench)["ada"]
    assert (after["declared"], after["disabled"], after["processes"]) == (False, True, 0)
    assert (after["uid"], after["home"]) == (before["ada"]["uid"], "/home/ada")
    assert after["last_sign_in"]
    bench.shell("pulumi preview --expect-no-changes --non-interactive")

    said = bench.run("users.add", "ada", "--yes")
    assert "was here before" in said.stdout
    bench.run("users.promote", "ada", "--yes")
    again = listed(bench)["ada"]
    assert (again["uid"], again["administrator"]) == (before["ada"]["uid"], True)
    assert bench.server("sudo cat /home/ada/kept; sudo stat -c %U /home/ada/kept") == (
        "penguins\nada\n"
    )
    assert hub_takes(bench, "ada", SECOND)
    # The configuration's keys went with the account, and are given again, or not.
    assert ssh_run(bench, "ada", ada, "true").returncode == 255
    assert ssh_run(bench, "ada", keys / "own", "id -nG").stdout.split() == [
        "ada",
        "sudo",
        "workbench",
    ]

    # As a removal leaves it that was interrupted behind the configuration.
    bench.shell(f"pulumi config rm --path 'workbench:users[1]' --stack {bench.stack}")
    assert "ada" in bench.run("users.add", "grace", "--yes", exit_code=1).stderr
    assert "ada is locked out" in bench.run("users.remove", "ada", "--yes").stdout
    assert listed(bench)["ada"]["disabled"] is True
    bench.shell("pulumi preview --expect-no-changes --non-interactive")


def set_password_unseen(bench: Bench, admin_key: Path) -> None:
    """Change ada's password; no process, log or file shows it, here or on the server."""
    administrator = bench.outputs()["administrator"]
    there = ssh(bench, administrator, admin_key, f"sudo /usr/bin/python3 -u -c '{WATCH}'")
    here = ["python3", "-u", "-c", WATCH]
    with watched(there, SECOND) as on_server, watched(here, SECOND) as on_this:
        bench.run("users.password", "ada", "--password-stdin", stdin=f"{SECOND}\n")
    assert (on_server, on_this) == (["[]"], ["[]"])
    assert places_with(bench, admin_key, SECOND) == ""


def remove_while_at_work(bench: Bench, keys: Path) -> None:
    """Remove ada, who has a shell, a Jupyter server and a token; none of them is left."""
    hub = bench.hub("ada")
    assert hub.sign_in(SECOND).status_code == 302
    token = make_token(hub)
    hub.start_server()
    shell = subprocess.Popen(ssh(bench, "ada", keys / "ada", "sleep 600"))
    ended = threading.Thread(target=shell.wait)
    ended.start()
    assert eventually(lambda: "sleep" in bench.server("sudo -n ps -o comm= -u ada; true"))

    said = bench.run("users.remove", "ada", "--yes")
    assert "Kept: /home/ada" in said.stdout
    ended.join(timeout=30)
    assert shell.poll() not in (None, 0)
    # With the key that the configuration had, and with the one that it never knew.
    assert ssh_run(bench, "ada", keys / "ada", "true").returncode == 255
    assert ssh_run(bench, "ada", keys / "own", "true").returncode == 255
    assert not hub_takes(bench, "ada", SECOND)
    assert not rstudio_takes(bench, "ada", SECOND)
    # Neither the browser's cookie nor the token starts anything.
    assert eventually(lambda: hub.http.get(f"{hub.base}/hub/home").status_code == 302, 60)
    answer = bench.hub("ada").http.post(
        f"{hub.base}/hub/api/users/ada/server", headers={"Authorization": f"token {token}"}
    )
    assert answer.status_code in (401, 403), answer.text
    assert bench.server("sudo -n ps -o comm= -u ada; true") == ""


def test_bad_input_is_answered_with_what_to_do(bench: Bench, keys: Path) -> None:
    private = str(keys / "ada")
    for words, stdin, sentence in (
        (("users.add", "systemd-journal"), "", "of the server's system"),
        (("users.add", "test-user"), "", "a user of the stack"),
        (("users.add", "zoe", "--public-key", private), "", "is a private key"),
        (("users.remove", "test-usr"), "", "test-user?"),
        (("users.password", "test-user", "--password-stdin"), "", "no password"),
        (("users.password", "test-user", "--password-stdin"), "short\n", "at least 8"),
    ):
        done = bench.run(*words, exit_code=None, stdin=stdin)
        assert done.returncode != 0
        assert sentence in done.stderr, done.stderr
        assert Path(private).read_text().splitlines()[2] not in done.stdout + done.stderr
    assert "workbench:users" not in bench.shell("pulumi config").stdout

"""Nobody stands where a service stands, tried by an ordinary person while services are down."""

import json
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from clients import Hub
from host_lab import DOMAIN
from host_lab import Lab
from host_lab import at_hub

PASSWORD = "Penguins-on-ice-42"
ANNS = "Walruses-on-ice-43"
HUB = "/run/jupyterhub/hub.sock"
MINE = "/run/jupyter/test-user/server.sock"
SOCKETS = ("/run/jupyterhub/proxy/proxy.sock", "/run/jupyterhub/private/api.sock", HUB, MINE)
# Those of services before there were sockets are free, and nobody is to believe what answers.
FREE = {"8000", "8001", "8081", "8787", "2019"}
PORTS = ("80", "443", "787", *sorted(FREE))
# On the server's own disk, which is there before anything else after a boot.
SCRIPT, LOG, ROUNDS = "/var/tmp/grabber.py", "/var/tmp/grabbed", "/var/tmp/grabber-rounds"
GRAB = f"python3 {SCRIPT} {' '.join((*PORTS, *SOCKETS))} > /dev/null 2>&1"
PAGES = ("jupyter/hub/login", "rstudio/auth-sign-in")
SERVICES = "jupyterhub rstudio-server"


@pytest.fixture(autouse=True)
def people(lab: Lab) -> Iterator[None]:
    """Begin with a server in order, and with passwords; leave the settings as they were."""
    lab.publish(**lab.first)
    lab.converge()
    for name, password in (("test-user", PASSWORD), ("ann", ANNS)):
        lab.run(f"workbench-passwd {name}", stdin=password + "\n")
    yield
    lab.publish(**lab.first)


@pytest.fixture
def grabber(lab: Lab) -> Iterator[None]:
    """Have ann try to listen wherever a service does, with each boot, too."""
    text = (Path(__file__).parent / "grabber.py").read_text()
    lab.run(f"rm -f {LOG} {ROUNDS}; cat > {SCRIPT}", stdin=text)
    lab.run("crontab -u ann -", stdin=f"@reboot {GRAB}\n")
    lab.run(f"runuser -u ann -- setsid -f sh -c '{GRAB}'")
    tried(lab)
    yield
    lab.run("crontab -u ann -r; pkill -U ann; true")
    lab.run(f"rm -f {SCRIPT} {LOG} {ROUNDS}")


def tried(lab: Lab) -> None:
    """Wait until every place was tried a few times more."""
    rounds = f"cat {ROUNDS} 2>/dev/null || echo 0"
    before = int(lab.run(rounds))
    lab.wait_for(lambda: not before <= int(lab.run(rounds)) < before + 5)


def come_back(lab: Lab) -> None:
    """Wait for the sign-in pages, and see nothing but the services' own meanwhile."""

    def are_back() -> bool:
        try:
            with lab.site().client() as http:
                pages = [http.get(f"https://{DOMAIN}/{page}") for page in PAGES]
        except httpx.TransportError:
            return False
        assert not any("GRABBED" in page.text for page in pages)
        return [page.status_code for page in pages] == [200, 200]

    lab.wait_for(are_back, 120)


def assert_useless(lab: Lab) -> None:
    """See that the grabber has no service's place, and that nobody sent it anything."""
    lines = lab.run(f"cat {LOG}").splitlines()
    assert {line.split()[1] for line in lines if line.startswith("got")} <= FREE
    assert not [line for line in lines if line.startswith("sent")]


def stop(lab: Lab) -> None:
    lab.run(f"systemctl stop {SERVICES}")
    tried(lab)
    with lab.site().client() as http:
        said = [http.get(f"https://{DOMAIN}/{page}").status_code for page in PAGES]
    lab.run(f"systemctl start {SERVICES}")
    assert said == [502, 502]


def kill(lab: Lab) -> None:
    for _ in range(3):
        lab.run("systemctl kill -s KILL jupyterhub || true")
        tried(lab)


def converge(lab: Lab) -> None:
    # The hub restarts for it.
    lab.publish(idle_timeout=3600)
    assert lab.converge()["changed"] > 0


@pytest.mark.parametrize("take_down", [stop, kill, converge])
def test_nobody_takes_a_services_place(
    lab: Lab, grabber: None, take_down: Callable[[Lab], None]
) -> None:
    take_down(lab)
    come_back(lab)
    assert_useless(lab)


def test_nobody_takes_a_services_place_at_boot(lab: Lab, grabber: None) -> None:
    began = "ps -o lstart= -p 1"
    booted = lab.run(began)
    lab.run(f"rm {ROUNDS}")
    lab.machines.reboot(lab.instance_id)
    lab.wait_for(lambda: run_anyhow(lab, began) not in ("", booted))
    come_back(lab)
    lab.wait_for(lambda: run_anyhow(lab, f"cat {ROUNDS}"))
    assert_useless(lab)
    lab.wait_for(lambda: not lab.run("systemctl list-jobs --no-legend"))


def run_anyhow(lab: Lab, command: str) -> str:
    """Return what a command prints on a server that may not have booted yet."""
    try:
        return lab.run(command)
    except AssertionError:
        return ""


def test_a_server_of_before_is_led_away_from_ports(lab: Lab, grabber: None) -> None:
    file, unit = "/etc/caddy/Caddyfile", "jupyter-test-user-singleuser"
    old = "s#unix//run/jupyterhub/proxy/proxy.sock#127.0.0.1:8000#; s#127.0.0.1:787#127.0.0.1:8787#"
    lab.run(f"sed -i '{old}' {file}; systemctl reload caddy")
    lab.run(f"systemctl stop {unit}; systemctl reset-failed {unit} 2>/dev/null; true")
    lab.run(f"systemd-run --unit {unit} --uid test-user sleep 900")
    lab.converge()
    come_back(lab)
    assert_useless(lab)
    assert lab.run(f"systemctl is-active {unit} || true") == "inactive"
    assert lab.converge()["changed"] == 0


SNIFF = """
import subprocess, time, zmq
# The services, and what the grabber has: it notes who comes.
SERVICES = {22, 80, 443, 787, 8000, 8001, 8081, 8787, 2019}
context, poller = zmq.Context(), zmq.Poller()
rows = subprocess.run(["ss", "-Hltn"], capture_output=True, text=True).stdout.splitlines()
for port in {int(row.split()[3].rpartition(":")[2]) for row in rows} - SERVICES:
    heard = context.socket(zmq.SUB)
    heard.subscribe(b"")
    heard.connect(f"tcp://127.0.0.1:{port}")
    poller.register(heard, zmq.POLLIN)
print("listening", flush=True)
end = time.monotonic() + 20
while time.monotonic() < end:
    for heard, _ in poller.poll(200):
        print(heard.recv_multipart(), flush=True)
"""


def test_nobody_reaches_another_persons_server_or_hears_its_kernels(
    lab: Lab, grabber: None
) -> None:
    with at_hub(lab, PASSWORD) as hub:
        for path in (MINE, MINE.replace("server.sock", "")):
            lab.run(f"runuser -u ann -- ls {path}", code=2)
        lab.run(f"runuser -u ann -- curl -s --unix-socket {MINE} http://server/", code=7)
        said = "/var/tmp/sniffed"
        hub.begin("python3", SAY)
        sniff = f"runuser -u ann -- setsid -f /opt/jupyterhub/bin/python -c '{SNIFF}' > {said}"
        lab.run(sniff)
        lab.wait_for(lambda: "listening" in lab.run(f"cat {said}"))
        lab.wait_for(lambda: "told" in lab.run("cat /home/test-user/told 2>/dev/null || true"))
        lab.run("pkill -f '[z]mq.Poller'; rm /home/test-user/told; true")
        assert lab.run(f"cat {said}; rm {said}") == "listening"
        lab.run("systemctl kill -s KILL jupyter-test-user-singleuser")
        tried(lab)
        page = hub.http.get(f"{hub.base}/user/test-user/api", follow_redirects=True)
        assert "GRABBED" not in page.text
    assert_useless(lab)


SAY = """
import pathlib, time
for number in range(40):
    print("penguin-secret", number, flush=True)
    time.sleep(0.1)
pathlib.Path.home().joinpath("told").write_text("told")
"""


def test_who_has_no_token_gets_nothing_from_the_hubs_socket(lab: Lab) -> None:
    ask = f"runuser -u ann -- curl -s -o /dev/null -w '%{{http_code}}' --unix-socket {HUB}"
    for page in ("users", "users/test-user", "proxy", "services", "users/test-user/server"):
        assert lab.run(f"{ask} http://hub/jupyter/hub/api/{page}") in ("403", "404", "405")
    for path in SOCKETS[:2]:
        lab.run(f"runuser -u ann -- curl -s --unix-socket {path} http://proxy/", code=7)
    # RStudio believes what the web server says of a request.
    lab.run("runuser -u ann -- curl -s http://127.0.0.1:787/auth-sign-in", code=7)


def test_cookies_are_for_the_workbenchs_own_pages_over_https(lab: Lab) -> None:
    with at_hub(lab, PASSWORD) as hub:
        hub.http.get(f"https://{DOMAIN}/rstudio/auth-sign-in")
        cookies = [cookie for cookie in hub.http.cookies.jar if "jupyter" in cookie.path]
    assert {cookie.path for cookie in cookies} == {
        "/jupyter/",
        "/jupyter/hub/",
        "/jupyter/user/test-user/",
    }
    for cookie in cookies:
        assert cookie.secure, cookie.name
        assert cookie.get_nonstandard_attr("SameSite") == "Lax", cookie.name
        # Pages' own scripts send this one along, to show that they are the site's.
        assert cookie.has_nonstandard_attr("HttpOnly") is (cookie.name != "_xsrf"), cookie.name


def runs(lab: Lab, name: str) -> bool:
    return lab.run(f"systemctl is-active jupyter-{name}-singleuser || true") == "active"


def process(lab: Lab) -> str:
    """Return which process test-user's server is; nothing where none is."""
    show = "systemctl show --property=MainPID --value jupyter-test-user-singleuser"
    return lab.run(show).removeprefix("0")


IN_THE_HUB = """
import datetime, sqlite3, sys
database = sqlite3.connect("/data/workbench/jupyterhub/jupyterhub.sqlite", timeout=60)
who = "user_id = (select id from users where name = 'test-user')"
if sys.argv[1] == "deafen":
    database.execute(f"delete from api_tokens where {who}")
    database.commit()
said = database.execute(f"select last_activity from spawners where {who}").fetchone()[0]
now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
print(int((now - datetime.datetime.fromisoformat(said)).total_seconds()))
"""


def test_an_idle_server_is_ended_and_a_busy_one_never(lab: Lab) -> None:
    lab.publish(idle_timeout=40)
    lab.converge()
    with at_hub(lab, PASSWORD) as busy, at_hub(lab, ANNS, "ann"):
        busy.begin("python3", "import time; time.sleep(900)")
        # What it reports doesn't reach the hub any more: the hub takes it for idle.
        lab.run("python3 - deafen", stdin=IN_THE_HUB)
        lab.wait_for(lambda: not runs(lab, "ann"), 300)
        lab.wait_for(lambda: int(lab.run("python3 - look", stdin=IN_THE_HUB)) > 75, 120)
        why = "journalctl -u jupyterhub -u jupyter-test-user-singleuser -n 60 -o cat --no-pager"
        assert runs(lab, "test-user"), lab.run(why)
        culled = "journalctl -u jupyterhub -o cat --no-pager | grep 'Culling server'"
        assert "test-user" not in lab.run(culled)
    lab.run("systemctl stop jupyter-test-user-singleuser")


def test_a_hub_that_systemd_does_not_answer_ends_no_server(lab: Lab) -> None:
    # The first one of that name for the hub; it may stop units, and isn't told how they are.
    silent = "/opt/jupyterhub/bin/systemctl"
    script = '#!/bin/sh\ncase "$1" in show|is-active) exit 1; esac\nexec /usr/bin/systemctl "$@"\n'
    with at_hub(lab, PASSWORD):
        before = process(lab)
        lab.run(f"cat > {silent}; chmod 755 {silent}", stdin=script)
        said = lab.journal("jupyterhub")
        try:
            lab.run("systemctl restart jupyterhub")
            lab.wait_for(lambda: "test-user still running" in lab.run(said))
            assert "systemd doesn't say whether jupyter-test-user-singleuser runs" in lab.run(said)
        finally:
            lab.run(f"rm {silent}")
        assert process(lab) == before
    lab.run("systemctl restart jupyterhub; systemctl stop jupyter-test-user-singleuser")
    come_back(lab)


def test_a_person_gets_a_server_when_hubs_are_killed_while_it_starts(lab: Lab) -> None:
    lab.run("systemctl stop jupyter-test-user-singleuser || true")
    # It looks only now and then; when it begins, it sees that there is none.
    lab.run("systemctl restart jupyterhub")
    come_back(lab)
    hub = Hub(lab.site(), "test-user")
    with hub.http:
        assert hub.sign_in(PASSWORD).status_code == 302
        hub.http.get(f"{hub.base}/hub/spawn")
        lab.wait_for(lambda: process(lab))
        began = process(lab)
        for _ in range(2):
            lab.run("systemctl kill -s KILL jupyterhub")
            come_back(lab)
        hub.start_server(300)
        # One that finds no hub for long ends by itself, before anything runs in it.
        if process(lab) != began:
            ended = "journalctl -u jupyter-test-user-singleuser -n 500 -o cat --no-pager"
            assert "Failed to connect to my Hub" in lab.run(ended)
    lab.run("systemctl stop jupyter-test-user-singleuser")


# Root's, which only root may connect to; it reports each request that it got.
ROOTS = "/run/roots-own.sock"
LISTEN = """
import os, socket, sys
os.umask(0o077)
own = socket.socket(socket.AF_UNIX)
own.bind(sys.argv[1])
own.listen()
while True:
    connection, _ = own.accept()
    print(connection.recv(9), flush=True)
    connection.close()
"""


def test_a_link_in_a_persons_folder_does_not_lead_the_proxy_to_others_sockets(lab: Lab) -> None:
    mine = "/run/jupyter/ann/server.sock"
    with at_hub(lab, ANNS, "ann") as hub:
        lab.run("cat > /run/listen.py", stdin=LISTEN)
        lab.run(f"systemd-run --quiet --unit roots-own python3 /run/listen.py {ROOTS}")
        heard = "journalctl -u roots-own -o cat --no-pager"
        lab.wait_for(lambda: lab.run(f"test -S {ROOTS}; echo $?") == "0")
        try:
            lab.run(f"runuser -u ann -- sh -c 'rm {mine} && ln -s {ROOTS} {mine}'")
            # It keeps connections of before; a new one has to make its own.
            lab.run("pkill -f '[c]onfigurable-http-proxy'")
            come_back(lab)

            def is_refused() -> bool:
                hub.http.get(f"{hub.base}/user/ann/api/status")
                return "ELOOP" in lab.run("journalctl -u jupyterhub -n 200 -o cat --no-pager")

            lab.wait_for(is_refused)
            assert "GET" not in lab.run(heard)
            # It would have been heard.
            lab.run(f"curl -s --unix-socket {ROOTS} http://x/ || true")
            lab.wait_for(lambda: "GET" in lab.run(heard))
        finally:
            lab.run(f"systemctl stop roots-own; rm -f {ROOTS} /run/listen.py")
            lab.run("systemctl stop jupyter-ann-singleuser")


LOOK = """
import subprocess
print("kernel at", subprocess.getoutput("ss -Hlx | grep -c /share/jupyter/runtime/"), "sockets")
"""


def test_kernels_of_programs_in_a_terminal_are_at_sockets_of_the_person(lab: Lab) -> None:
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "a",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
    }
    cells = [cell | {"source": LOOK}]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    for name, text in (("look.ipynb", json.dumps(notebook)), ("look.py", LOOK)):
        lab.run(f"su - test-user -c 'cat > {name}'", stdin=text)
    jupyter = "JUPYTER_PATH=/opt/workbench/share/jupyter /opt/jupyterhub/bin/jupyter"
    for command in ("nbconvert --to notebook --execute --stdout look.ipynb", "run look.py"):
        said = lab.run(f"su - test-user -c '{jupyter} {command} 2>&1'")
        assert "kernel at 5 sockets" in said
    lab.run("rm /home/test-user/look.ipynb /home/test-user/look.py")
    assert lab.converge()["changed"] == 0

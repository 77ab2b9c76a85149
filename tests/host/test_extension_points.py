"""What a stack adds to web server and hub is there after a converge, or nothing has changed."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from clients import Hub
from host_lab import DOMAIN
from host_lab import Lab
from host_lab import at_hub

PASSWORD = "Penguins-on-ice-42"
# It says who asks, and what else it was sent.
PAGE = """
import http.server, json, socket, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        names = ("X-Workbench-User", "Cookie")
        said = json.dumps({"path": self.path, **{each: self.headers[each] for each in names}})
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said.encode())
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6 if ":" in sys.argv[2] else socket.AF_INET
Server((sys.argv[2], int(sys.argv[1])), Page).serve_forever()
"""
DASH, PUBLIC = f"https://{DOMAIN}/dash/", f"https://{DOMAIN}/public/"
OPENED = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Accept": "text/html"}
LIES = {"X-Workbench-User": "ann"}
PLAN = (
    "cd /opt/workbench/recipe/current && /opt/workbench/venv/bin/python -m workbench.host.run.plan"
    " /etc/workbench/settings.json"
)


@pytest.fixture(scope="module")
def pages(lab: Lab) -> Iterator[None]:
    """Have two programs on the server, and the stack say where they are found."""
    lab.run("workbench-passwd test-user", stdin=PASSWORD + "\n")
    # Docker turns IPv6 off, and a machine may not turn it on; at AWS it is on.
    begun = str(lab.client.containers.get(lab.container).attrs["State"]["Pid"])
    on = ["sysctl", "--quiet", "--write", "net.ipv6.conf.lo.disable_ipv6=0"]
    subprocess.run(["nsenter", "--net", "--target", begun, *on], check=True)
    lab.run("cat > /opt/page.py", stdin=PAGE)
    for port, host in ((805, "127.0.0.1"), (806, "::")):
        lab.run(f"systemd-run --quiet --unit page-{port} python3 /opt/page.py {port} {host}")
    dash, public = {"path": "/dash/", "port": 805}, {"path": "/public/", "port": 806, "open": True}
    lab.publish(routes=[dash, public])
    lab.converge()
    yield
    lab.run("systemctl stop page-805 page-806; rm /opt/page.py")


@pytest.fixture
def visitor(lab: Lab) -> Iterator[Hub]:
    hub = Hub(lab.site(), "test-user")
    with hub.http:
        yield hub


def test_an_open_page_is_everyones(pages: None, visitor: Hub) -> None:
    said = visitor.http.get(f"{PUBLIC}a?b=c", headers=LIES).json()
    assert said == {"path": "/public/a?b=c", "X-Workbench-User": None, "Cookie": None}


def test_another_page_is_for_people_who_have_signed_in(lab: Lab, pages: None, visitor: Hub) -> None:
    http = visitor.http
    assert http.get(DASH, headers=LIES).status_code == 401
    assert http.post(DASH, headers=LIES).status_code == 401
    # Who opens it comes to the sign-in, and from there back to it.
    form = http.get(f"{DASH}a?b=c", headers=OPENED, follow_redirects=True)
    assert form.url.path == "/jupyter/hub/login"
    assert visitor.sign_in(PASSWORD).status_code == 302
    page = http.get(f"{DASH}a?b=c", headers=OPENED | LIES, follow_redirects=True)
    assert page.json()["path"] == "/dash/a?b=c"
    assert page.json()["X-Workbench-User"] == "test-user"
    # The page doesn't see what people are known by.
    assert not page.json()["Cookie"]
    assert http.get(DASH).status_code == 200
    # Nor is there a way to be nobody there.
    nameless = http.get(DASH, headers={"Connection": "X-Workbench-User"})
    assert nameless.json()["X-Workbench-User"] == "test-user"
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert http.get(DASH, headers=foreign).status_code == 403

    # Who isn't a member any more, and who has signed out, is out.
    lab.run("gpasswd --delete test-user workbench")
    try:
        assert http.get(DASH).status_code == 401
    finally:
        lab.run("gpasswd --add test-user workbench")
    assert http.get(DASH).status_code == 200
    http.get(f"{visitor.base}/hub/logout", headers=OPENED)
    assert http.get(DASH).status_code == 401


def test_with_hosts_for_people_no_page_of_theirs_can_plant_the_cookie(
    lab: Lab, pages: None, visitor: Hub
) -> None:
    lab.publish(host_name_per_user=True)
    lab.converge()
    try:
        assert visitor.sign_in(PASSWORD).status_code == 302
        page = visitor.http.get(DASH, headers=OPENED, follow_redirects=True)
        assert page.json()["X-Workbench-User"] == "test-user"
        # Nor does a program get the hub's own, which are for the whole host here.
        assert not page.json()["Cookie"]
        assert not visitor.http.get(PUBLIC).json()["Cookie"]
        (given,) = (each for each in visitor.http.cookies.jar if "workbench-page" in each.name)
        assert (given.name, given.path) == ("__Host-workbench-page~dash~", "/")
        visitor.http.cookies.delete(given.name)
        # As another host's page could set it.
        visitor.http.cookies.set("workbench-page", str(given.value), domain=DOMAIN, path="/dash/")
        assert visitor.http.get(DASH).status_code == 401
    finally:
        lab.publish(host_name_per_user=False)
        lab.converge()


def test_people_on_the_server_come_by_the_web_server_too(lab: Lab, pages: None) -> None:
    own = lab.run("hostname -I").split()[0]
    for place in ("127.0.0.1:805", "127.0.0.1:806", f"{own}:806", "[::1]:806"):
        lab.run(f"runuser -u ann -- curl -s --max-time 5 http://{place}/", code=7)
    for place in (f"{own}:806", "[::1]:806"):
        assert lab.run(f"curl -s --max-time 5 http://{place}/")


def test_the_plan_names_a_page_and_a_converge_keeps_it(lab: Lab, pages: None) -> None:
    assert lab.converge()["changed"] == 0
    more = {"path": "/more/", "port": 807, "open": True}
    was = list(lab.settings["routes"])
    lab.run(
        "cat > /etc/workbench/settings.json",
        stdin=json.dumps(lab.settings | {"routes": [*was, more]}),
    )
    findings = json.loads(lab.run(PLAN).splitlines()[-1])["findings"]
    assert any("/more/" in line for each in findings for line in each["diff"])
    assert lab.converge()["changed"] == 0


def works(lab: Lab) -> None:
    with at_hub(lab, PASSWORD, "test-user") as hub:
        assert hub.run("python3", "print(6 * 7)").strip() == "42"


def refused(lab: Lab, **hub: Any) -> str:
    """Converge to settings of the hub that can't be; return what is said."""
    lab.publish(hub=hub)
    lab.converge(ok=False)
    return lab.failure()


def test_the_hub_takes_what_the_stack_sets(lab: Lab, pages: None) -> None:
    # One that another test left running keeps what it was started with.
    lab.run("pkill -u test-user -f jupyterhub-singleuser || true")
    lab.publish(hub={"Spawner": {"default_url": "/lab/tree"}})
    lab.converge()
    assert lab.converge()["changed"] == 0
    with at_hub(lab, PASSWORD) as hub:
        opened = hub.http.get(f"{hub.base}/user/test-user/", follow_redirects=False)
        assert "/lab/tree" in opened.headers["location"]
    lab.publish(hub={})
    lab.converge()


def test_what_the_hub_cant_take_is_told_and_it_stays_as_it_was(lab: Lab, pages: None) -> None:
    said = refused(lab, Spawner={"mem_limit": "2X", "mem_limt": "2G"}, Spawned={"a": 1})
    for sentence in (
        'Spawner.mem_limit can\'t be "2X"',
        "Spawner has no setting mem_limt.",
        "JupyterHub has no class Spawned.",
    ):
        assert sentence in said
    works(lab)
    lab.publish(hub={})
    lab.converge()


def test_a_hub_that_doesnt_start_gets_its_former_settings_back(lab: Lab, pages: None) -> None:
    said = refused(lab, JupyterHub={"extra_log_file": "/nowhere/hub.log"})
    assert "JupyterHub does not start with workbench:jupyterhubConfig, and has its former" in said
    assert "/nowhere/hub.log" in said, lab.run("journalctl -u jupyterhub -n 200 --no-pager")
    # The converge ends with the restart; the hub reads all that it needs after it.
    asked = "curl -s -o /dev/null -w '%{http_code}' --unix-socket /run/jupyterhub/proxy/proxy.sock"
    lab.wait_for(lambda: lab.run(f"{asked} http://hub/jupyter/hub/api || true") == "200")
    works(lab)
    lab.publish(hub={})
    lab.converge()
    assert lab.converge()["changed"] == 0

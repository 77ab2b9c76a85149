"""A workbench behind a load balancer: people, notebooks and uploads come through the real proxy."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from bench import Bench
from bench import eventually
from clients import Hub
from clients import Site
from entrance_program import PROGRAM
from test_org_options import Project
from warm_image import warm_image

# Takes whatever it is sent, and says how much that was and whose request it takes it for.
SINK = """
import http.server, json
class Sink(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        left = size = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))
        said = {key.lower(): self.headers.get_all(key) for key in self.headers}
        body = json.dumps({"size": size, "headers": said}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", 81), Sink).serve_forever()
"""
GIGABYTE = 1 << 30
FORGED = {"X-Forwarded-For": "198.51.100.7", "X-Real-Ip": "198.51.100.8"}


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Give a workbench behind a load balancer."""
    folder = tmp_path_factory.mktemp("entrance")
    bench = Bench(f"front{os.getpid()}", image=warm_image())
    try:
        project = Project(bench, folder, PROGRAM)
        project.shell(f"workbench rehearsal.config --name {bench.name}", 600)
        project.set(basePackages="[]")
        # It ends with all checks of names, certificate, pages, kernels.
        project.shell("workbench up", 1800)
        with contextlib.chdir(folder):
            bench.server(f"sudo systemd-run --quiet --unit=sink python3 -c '{SINK}'")
            # It listens a moment later, and any of the tests may be the first. Nobody but the proxy
            # may connect to it.
            listens = "ss -Hltn src 127.0.0.1:81 | grep -q ."
            bench.server(f"timeout 60 bash -c 'until {listens}; do sleep 0.2; done'")
            yield bench
            project.pulumi("preview --expect-no-changes")
    finally:
        bench.remove()
    left = subprocess.run(["pgrep", "-f", str(bench.state_dir)], capture_output=True, text=True)
    assert not left.stdout, "the load balancer outlived its rehearsal"


def site(front: Bench, source: str | None = None) -> Site:
    """Return the workbench as people see it, from an address of this computer."""
    state = front.state()
    assert state.entrance
    ports = {str(port): state.entrance.port(port) for port in (80, 443)}
    url = f"https://{front.outputs()['domain']}"
    return Site(url, state.entrance.ip, ports, str(state.ca_certificate), source)


def sink(client: httpx.Client, name: str, content: Any = b"", **headers: str) -> dict[str, Any]:
    answer = client.post(f"https://{name}/sink/", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_its_target_is_well(front: Bench) -> None:
    balancing = front.aws("elbv2")
    (group,) = balancing.describe_target_groups()["TargetGroups"]

    def is_healthy() -> bool:
        health = balancing.describe_target_health(TargetGroupArn=group["TargetGroupArn"])
        states = [each["TargetHealth"]["State"] for each in health["TargetHealthDescriptions"]]
        return states == ["healthy"]

    assert eventually(is_healthy, 60)


def test_notebooks_work_through_it(front: Bench) -> None:
    hub = Hub(site(front, "127.5.5.1"), "test-user")
    assert hub.sign_in(front.password()).status_code == 302
    hub.start_server()
    assert hub.run("python3", "print(6 * 7)").strip() == "42"
    hub.http.close()


def test_http_leads_to_https_and_rstudio_to_its_public_name(front: Bench) -> None:
    here = site(front)
    with here.client() as client:
        answer = client.get(f"http://{here.name}/rstudio/?a=1")
        assert answer.status_code == 301
        assert answer.headers["location"] == f"https://{here.name}:443/rstudio/?a=1"
        forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http"}
        answer = client.get(f"https://{here.name}/rstudio/", headers=forged)
        assert answer.status_code == 302
        assert answer.headers["location"].startswith(f"https://{here.name}/rstudio/auth-sign-in")


def test_a_gigabyte_goes_through(front: Bench) -> None:
    here, chunk = site(front), bytes(1 << 20)
    length = {"Content-Length": str(GIGABYTE)}
    with here.client() as client:
        content = (chunk for _ in range(GIGABYTE // len(chunk)))
        assert sink(client, here.name, content, **length)["size"] == GIGABYTE


def test_the_visitors_own_address_arrives_whatever_they_say(front: Bench) -> None:
    here = site(front, "127.5.5.2")
    with here.client() as client:
        told = sink(client, here.name, **FORGED, **{"X-Forwarded-Host": "evil.example"})["headers"]
    assert told["x-forwarded-for"] == ["127.5.5.2"]
    assert told["x-forwarded-host"] == [here.name]
    assert told["x-forwarded-proto"] == ["https"]
    assert "x-real-ip" not in told


def test_nobody_else_is_believed_and_the_servers_own_address_shows_no_page(front: Bench) -> None:
    state, name = front.state(), site(front).name
    assert state.address
    assert {80, 443}.isdisjoint(state.address.ports)
    machine = front.server("hostname -I").split()[0]
    gateway = front.server("ip route show default").split()[2]
    direct = httpx.HTTPTransport(verify=False)
    with httpx.Client(transport=direct, timeout=30) as client:
        extensions = {"sni_hostname": name}
        answer = client.post(
            f"https://{machine}/sink/", headers={"Host": name, **FORGED}, extensions=extensions
        )
    assert answer.json()["headers"]["x-forwarded-for"] == [gateway]


def test_guesses_are_held_against_the_visitor_who_makes_them(front: Bench) -> None:
    rehearsal = front.state().rehearsal
    assert rehearsal
    # To the hub, all of 127.0.0.0/8 are one.
    here = site(front, rehearsal.network_gateway)

    def guess(number: int) -> int:
        hub = Hub(here, "test-user")
        hub.http.headers["X-Forwarded-For"] = f"198.51.100.{number}"
        status = hub.sign_in(f"wrong-{number}").status_code
        hub.http.close()
        return status

    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(guess, range(12)))
    assert said.count(403) == 10
    assert guess(99) == 429
    # A colleague at another address signs in meanwhile.
    other = Hub(site(front, "127.6.6.6"), "test-user")
    assert other.sign_in(front.password()).status_code == 302
    other.http.close()

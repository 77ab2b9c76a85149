"""The proxy that plays load balancers: the real program, behind the real forwarder."""

import http.server
import json
import os
import signal
import ssl
import threading
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from workbench.rehearsal.balancers.configuration import ADMIN
from workbench.rehearsal.balancers.configuration import key_of
from workbench.rehearsal.balancers.configuration import write_configuration
from workbench.rehearsal.balancers.follower import _free_port
from workbench.rehearsal.balancers.front import Action
from workbench.rehearsal.balancers.front import Certificate
from workbench.rehearsal.balancers.front import Front
from workbench.rehearsal.balancers.front import Group
from workbench.rehearsal.balancers.front import Node
from workbench.rehearsal.balancers.front import Target
from workbench.rehearsal.balancers.health import HealthChecks
from workbench.rehearsal.balancers.program import ensure_program
from workbench.rehearsal.balancers.proxy import Proxy
from workbench.rehearsal.endpoints.ca import CertificateAuthority
from workbench.rehearsal.endpoints.ca import ensure_ca
from workbench.rehearsal.network.forwarder import Forwarder
from workbench.rehearsal.network.rules import Rule
from workbench.waiting import wait_for

PUBLIC = "127.83.1.1"
NODE = Node(PUBLIC, "127.83.2.2")
REDIRECT = (("Host", "#{host}"), ("Path", "/#{path}"), ("Port", "443"), ("Protocol", "HTTPS"))


class Server(http.server.BaseHTTPRequestHandler):
    """Says what it was asked, and from where; has one page fewer than it is asked for."""

    def do_GET(self) -> None:
        told = {key.lower(): value for key, value in self.headers.items()}
        body = json.dumps({"path": self.path, "peer": self.client_address[0], **told}).encode()
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield Target("i-1", "127.0.0.1", server.server_port, is_open=True)
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return ensure_ca(tmp_path_factory.mktemp("ca"))


@pytest.fixture(scope="module")
def play(
    tmp_path_factory: pytest.TempPathFactory, authority: CertificateAuthority
) -> Iterator[Callable[[Front], int]]:
    """Play a front; return the port that answers at its public address."""
    # A rehearsal's folder may have a path that no socket's may be.
    folder = tmp_path_factory.mktemp("proxy") / ("long" * 30)
    proxy, forwarder = Proxy(folder), Forwarder()
    proxy.start(ensure_program())

    def pem_of(certificate: Certificate) -> tuple[str, str]:
        chain, key = authority.issue(certificate.names)
        return chain.decode(), key.decode()

    def played(front: Front) -> int:
        ports = {key_of(front, NODE): _free_port()}
        proxy.load(write_configuration([front], ports, HealthChecks().upstreams, pem_of))
        (port,) = ports.values()
        rule = Rule(PUBLIC, front.port, ("127.0.0.0/8",), "127.0.0.1", port, is_told=True)
        (listening,) = forwarder.apply([rule])
        assert listening.port
        return listening.port

    yield played
    forwarder.stop()
    # Nobody but root may write to it, and configure the proxy.
    assert (folder / ADMIN).stat().st_mode & 0o022 == 0
    proxy.stop()
    assert not proxy.running


def group(*targets: Target, **more: Any) -> Group:
    given = {"check_port": "traffic-port", "check_tls": False, "codes": "200", "path": "/", **more}
    times = {"interval": 0, "timeout": 2, "healthy_after": 2, "unhealthy_after": 2}
    return Group("group", tls=False, targets=targets, **given, **times)


def front(action: Action, certificate: Certificate | None = None) -> Front:
    port = 8443 if certificate else 8081
    arn = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/lab/1"
    return Front(arn, port, certificate is not None, (NODE,), action, 60, certificate)


def ask(port: int, path: str, tls: ssl.SSLContext | None = None, **headers: str) -> httpx.Response:
    transport = httpx.HTTPTransport(verify=tls or False, local_address="127.83.9.9")
    scheme = "https" if tls else "http"
    with httpx.Client(transport=transport, timeout=20) as client:
        return client.get(
            f"{scheme}://{PUBLIC}:{port}{path}", headers={"Host": "lab.test", **headers}
        )


def test_a_request_goes_on_as_aws_hands_it_on(
    play: Callable[[Front], int], target: Target, authority: CertificateAuthority
) -> None:
    certificate = Certificate("arn", ("lab.test",))
    port = play(front(Action("forward", group=group(target)), certificate))
    tls = ssl.create_default_context(cadata=authority.pem.decode())
    # The certificate is shown to who names nothing, too.
    tls.check_hostname = False

    answer = ask(port, "/a?b=1", tls, **{"X-Forwarded-For": "8.8.8.8", "X-Forwarded-Proto": "x"})

    told = answer.json()
    assert told["host"] == "lab.test"
    assert told["x-forwarded-for"] == "8.8.8.8, 127.83.9.9"
    assert (told["x-forwarded-proto"], told["x-forwarded-port"]) == ("https", "8443")
    assert (told["peer"], told["path"]) == (NODE.private_ip, "/a?b=1")
    assert "via" not in told


def test_other_actions(play: Callable[[Front], int]) -> None:
    answer = ask(play(front(Action("redirect", (*REDIRECT, ("StatusCode", "HTTP_302"))))), "/a?b=1")
    assert (answer.status_code, answer.headers["location"]) == (302, "https://lab.test:443/a?b=1")
    fixed = (("ContentType", "text/plain"), ("MessageBody", "later"), ("StatusCode", "503"))
    answer = ask(play(front(Action("fixed-response", fixed))), "/")
    assert (answer.status_code, answer.text) == (503, "later")


def test_where_it_was_killed_it_starts_again(tmp_path: Path) -> None:
    proxy = Proxy(tmp_path)
    proxy.start(ensure_program())
    (pid,) = (each for each in Path("/proc").glob("[0-9]*") if _runs_in(each, tmp_path))
    os.kill(int(pid.name), signal.SIGKILL)
    assert wait_for(lambda: not proxy.running, 5, 0.05)
    # What it left there isn't in the way.
    assert (tmp_path / ADMIN).exists()
    proxy.start(ensure_program())
    assert proxy.running
    proxy.stop()
    assert not (tmp_path / ADMIN).exists()


def _runs_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").resolve() == folder
    except OSError:
        return False


def test_without_a_target_or_a_way_to_it_there_is_an_answer(
    play: Callable[[Front], int], target: Target
) -> None:
    assert ask(play(front(Action("forward", group=group()))), "/").status_code == 503
    shut = Target(target.instance_id, target.ip, target.port, is_open=False)
    assert ask(play(front(Action("forward", group=group(shut)))), "/").status_code == 504


def test_health_is_what_targets_answer(target: Target, tmp_path: Path) -> None:
    checks, well = HealthChecks(), group(target)
    assert checks.check(well, NODE) == {"i-1": ("healthy", "", "")}

    missing = group(target, path="/missing")
    assert checks.check(missing, NODE)["i-1"][0] == "healthy"
    state, reason, words = checks.check(missing, NODE)["i-1"]
    assert (state, reason) == ("unhealthy", "Target.ResponseCodeMismatch")
    assert "[404]" in words
    # Where none is well, all get requests.
    assert checks.upstreams(missing) == [f"{target.ip}:{target.port}"]
    checks.check(well, NODE)
    assert checks.check(well, NODE)["i-1"][0] == "healthy"
    shut = group(Target("i-2", target.ip, target.port, is_open=False), path="/other")
    checks.check(shut, NODE)
    assert checks.check(shut, NODE)["i-2"][1] == "Target.Timeout"

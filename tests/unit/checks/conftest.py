"""A small HTTPS site on the loopback, certified by an authority of the tests' own."""

import json
import ssl
import threading
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from workbench.checks.target import Address
from workbench.checks.target import Answer
from workbench.checks.target import Target

NAME = "bench.example"
# path → (status, headers, body)
Pages = dict[str, tuple[int, dict[str, str], str]]


class FakeServer:
    """The server's shell: answers by the beginning of the command."""

    def __init__(self, **answers: str | Answer) -> None:
        self.answers = {
            key.replace("_", " "): value if isinstance(value, Answer) else Answer(0, value)
            for key, value in answers.items()
        }
        self.asked: list[tuple[str, str]] = []
        self.limits: list[float] = []

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        self.asked.append((command, stdin))
        self.limits.append(limit)
        for beginning, answer in self.answers.items():
            if command.startswith(beginning):
                return answer
        return Answer(1, "", f"{command}: not known to this test")


@pytest.fixture
def shell() -> type[FakeServer]:
    return FakeServer


class Authority:
    """A certificate authority."""

    def __init__(
        self, folder: Path, name: str = "Tests' root", kind: Any = x509.NameOID.COMMON_NAME
    ) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(kind, name)])
        self.path = folder / "ca.pem"
        basic = x509.BasicConstraints(ca=True, path_length=None)
        made = self._builder(self.name, self.key.public_key(), days=30).add_extension(basic, True)
        self.path.write_bytes(_pem(made.sign(self.key, hashes.SHA256())))

    def _builder(
        self, subject: x509.Name, key: Any, days: float, age: float = 60
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=age))
            .not_valid_after(now + timedelta(days=days))
        )

    def context(self, names: list[str], days: float, age: float = 60) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        common = x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0] if names else "nobody")
        subject = x509.Name([common])
        made = self._builder(subject, key.public_key(), days, age)
        if names:
            alternatives = x509.SubjectAlternativeName([_general_name(name) for name in names])
            made = made.add_extension(alternatives, False)
        file = self.folder / "site.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(private + _pem(made.sign(self.key, hashes.SHA256())))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        if NAME in names:
            # Who asks for no name gets nothing, as of Caddy.
            context.sni_callback = lambda raw, name, asked: (
                None if name else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
            )
        return context


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def own_authority(tmp_path: Path) -> Authority:
    """The server as its own authority, as Caddy is."""
    return Authority(tmp_path, "Caddy Local Authority - ECC Intermediate")


@pytest.fixture
def make_authority(tmp_path: Path) -> Callable[..., Authority]:
    """Give a function that makes an authority which nobody was told to trust."""
    return lambda *named: Authority(tmp_path, *named)


@pytest.fixture
def with_log(shell: Any) -> Callable[..., Target]:
    """Give a function that puts events into the log of a target's web server."""

    def put(target: Target, *events: dict[str, str]) -> Target:
        lines = "\n".join(["not JSON", *map(json.dumps, events)])
        server = shell(**{"sudo -n journalctl": lines})
        return replace(target, server=lambda: server)

    return put


@dataclass(frozen=True)
class Request:
    """What a site was asked: ``asked`` is the method, but for GET, and the path."""

    asked: str
    headers: Mapping[str, str]
    body: str


@pytest.fixture
def requests() -> list[Request]:
    """Give what the sites of a test were asked, in order."""
    return []


def _handler(pages: Pages, requests: list[Request]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            path = self.path.partition("?")[0]
            key = path if self.command == "GET" else f"{self.command} {path}"
            requests.append(Request(key, dict(self.headers), body))
            status, headers, body = pages.get(key, (404, {}, f"no {key}"))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body.encode())))
            self.send_header("X-Host", self.headers["Host"])
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def make_site(authority: Authority, requests: list[Request]) -> Iterator[Callable[..., Target]]:
    """Give a function that serves pages over http and https, and returns their target."""
    servers: list[tuple[ThreadingHTTPServer, threading.Thread]] = []

    def serve(pages: Pages, context: ssl.SSLContext | None) -> int:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pages, requests))
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        servers.append((server, thread))
        return int(server.server_address[1])

    def make(
        pages: Pages | None = None,
        *,
        http: Pages | None = None,
        names: tuple[str, ...] = (NAME,),
        days: float = 60,
        age: float = 60,
        issuer: Authority = authority,
        **outputs: Any,
    ) -> Target:
        https_port = serve(pages or {}, issuer.context(list(names), days, age))
        ports = {80: serve(http or {}, None), 443: https_port}
        known = {"domain": NAME, "names": [NAME], "users": ["ada"], "address": "127.0.0.1"}
        return Target(
            stack="tests",
            outputs=known | outputs,
            address=Address("127.0.0.1", ports),
            ca_certificate=authority.path,
        )

    yield make
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()

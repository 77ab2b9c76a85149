"""A network with no way out but a proxy or a mirror: both are real, a few lines each."""

import contextlib
import http.client
import http.server
import io
import select
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from typing import Any
from typing import ClassVar
from urllib.parse import urlsplit

import requests
from host_lab import Lab
from host_lab import answer

PROXY_PORT = 3128
MIRROR_PORT = 8900
# A name that only the proxy knows.
MIRROR = "mirror.closed.test"
HELLO = "hello from the mirror"


class Proxy(http.server.BaseHTTPRequestHandler):
    """An HTTP proxy: requests by their whole address, and tunnels by CONNECT."""

    asked: ClassVar[set[str]] = set()
    # Names that this computer knows otherwise, or not, and a port where it is another one.
    hosts: ClassVar[dict[str, tuple[str, int | None]]] = {}

    def do_CONNECT(self) -> None:
        host, _, port = self.path.rpartition(":")
        try:
            there = self._connect(host, int(port))
        except OSError:
            return answer(self, 502, b"")
        self.send_response(200)
        self.end_headers()
        with there:
            _pass_on(self.connection, there)
        self.close_connection = True
        return None

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        port = parts.port or 80
        headers = {name: value for name, value in self.headers.items() if "proxy" not in name}
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = http.client.HTTPConnection(parts.hostname or "", port, timeout=60)
        try:
            connection.sock = self._connect(parts.hostname or "", port)
            connection.request(self.command, path, headers=headers)
            said = connection.getresponse()
            self.send_response(said.status)
            for name, value in said.getheaders():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            content = said.read()
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
        except OSError:
            answer(self, 502, b"")
        finally:
            connection.close()

    do_HEAD = do_GET

    def _connect(self, host: str, port: int) -> socket.socket:
        self.asked.add(host)
        address, own_port = self.hosts.get(host, (host, None))
        return socket.create_connection((address, own_port or port), timeout=60)

    def log_message(self, *_: Any) -> None:
        pass


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    """Carry bytes both ways until one end has no more."""
    while True:
        ready = select.select([one, other], [], [], 120)[0]
        for each in ready:
            data = each.recv(65536)
            if not data:
                return
            (other if each is one else one).sendall(data)
        if not ready:
            return


class Mirror(http.server.BaseHTTPRequestHandler):
    """A mirror of Debian and PyPI that fetches what it is asked for, and a CRAN of one package."""

    asked: ClassVar[set[str]] = set()
    upstream: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        kind, _, rest = self.path.lstrip("/").partition("/")
        self.asked.add(kind)
        if kind == "hello":
            return answer(self, 200, HELLO.encode())
        if kind == "cran":
            content = cran().get(rest.partition("/src/contrib/")[2])
            return answer(self, 404 if content is None else 200, content or b"")
        if kind not in self.upstream:
            return answer(self, 404, b"")
        accept = {"Accept": self.headers.get("Accept", "*/*")}
        said = requests.request(
            self.command, f"{self.upstream[kind]}/{rest}", headers=accept, timeout=60
        )
        content = said.content
        if kind == "simple":
            own = f"http://{self.headers['Host']}/files/"
            content = content.replace(f"{self.upstream['files']}/".encode(), own.encode())
        self.send_response(said.status_code)
        self.send_header("Content-Type", said.headers.get("Content-Type", ""))
        size = len(content) if content else said.headers.get("Content-Length", 0)
        self.send_header("Content-Length", str(size))
        self.end_headers()
        self.wfile.write(content)
        return None

    do_HEAD = do_GET

    def log_message(self, *_: Any) -> None:
        pass


PIPS = """
from pip._internal.models.index import PyPI
print(PyPI.simple_url, "https://" + PyPI.file_storage_domain)
"""


def upstream(lab: Lab) -> dict[str, str]:
    """Return where what no mirror is named to gets packages from, as pip and apt know it."""
    asked = subprocess.run([sys.executable, "-c", PIPS], capture_output=True, text=True, check=True)
    found = dict(zip(("simple", "files"), asked.stdout.split(), strict=True))
    for line in lab.run("apt-get indextargets --format '$(RELEASE) $(REPO_URI)'").splitlines():
        release, uri = line.split()
        kind = "debian-security" if release.endswith("-security") else "debian"
        found[kind] = uri.rstrip("/")
    return found


def cran() -> dict[str, bytes]:
    """Return the files of a repository with one R package, in its source form."""
    about = "Package: tiny\nVersion: 1.0\nLicense: GPL-3\n"
    more = "Title: T\nDescription: D.\nAuthor: A\nMaintainer: A <a@example.org>\n"
    built = "NeedsCompilation: no\nPackaged: 2026-01-01 00:00:00 UTC; a\n"
    package = {
        "tiny/DESCRIPTION": about + more + built,
        "tiny/NAMESPACE": "export(answer)\n",
        "tiny/R/a.R": "answer <- function() 42\n",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in package.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return {"PACKAGES": about.encode(), "tiny_1.0.tar.gz": packed.getvalue()}


@contextlib.contextmanager
def closed(bridge: str) -> Iterator[None]:
    """Have a bridge's machines reach this computer, and nothing beyond it."""
    rule = ["DOCKER-USER", "-i", bridge, "!", "-o", bridge, "-j", "REJECT"]
    subprocess.run(["iptables", "-I", *rule], check=True)
    try:
        yield
    finally:
        subprocess.run(["iptables", "-D", *rule], check=True)

"""A server of the tests' own: a machine that boots the real user data, and what it reaches.

Metadata and S3 are a few lines here, so that these tests don't lean on the rehearsal's own.
"""

import contextlib
import datetime
import hashlib
import http.server
import json
import secrets
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from functools import cached_property
from pathlib import Path
from typing import Any
from typing import ClassVar

import docker
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from clients import Hub
from clients import Site
from docker.errors import NotFound

from workbench.host.bootstrap import render_bootstrap
from workbench.host.pack import pack_recipe
from workbench.rehearsal.endpoints.ca import CertificateAuthority
from workbench.rehearsal.endpoints.metadata import METADATA_ADDRESS
from workbench.rehearsal.endpoints.pebble import ACME_HOST
from workbench.rehearsal.endpoints.pebble import Pebble
from workbench.rehearsal.machines.containers import Machines
from workbench.rehearsal.machines.containers import MachineSpec
from workbench.rehearsal.machines.host_certificates import extra_certificates
from workbench.rehearsal.machines.network import NetworkInfo
from workbench.rehearsal.names import container_name
from workbench.rehearsal.names import network_name
from workbench.rehearsal.network.dns import AWS_ENDPOINT_ADDRESS
from workbench.rehearsal.network.dns import RESOLVER_ADDRESS
from workbench.rehearsal.network.dns import DnsServer
from workbench.rehearsal.network.dns import Listen
from workbench.rehearsal.network.zones import Record
from workbench.rehearsal.network.zones import Zone
from workbench.rehearsal.standin import build_package
from workbench.rehearsal.volumes.sparse_files import Volumes

REGION = "us-east-1"
BUCKET = "lab-recipe"
ROLE = "lab-role"
DOMAIN = "lab.test"
CREDENTIALS = Credentials("ASIATESTTESTTESTTEST", secrets.token_hex(20), secrets.token_hex(20))
FIRST_LIMIT = 600.0


class Metadata(http.server.BaseHTTPRequestHandler):
    """As much of IMDSv2 as cloud-init and the bootstrap ask for."""

    lab: ClassVar["Lab"]

    def do_PUT(self) -> None:
        answer(self, 200 if self.path == "/latest/api/token" else 404, b"a-token")

    def do_GET(self) -> None:
        if self.headers["X-aws-ec2-metadata-token"] != "a-token":
            return answer(self, 401, b"")
        credentials = {
            "AccessKeyId": CREDENTIALS.access_key,
            "SecretAccessKey": CREDENTIALS.secret_key,
            "Token": CREDENTIALS.token,
        }
        tree = {
            "meta-data/": "instance-id\nlocal-hostname\npublic-keys/",
            "meta-data/instance-id": self.lab.instance_id,
            "meta-data/local-hostname": "ip-10-0-0-7.ec2.internal",
            "meta-data/public-keys/": "0=someone",
            "meta-data/public-keys/0/openssh-key": self.lab.public_key,
            "meta-data/public-ipv4": self.lab.public_address,
            "meta-data/public-hostname": "ec2-203-0-113-7.compute-1.amazonaws.com",
            "meta-data/iam/security-credentials/": ROLE,
            f"meta-data/iam/security-credentials/{ROLE}": json.dumps(credentials),
            "dynamic/instance-identity": "document",
            "dynamic/instance-identity/document": json.dumps({"instanceId": self.lab.instance_id}),
            "user-data": render_bootstrap(BUCKET, REGION),
        }
        text = tree.get(self.path.split("/", 2)[-1])
        return answer(self, 404 if text is None else 200, (text or "").encode())

    def log_message(self, *_: Any) -> None:
        pass


class Bucket(http.server.BaseHTTPRequestHandler):
    """A private bucket: it gives its objects to requests that the role signed."""

    objects: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        if not self._is_signed():
            return answer(self, 403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        content = self.objects.get(self.path)
        return answer(self, 404 if content is None else 200, content or b"")

    def _is_signed(self) -> bool:
        signed = ("x-amz-date", "x-amz-content-sha256", "x-amz-security-token")
        request = AWSRequest("GET", f"https://{self.headers['Host']}{self.path}")
        for name in signed:
            request.headers[name] = self.headers[name]
        request.context["timestamp"] = self.headers["x-amz-date"]
        auth = S3SigV4Auth(CREDENTIALS, "s3", REGION)
        auth.payload = lambda _: self.headers["x-amz-content-sha256"]  # type: ignore[method-assign]
        text = auth.canonical_request(request)
        mine = auth.signature(auth.string_to_sign(request, text), request)
        taken = datetime.datetime.strptime(self.headers["x-amz-date"], "%Y%m%dT%H%M%SZ")
        age = datetime.datetime.now(datetime.UTC).replace(tzinfo=None) - taken
        return (
            self.headers["x-amz-security-token"] == CREDENTIALS.token
            and self.headers["Authorization"].endswith(f"Signature={mine}")
            and abs(age.total_seconds()) < 900
        )

    def log_message(self, *_: Any) -> None:
        pass


def answer(handler: http.server.BaseHTTPRequestHandler, code: int, content: bytes) -> None:
    handler.send_response(code)
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)


class OnBridge(http.server.ThreadingHTTPServer):
    """A server on an address of one bridge: other rehearsals have the same on theirs."""

    def __init__(
        self,
        bridge: str,
        address: tuple[str, int],
        handler: type[http.server.BaseHTTPRequestHandler],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._bridge, self._tls = bridge, tls
        super().__init__(address, handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._bridge.encode())
        super().server_bind()

    def handle_error(self, *_: Any) -> None:
        """Say nothing of clients that went away."""


@dataclass
class Lab:
    """One data volume, and one server at a time that it is attached to."""

    client: docker.DockerClient
    image: str
    folder: Path
    authority: CertificateAuthority
    public_key: str
    name: str = field(default_factory=lambda: f"host-{secrets.token_hex(4)}")
    volume_id: str = field(default_factory=lambda: f"vol-{secrets.token_hex(8)[:17]}")
    instance_id: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    first: dict[str, Any] = field(default_factory=dict)
    public_address: str = "203.0.113.7"

    @cached_property
    def machines(self) -> Machines:
        certificates = [self.authority.cert_path, *self.extra()]
        network = network_name(self.name)
        return Machines(
            self.client, self.name, self.folder, network, self.image, certificates, RESOLVER_ADDRESS
        )

    @property
    def volumes(self) -> Volumes:
        return Volumes(self.client, self.name, self.folder)

    @property
    def address(self) -> str:
        return self.machines.address(self.instance_id) or ""

    def extra(self) -> list[Path]:
        """Return the authorities that this computer trusts besides its distribution's."""
        paths = []
        for number, text in enumerate(extra_certificates()):
            path = self.folder / f"extra-{number}.crt"
            path.write_text(text)
            paths.append(path)
        return paths

    def publish(self, **changes: Any) -> None:
        """Put the recipe and the settings, changed, into the bucket."""
        packed = pack_recipe(services=(self.settings | changes).get("services"))
        key = f"recipe/{packed.sha256}.tar.gz"
        self.settings |= {"recipe": {"key": key, "sha256": packed.sha256}, **changes}
        Bucket.objects[f"/{BUCKET}/{key}"] = packed.content
        Bucket.objects[f"/{BUCKET}/settings.json"] = json.dumps(self.settings).encode()

    def boot(self) -> None:
        """Start a new server, and attach its volume when it has begun to converge, as EC2 may."""
        self.instance_id = f"i-{secrets.token_hex(8)}"
        spec = MachineSpec(self.instance_id, "t3.medium", 4096, 2, "ip-10-0-0-7")
        self.machines.create(spec)
        self.machines.start(self.instance_id)
        self.wait_for(lambda: bool(self.events()))
        self.volumes.attach(self.volume_id, self.instance_id, self.container, "/dev/sdf")

    def replace(self) -> None:
        """Throw the server away and make another on the same volume."""
        self.machines.terminate(self.instance_id)
        self.boot()

    def zone(self) -> Zone:
        """Return the domain's records: the server there is now."""
        addresses = (self.address,) if self.instance_id else ()
        names = (DOMAIN, f"*.{DOMAIN}")
        return Zone(DOMAIN, tuple(Record(name, "A", ttl=1, values=addresses) for name in names))

    @property
    def container(self) -> str:
        return container_name(self.name, self.instance_id)

    def run(self, script: str, *, stdin: str = "", code: int = 0) -> str:
        """Run a script on the server as root; fail with its output if it fails."""
        done = subprocess.run(
            ["docker", "exec", "-i", self.container, "bash", "-c", script],
            input=stdin,
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, f"{script}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def journal(self, unit: str) -> str:
        """Return a command that shows what a unit logs from now on.

        By the journal's own place, not by time: the clock of a computer may be set meanwhile.
        """
        place = self.run("journalctl -n 1 --show-cursor -o cat | sed -n 's/^-- cursor: //p'")
        return f"journalctl -u {unit} --after-cursor '{place}' -o cat --no-pager"

    def events(self) -> list[dict[str, Any]]:
        """Return the progress of the last run, as the server tells it."""
        # From outside: what is waited for is asked often, and each command in a machine costs more.
        with contextlib.suppress(OSError, NotFound):
            pid = self.client.api.inspect_container(self.container)["State"]["Pid"]
            text = Path(f"/proc/{pid}/root/var/log/workbench/progress.jsonl").read_text()
            events = [json.loads(line) for line in text.splitlines()]
            return [event for event in events if event["run"] == events[-1]["run"]]
        return []

    def wait_converged(self, limit: float = FIRST_LIMIT) -> dict[str, Any]:
        """Wait for the end of the run in progress; return its last line."""
        last: list[dict[str, Any]] = []

        def has_ended() -> bool:
            last[:] = self.events()[-1:]
            return bool(last) and last[0]["event"] == "end"

        self.wait_for(has_ended, limit)
        return last[0]

    def wait_for(self, condition: Callable[[], object], limit: float = 120) -> None:
        """Wait until the server is so; fail with its console's last lines."""
        deadline = time.monotonic() + limit
        while not condition():
            is_well = self.machines.state(self.instance_id) == "running"
            if not is_well or time.monotonic() > deadline:
                raise AssertionError(self.machines.console(self.instance_id)[-5000:])
            time.sleep(0.3)

    def converge(self, *, ok: bool = True) -> dict[str, Any]:
        """Converge now, as a person would; return the run's last line."""
        # The run before has told its end, and may not have ended: a start would only join it.
        state = "systemctl is-active workbench-converge || true"
        self.wait_for(lambda: self.run(state) in ("inactive", "failed"))
        self.run(f"systemctl start workbench-converge; [ $? {'=' if ok else '!='} 0 ]")
        end = self.events()[-1]
        assert (end["result"] == "ok") is ok, self.failure()
        return end

    def failure(self) -> str:
        """Return the failed step's log, or nothing."""
        steps = [event for event in self.events() if event.get("result") == "failed"]
        return "\n".join(["", *steps[0].get("log", [])]) if steps else ""

    def site(self) -> Site:
        """Return the server as a browser on its network sees it."""
        ports = {"80": 80, "443": 443}
        return Site(f"https://{DOMAIN}", self.address, ports, str(self.folder / "ca.pem"))


@contextlib.contextmanager
def at_hub(lab: Lab, password: str, user: str = "test-user") -> Iterator[Hub]:
    """Give a person who has signed in to JupyterHub and started their server."""
    hub = Hub(lab.site(), user)
    with hub.http:
        assert hub.sign_in(password).status_code == 302
        hub.start_server()
        yield hub


def sign_in(lab: Lab, user: str, password: str) -> int:
    """Return what JupyterHub answers to a password: 302 is yes, 403 is no."""
    hub = Hub(lab.site(), user)
    with hub.http:
        return hub.sign_in(password).status_code


def settings(lab: Lab, gateway: str, package: Path, acme: str) -> dict[str, Any]:
    return {
        "version": 1,
        "name": "Penguin lab",
        "region": REGION,
        "domain": DOMAIN,
        "names": [DOMAIN],
        "acme": {
            "directory": acme,
            "email": None,
            "root_certificate": lab.authority.pem.decode(),
        },
        "administrator": {"name": "admin", "public_keys": [lab.public_key]},
        "users": [
            {"name": "test-user", "public_keys": [lab.public_key], "administrator": True},
            {"name": "ann", "public_keys": [], "administrator": False},
        ],
        "data_volume": {"id": lab.volume_id, "device": "/dev/sdf"},
        "rstudio": {
            "url": f"http://{gateway}:8899/{package.name}",
            "sha256": hashlib.sha256(package.read_bytes()).hexdigest(),
        },
        "mirrors": {"pypi": None, "npm": None},
        # It takes minutes; a test that wants something of it asks for that.
        "packages": {"base": []},
        "ca_certificates": [],
    }


@contextlib.contextmanager
def served(server: http.server.HTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextlib.contextmanager
def surroundings(lab: Lab, network: NetworkInfo) -> Iterator[None]:
    """Give the machines what AWS gives: metadata, names, S3, and an ACME server."""
    Metadata.lab = lab
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate, key = lab.authority.issue([f"s3.{REGION}.amazonaws.com"])
    (lab.folder / "s3.pem").write_bytes(certificate + key)
    tls.load_cert_chain(lab.folder / "s3.pem")
    package = build_package(lab.folder / "packages")

    class Packages(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(package.parent))

        def log_message(self, *_: Any) -> None:
            pass

    dns = DnsServer(lambda: [lab.zone()], {ACME_HOST: network.gateway})
    dns.start(Listen(RESOLVER_ADDRESS, 53, network.bridge), Listen("127.0.0.1", 0))
    pebble = Pebble(lab.folder / "pebble", lab.authority, "{}:{}".format(*dns.addresses[1]))
    pebble.start(network.gateway, lab.folder / "ca.pem")
    lab.first = settings(lab, network.gateway, package, pebble.acme_directory)
    lab.settings = dict(lab.first)
    bridge = network.bridge
    with (
        served(OnBridge(bridge, (METADATA_ADDRESS, 80), Metadata)),
        served(OnBridge(bridge, (AWS_ENDPOINT_ADDRESS, 443), Bucket, tls)),
        served(OnBridge(bridge, (network.gateway, 8899), Packages)),
    ):
        yield
    pebble.stop()
    dns.stop()

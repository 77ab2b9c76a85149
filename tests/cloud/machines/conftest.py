"""Machines of a rehearsal of the tests' own, with a metadata server of a few lines."""

import http.server
import json
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any
from typing import ClassVar

import docker
import pytest
from left_behind import make_state_folder

from workbench.progress import Progress
from workbench.rehearsal.docker_engine import ensure_engine
from workbench.rehearsal.machines.containers import Machines
from workbench.rehearsal.machines.containers import MachineSpec
from workbench.rehearsal.machines.image import ensure_image
from workbench.rehearsal.names import container_name
from workbench.rehearsal.names import network_name
from workbench.rehearsal.volumes.sparse_files import Volumes

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJZ2pC6vO0yqXrB0F8Ea8Jb5xQm2Fv7u4m9cWc2T3nXk someone"
# Each boot adds a line; user data runs at the first only.
USER_DATA = "#!/bin/sh\necho ran >> /root/user-data\necho user data was here > /dev/console\n"


class Metadata(http.server.BaseHTTPRequestHandler):
    """As much of IMDSv2 as cloud-init asks for."""

    instances: ClassVar[dict[str, str]] = {}
    enabled = True

    def do_PUT(self) -> None:
        self._answer(200 if self.enabled else 403, "a-token")

    def do_GET(self) -> None:
        if self.headers["X-aws-ec2-metadata-token"] != "a-token":
            return self._answer(401, "")
        instance_id = self.instances[self.client_address[0]]
        tree = {
            "meta-data/": "instance-id\nlocal-hostname\npublic-keys/\nplacement/",
            "meta-data/instance-id": instance_id,
            "meta-data/local-hostname": "ip-10-0-0-7.ec2.internal",
            "meta-data/placement/": "availability-zone",
            "meta-data/placement/availability-zone": "us-east-1a",
            "meta-data/public-keys/": "0=someone",
            "meta-data/public-keys/0/openssh-key": KEY,
            "dynamic/instance-identity": "document",
            "dynamic/instance-identity/document": json.dumps({"instanceId": instance_id}),
            "user-data": USER_DATA,
        }
        text = tree.get(self.path.split("/", 2)[-1])
        return self._answer(404 if text is None else 200, text or "")

    def _answer(self, code: int, text: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        pass


class MetadataServer(http.server.ThreadingHTTPServer):
    """The metadata address on one bridge: other rehearsals have it on theirs."""

    def __init__(self, bridge: str) -> None:
        self.bridge = bridge
        address = ["ip", "address", "replace", "169.254.169.254/32", "dev", bridge]
        subprocess.run(address, check=True)
        super().__init__(("169.254.169.254", 80), Metadata)

    def server_bind(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.bridge.encode())
        super().server_bind()


@dataclass
class Cloud:
    """A rehearsal's machines and volumes, and a way to look into a machine."""

    client: docker.DockerClient
    image: str
    state_dir: Path
    certificates: list[Path] = field(default_factory=list)
    key: str = KEY
    metadata: type[Metadata] = Metadata
    name: str = field(default_factory=lambda: f"test-{secrets.token_hex(4)}")

    def machines(self) -> Machines:
        """Return a new object, as after a crash: it knows only what it finds."""
        return Machines(
            self.client,
            self.name,
            self.state_dir,
            network_name(self.name),
            self.image,
            self.certificates,
            "169.254.169.253",
        )

    def volumes(self) -> Volumes:
        return Volumes(self.client, self.name, self.state_dir)

    def create(
        self, memory_mib: int = 512, vcpus: int = 1, kind: str = "t3.nano", account: str = ""
    ) -> str:
        """Make a machine; return its instance id."""
        made = f"i-{secrets.token_hex(8)}"
        spec = MachineSpec(made, kind, memory_mib, vcpus, "ip-10-0-0-7", account)
        self.machines().create(spec)
        Metadata.instances[self.machines().address(made) or ""] = made
        return made

    def boot(self, instance_id: str) -> None:
        self.machines().start(instance_id)
        self.wait_booted(instance_id)

    def container(self, instance_id: str) -> str:
        return container_name(self.name, instance_id)

    def folder(self) -> Path:
        return self.state_dir / "rehearsals" / self.name

    def run(self, instance_id: str, script: str) -> str:
        """Run a script in a machine as root; fail with its output if it fails."""
        # Not by docker-py, which loses some output now and then (docker/docker-py#2042).
        done = subprocess.run(
            ["docker", "exec", self.container(instance_id), "bash", "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout.strip()

    def wait_booted(self, instance_id: str, limit: float = 120) -> None:
        """Wait until a machine has booted, cloud-init included, and nothing failed."""
        deadline = time.monotonic() + limit
        while True:
            assert time.monotonic() < deadline, self.machines().console(instance_id)
            try:
                container = self.client.containers.get(self.container(instance_id))
                _, state = container.exec_run(["systemctl", "is-system-running", "--wait"])
            except docker.errors.APIError:  # not running at the moment
                continue
            if state.strip() in {b"running", b"degraded"}:
                break
        assert self.run(instance_id, "systemctl --failed --plain --no-legend") == ""

    def wait_state(self, instance_id: str, state: str, limit: float = 60) -> None:
        deadline = time.monotonic() + limit
        while self.machines().state(instance_id) != state:
            assert time.monotonic() < deadline
            time.sleep(0.05)


@pytest.fixture(scope="session")
def engine() -> Iterator[tuple[docker.DockerClient, str]]:
    progress = Progress(quiet=True)
    client = ensure_engine(progress)
    yield client, ensure_image(client, progress).tag
    client.close()


@pytest.fixture(scope="module")
def cloud(engine: tuple[docker.DockerClient, str]) -> Iterator[Cloud]:
    made = Cloud(*engine, state_dir=make_state_folder("machines"))
    server = MetadataServer(made.machines().ensure_network().bridge)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()
    made.machines().remove_all()
    made.volumes().remove_all()
    shutil.rmtree(made.state_dir, ignore_errors=True)


@pytest.fixture(scope="module")
def instance_id(cloud: Cloud) -> str:
    """Return a machine that has booted; tests leave it running."""
    made = cloud.create()
    cloud.boot(made)
    return made

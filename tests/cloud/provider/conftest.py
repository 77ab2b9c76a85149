"""The rehearsal's AWS API on loopback, and the plugin as the engine starts and calls it."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import grpc
import pytest
from plugin_world import World
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import provider_pb2_grpc
from settling import settle

from workbench.rehearsal.api.parameters import publish_images
from workbench.rehearsal.api.server import Api
from workbench.rehearsal.provider import table
from workbench.rehearsal.provider.values import decode_struct
from workbench.rehearsal.provider.values import encode_struct

SERVICES = ("acm", "backup", "ec2", "elbv2", "iam", "route53", "s3", "ssm", "sts")
ROOT = Path(__file__).parents[3]


class Machines(threading.Thread):
    """Do in an instant what machines and volumes do in a rehearsal: follow the API."""

    def __init__(self, api: Api) -> None:
        super().__init__(name="machines", daemon=True)
        self.api = api
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.is_set():
            self.api.changed.wait(1)
            self.api.changed.clear()
            with self.api.lock:
                settle(self.api.ec2)
                for balancer in self.api.balancing.load_balancers.values():
                    balancer.state = "active"

    def stop(self) -> None:
        self.ended.set()
        self.api.changed.set()
        self.join()


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """Give the rehearsal's AWS API, empty, on a free port of loopback, without machines."""
    api = Api("us-east-1")
    publish_images(api.ec2, ["debian-12", "ubuntu-24.04"])
    api.url = api.start()
    machines = Machines(api)
    machines.start()
    yield api
    machines.stop()
    api.stop()


@pytest.fixture(scope="module")
def aws(api: Api) -> Iterator[Callable[[str], Any]]:
    """Give clients that act behind the plugin's back."""
    clients = []
    session = boto3.Session(
        aws_access_key_id="behind", aws_secret_access_key="the-back", region_name="us-east-1"
    )

    def client(service: str) -> Any:
        clients.append(session.client(service, endpoint_url=api.url))
        return clients[-1]

    yield client
    for one in clients:
        one.close()


@dataclass(frozen=True)
class Made:
    """A resource as the engine has it in its state."""

    urn: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]

    @property
    def type(self) -> str:
        return self.urn.split("::")[2]


class Engine:
    """The engine's side of the provider protocol, in the order in which the engine calls it."""

    def __init__(self, address: str) -> None:
        self.channel = grpc.insecure_channel(address)
        self.stub = provider_pb2_grpc.ResourceProviderStub(self.channel)

    def configure(self, config: dict[str, Any]) -> Any:
        self.stub.Handshake(
            messages.ProviderHandshakeRequest(engine_address="127.0.0.1:1"), timeout=30
        )
        return self.stub.Configure(messages.ConfigureRequest(args=encode_struct(config)))

    def check(self, kind: str, name: str, news: dict[str, Any], olds: dict[str, Any]) -> Any:
        request = messages.CheckRequest(
            urn=urn_of(kind, name),
            news=encode_struct(news),
            olds=encode_struct(olds),
            randomSeed=f"{kind}{name}".encode(),
        )
        return self.stub.Check(request)

    def checked(
        self, kind: str, name: str, news: dict[str, Any], olds: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        answer = self.check(kind, name, news, olds or {})
        assert not answer.failures, answer.failures
        return decode_struct(answer.inputs)

    def create(self, kind: str, name: str, inputs: dict[str, Any]) -> Made:
        checked = self.checked(kind, name, inputs)
        urn = urn_of(kind, name)
        answer = self.stub.Create(
            messages.CreateRequest(urn=urn, properties=encode_struct(checked), timeout=60)
        )
        assert answer.id
        return Made(urn, answer.id, checked, decode_struct(answer.properties))

    def read(self, made: Made) -> Made | None:
        answer = self.stub.Read(
            messages.ReadRequest(
                urn=made.urn,
                id=made.id,
                properties=encode_struct(made.outputs),
                inputs=encode_struct(made.inputs),
            )
        )
        if not answer.id:
            return None
        return Made(
            made.urn, answer.id, decode_struct(answer.inputs), decode_struct(answer.properties)
        )

    def diff(self, made: Made, news: dict[str, Any]) -> Any:
        return self.stub.Diff(
            messages.DiffRequest(
                id=made.id,
                urn=made.urn,
                olds=encode_struct(made.outputs),
                old_inputs=encode_struct(made.inputs),
                news=encode_struct(news),
            )
        )

    def update(self, made: Made, news: dict[str, Any], *, preview: bool = False) -> Made:
        answer = self.stub.Update(
            messages.UpdateRequest(
                id=made.id,
                urn=made.urn,
                olds=encode_struct(made.outputs),
                old_inputs=encode_struct(made.inputs),
                news=encode_struct(news),
                preview=preview,
                timeout=60,
            )
        )
        return replace(made, inputs=news, outputs=decode_struct(answer.properties))

    def delete(self, made: Made) -> None:
        self.stub.Delete(
            messages.DeleteRequest(
                id=made.id, urn=made.urn, properties=encode_struct(made.outputs), timeout=5
            )
        )

    def invoke(self, token: str, **arguments: Any) -> dict[str, Any]:
        answer = self.stub.Invoke(messages.InvokeRequest(tok=token, args=encode_struct(arguments)))
        return decode_struct(getattr(answer, "return"))


def urn_of(kind: str, name: str) -> str:
    assert kind in table.TYPES or kind.startswith("aws:")
    return f"urn:pulumi:stack::project::{kind}::{name}"


@pytest.fixture(scope="session")
def plugin_address() -> Iterator[str]:
    """Start the plugin as the engine does; give its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench.rehearsal.provider", "127.0.0.1:1"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield f"127.0.0.1:{int(process.stdout.readline())}"
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    process.stdout.close()


@pytest.fixture(scope="module")
def provider_config(api: Api) -> dict[str, Any]:
    """Give the provider's configuration as it arrives from a stack's: nested values as JSON."""
    return {
        "region": "us-east-1",
        "endpoints": json.dumps([dict.fromkeys(SERVICES, api.url)]),
        "accessKey": "rehearsal",
        "secretKey": "rehearsal",
        "defaultTags": json.dumps({"tags": {"project": "workbench"}}),
        "skipCredentialsValidation": "true",
    }


@pytest.fixture(scope="module")
def engine(plugin_address: str, provider_config: dict[str, Any]) -> Iterator[Engine]:
    """Give the engine's side, configured for the AWS API of the tests."""
    engine = Engine(plugin_address)
    answer = engine.configure(provider_config)
    assert answer.acceptSecrets
    assert answer.supportsPreview
    yield engine
    engine.channel.close()


@pytest.fixture(scope="module")
def unconfigured(plugin_address: str) -> Iterator[Engine]:
    """Give the engine's side of a plugin for calls that don't need its configuration."""
    engine = Engine(plugin_address)
    yield engine
    engine.channel.close()


@pytest.fixture
def world(engine: Engine) -> Iterator[World]:
    world = World(engine)
    yield world
    for made in reversed(world.made):
        engine.delete(made)

"""Programs run without an engine: what they register is recorded, AWS's answers are made up."""

import asyncio
import functools
import gc
import importlib
import warnings
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization import PublicFormat
from google.protobuf import empty_pb2
from pulumi.runtime import config
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.mocks import MockSettings
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import configure
from pulumi.runtime.stack import run_in_stack

from workbench.host import pack

# The AWS package warns about its own old names while it is imported, whoever imports it.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    for module in (
        "acm",
        "backup",
        "ebs",
        "ec2",
        "ec2transitgateway",
        "iam",
        "lb",
        "route53",
        "s3",
        "ssm",
        "vpc",
    ):
        # Loaded at the first look inside.
        assert importlib.import_module(f"pulumi_aws.{module}").outputs

ELB = "arn:aws:elasticloadbalancing:us-east-1:123456789012"
ANSWERS: dict[str, dict[str, Any]] = {
    "aws:index/getRegion:getRegion": {"region": "us-east-1"},
    "aws:index/getPartition:getPartition": {"partition": "aws", "dnsSuffix": "amazonaws.com"},
    "aws:index/getAvailabilityZones:getAvailabilityZones": {"names": ["us-east-1b", "us-east-1a"]},
    "aws:ec2/getSubnet:getSubnet": {"vpcId": "vpc-theirs", "availabilityZone": "us-east-1c"},
    "aws:ec2/getSubnets:getSubnets": {"ids": []},
    "aws:ec2/getAmi:getAmi": {"architecture": "x86_64"},
    "aws:ec2/getSecurityGroup:getSecurityGroup": {"vpcId": "vpc-theirs"},
    "aws:iam/getInstanceProfile:getInstanceProfile": {"name": "theirs", "roleName": "their-role"},
    "aws:route53/getZone:getZone": {"name": "example.org"},
    "aws:ebs/getVolume:getVolume": {
        "volumeId": "vol-kept",
        "availabilityZone": "us-east-1d",
        "size": 30,
    },
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": {
        "locations": ["us-east-1-atl-2a", "us-east-1b", "us-east-1a"]
    },
}


@dataclass(frozen=True)
class Registration:
    """One RegisterResource or ReadResource request, as the engine would have got it."""

    type: str
    name: str
    urn: str
    inputs: dict[str, Any]
    request: Any
    state: dict[str, Any]

    @property
    def options(self) -> Any:
        return self.request


@dataclass
class Deployment:
    """What a program registered."""

    resources: list[Registration] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def all(self, type_: str) -> list[Registration]:
        return [each for each in self.resources if each.type.endswith(type_)]

    def one(self, type_: str) -> Registration:
        (only,) = self.all(type_)
        return only

    def named(self, name: str) -> Registration:
        (only,) = [each for each in self.resources if each.name == name]
        return only

    @property
    def exports(self) -> dict[str, Any]:
        (stack,) = [urn for urn in self.outputs if "::pulumi:pulumi:Stack::" in urn]
        return self.outputs[stack]


def _made_up(type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    kind = type_.split(":")[-1]
    physical = f"{name}-1234567".lower()
    return {
        "Bucket": {"bucket": physical, "arn": f"arn:aws:s3:::{physical}"},
        "Role": {"name": physical, "arn": f"arn:aws:iam::123456789012:role/{physical}"},
        "InstanceProfile": {"name": physical},
        "KeyPair": {"keyName": physical},
        "Subnet": {"availabilityZone": "us-east-1a"},
        "Volume": {
            "availabilityZone": "us-east-1d",
            "arn": f"arn:aws:ec2:us-east-1:123456789012:volume/{name}",
        },
        "Vault": {"name": physical},
        "Instance": {"privateIp": "10.20.0.10"},
        "Eip": {"publicIp": "198.51.100.7", "allocationId": f"eipalloc-{name}"},
        "LoadBalancer": {"dnsName": f"{physical}.elb.example.net", "zoneId": "ZELB"},
        "TargetGroup": {"arn": f"{ELB}:targetgroup/{physical}/0123456789abcdef"},
        "Certificate": {
            "arn": "arn:aws:acm:us-east-1:123456789012:certificate/0123",
            "domainValidationOptions": [
                {
                    "domainName": each,
                    "resourceRecordName": f"_1.{each.removeprefix('*.')}.",
                    "resourceRecordType": "CNAME",
                    "resourceRecordValue": "_2.acm-validations.aws.",
                }
                for each in [inputs.get("domainName"), *inputs.get("subjectAlternativeNames", [])]
                if each
            ],
        },
        "Zone": {"zoneId": "Z1", "nameServers": ["ns-1.example.net", "ns-2.example.net"]},
    }.get(kind, {}) | inputs


# What AWS says to a lookup with these arguments; None: what it always says here.
Answer = Callable[[str, dict[str, Any]], dict[str, Any] | None]


class RecordingMonitor(MockMonitor):
    """Records raw requests; in a preview, what AWS would decide stays unknown."""

    def __init__(
        self,
        preview: bool,
        cloud: Any = None,
        answer: Answer | None = None,
        outputs: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(None)  # type: ignore[arg-type]
        self.preview = preview
        self.cloud = cloud
        self.answer = answer
        self.outputs = outputs or {}
        self.deployment = Deployment()

    def Invoke(self, request: Any) -> Any:
        arguments = rpc.deserialize_properties(request.args)
        self.deployment.calls.append((request.tok, arguments, request.provider))
        answer = self._answer(request.tok, arguments)
        if isinstance(answer, str):
            failure = provider_pb2.CheckFailure(property="", reason=answer)
            return resource_pb2.ResourceInvokeResponse(failures=[failure])
        return resource_pb2.ResourceInvokeResponse(**{"return": _serialized(answer)})

    def _answer(self, token: str, arguments: dict[str, Any]) -> dict[str, Any] | str:
        if self.cloud:
            return self.cloud.look_up(token, arguments)
        if self.answer and (answer := self.answer(token, arguments)) is not None:
            return answer
        if token.endswith(":getInstanceType"):
            family = arguments["instanceType"].split(".")[0]
            if family not in ("t3", "t4g"):
                return "api error InvalidInstanceType: The following supplied types do not exist"
            return {"supportedArchitectures": ["arm64" if family == "t4g" else "x86_64"]}
        if token.endswith(":getParameter"):
            return {"insecureValue": f"ami-of{arguments['name']}", "value": "secret"}
        return ANSWERS[token]

    def RegisterResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        inputs = rpc.deserialize_properties(request.object, keep_unknowns=True)
        id_, state = "", inputs
        if request.custom and not self.preview:
            id_, state = self._create(request, inputs)
        self._record(request, urn, inputs, state)
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=_serialized(state))

    def _create(self, request: Any, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        if self.cloud and not request.type.startswith("pulumi:"):
            return self.cloud.create(request)
        kind = request.type.split(":")[-1]
        told = self.outputs.get(kind, {}) | self.outputs.get(request.name, {})
        id_ = request.importId or told.get("id") or f"{request.name}-id"
        return id_, _made_up(request.type, request.name, inputs) | told

    def ReadResource(self, request: Any) -> Any:
        urn = self.make_urn(request.parent, request.type, request.name)
        kind = request.type.split(":")[-1]
        state = _made_up(request.type, request.name, self.outputs.get(kind, {}))
        self._record(request, urn, {"id": request.id}, state)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=_serialized(state))

    def _record(self, request: Any, urn: str, inputs: dict[str, Any], state: Any) -> None:
        each = Registration(request.type, request.name, urn, inputs, request, state)
        assert urn not in {other.urn for other in self.deployment.resources}, f"{urn} twice"
        self.deployment.resources.append(each)

    def RegisterResourceOutputs(self, request: Any) -> Any:
        outputs = rpc.deserialize_properties(request.outputs, keep_unknowns=True)
        self.deployment.outputs[request.urn] = outputs
        return empty_pb2.Empty()


def _serialized(values: dict[str, Any]) -> Any:
    coroutine = rpc.serialize_properties(values, {})
    try:
        # Plain values wait for nothing: no event loop is needed, and one takes longer than this.
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError(f"something in {values} isn't known yet")


@contextmanager
def _settings(monitor: MockMonitor, preview: bool) -> Iterator[None]:
    features = set(monitor.GetDeploymentInfo(empty_pb2.Empty()).supportedFeatures)
    configure(
        MockSettings(
            monitor=monitor,
            monitor_features=features,
            engine=None,
            project="workbench",
            stack="test",
            dry_run=preview,
            organization=None,
            outputs=set(),
        )
    )
    yield


Deploy = Callable[..., Deployment]


def run_program(
    program: Callable[[], object],
    *,
    preview: bool = False,
    configuration: dict[str, str] | None = None,
    cloud: Any = None,
    answer: Answer | None = None,
    outputs: dict[str, dict[str, Any]] | None = None,
    into: Deployment | None = None,
) -> Deployment:
    """Run a program in a stack of its own and return what it registered.

    ``outputs`` are what AWS says of resources by their kinds or names, whatever the program asked
    for; ``into`` has what a program registered that fails.
    """
    monitor = RecordingMonitor(preview, cloud, answer, outputs)
    if into is not None:
        monitor.deployment = into

    async def run() -> None:
        with _settings(monitor, preview):
            config.set_all_config({f"workbench:{k}": v for k, v in (configuration or {}).items()})
            await run_in_stack(lambda: _without_result(program))

    asyncio.run(run())
    return monitor.deployment


def _without_result(program: Callable[[], object]) -> None:
    # A component is no awaitable, though its outputs make it look like one.
    program()


@pytest.fixture(scope="session")
def deploy() -> Deploy:
    """Run a program without an engine: ``deploy(program, preview=…, configuration=…)``."""
    return run_program


@pytest.fixture
def registered() -> Deployment:
    """Give what a program that fails registers in: ``deploy(program, into=registered)``."""
    return Deployment()


def _kept(pack_recipe: Callable[..., pack.PackedRecipe]) -> Callable[..., pack.PackedRecipe]:
    packed = functools.cache(pack_recipe)

    def pack_once(services: Iterable[str] | None = None) -> pack.PackedRecipe:
        return packed(services=None if services is None else tuple(services))

    return pack_once


@pytest.fixture(scope="module", autouse=True)
def _no_garbage() -> Iterator[None]:
    """Let go of what programs that failed have left, before other tests come.

    asyncio reports it when it is collected; for the traceback Python 3.11 parses source, and where
    it collects while a test parses, that fails ("AST constructor recursion depth mismatch").
    """
    yield
    gc.collect()


@pytest.fixture(scope="session", autouse=True)
def _packed_once() -> Iterator[None]:
    """Pack the recipe once for all programs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pack, "pack_recipe", _kept(pack.pack_recipe))
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def public_key() -> str:
    """Return a public key that was made for this test run."""
    key = Ed25519PrivateKey.generate().public_key()
    text = key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    return f"{text} tester@example.org"

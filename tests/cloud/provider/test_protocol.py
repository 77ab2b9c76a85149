"""What the engine and the plugin say to each other alongside the resources' own calls."""

import json
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import status_pb2

from workbench.rehearsal.provider.values import SECRET
from workbench.rehearsal.provider.values import SIGNATURE
from workbench.rehearsal.provider.values import UNKNOWN
from workbench.rehearsal.provider.values import UNKNOWN_TEXT
from workbench.rehearsal.provider.values import decode_struct
from workbench.rehearsal.provider.values import encode_struct

VPC = "aws:ec2/vpc:Vpc"
OBJECT = "aws:s3/bucketObjectv2:BucketObjectv2"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE6Z0VnDPkpR6BEc3C1nUNJ6WXLBEQGmUOBDXdDbZ6vX"


def urn(kind: str, name: str = "it") -> str:
    return f"urn:pulumi:stack::project::workbench:index:Network${kind}::{name}"


def refused(call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    """Return the sentence a call is refused with."""
    with pytest.raises(grpc.RpcError) as refusal:
        call(*arguments, **named)
    return str(refusal.value.details())


def is_secret(struct: struct_pb2.Struct, key: str) -> bool:
    fields = struct.fields[key].struct_value.fields
    return SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET


# Configuration


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"region": "us-east-1"}, "has no endpoints"),
        ({"region": "us-east-1", "endpoints": "[{}]"}, "has no endpoints"),
        (
            {
                "region": "us-east-1",
                "endpoints": '[{"ec2": "https://ec2.us-east-1.amazonaws.com"}]',
            },
            "ec2, https://ec2.us-east-1.amazonaws.com, is not on this computer",
        ),
        (
            {"region": "us-east-1", "endpoints": '[{"ec2": "http://127.0.0.1.example.org:1"}]'},
            "is not on this computer",
        ),
        ({"endpoints": '[{"ec2": "http://127.0.0.1:1"}]'}, "has no region"),
    ],
)
def test_it_only_works_with_an_api_on_this_computer(
    unconfigured: Any, config: dict[str, Any], sentence: str
) -> None:
    assert sentence in refused(unconfigured.configure, config)
    answer = unconfigured.stub.CheckConfig(messages.CheckRequest(news=encode_struct(config)))
    assert sentence in answer.failures[0].reason


def test_a_configuration_that_is_not_known_yet_is_no_error_in_a_preview(
    unconfigured: Any, provider_config: dict[str, Any]
) -> None:
    unconfigured.configure({**provider_config, "endpoints": UNKNOWN})
    assert "isn't known yet" in refused(unconfigured.create, VPC, "it", {"cidrBlock": "10.0.0.0/8"})
    unconfigured.configure(provider_config)


def test_a_new_port_of_the_api_replaces_nothing_and_a_new_region_does(unconfigured: Any) -> None:
    def diff(**news: Any) -> Any:
        old = {"region": "us-east-1", "endpoints": '[{"ec2": "http://127.0.0.1:1"}]'}
        return unconfigured.stub.DiffConfig(
            messages.DiffRequest(old_inputs=encode_struct(old), news=encode_struct({**old, **news}))
        )

    assert diff().changes == messages.DiffResponse.DIFF_NONE
    moved = diff(endpoints='[{"ec2": "http://127.0.0.1:2"}]')
    assert moved.changes == messages.DiffResponse.DIFF_SOME
    assert not moved.replaces
    assert list(diff(region="eu-west-1").replaces) == ["region"]


def test_an_endpoint_that_is_not_configured_is_named(
    unconfigured: Any, provider_config: dict[str, Any]
) -> None:
    endpoints = json.loads(provider_config["endpoints"])[0]
    del endpoints["backup"]
    unconfigured.configure({**provider_config, "endpoints": json.dumps([endpoints])})
    sentence = refused(unconfigured.create, "aws:backup/vault:Vault", "it", {})
    assert "no endpoint for backup" in sentence
    unconfigured.configure(provider_config)


def test_an_api_that_does_not_answer_is_said_plainly(
    unconfigured: Any, provider_config: dict[str, Any]
) -> None:
    unconfigured.configure({**provider_config, "endpoints": '[{"ec2": "http://127.0.0.1:9"}]'})
    sentence = refused(unconfigured.create, VPC, "it", {"cidrBlock": "10.0.0.0/16"})
    assert "does not answer" in sentence
    assert "workbench rehearsal.start" in sentence
    unconfigured.configure(provider_config)


# What it doesn't know


def test_an_unknown_resource_type_is_named(engine: Any) -> None:
    sentence = refused(engine.create, "aws:lambda/function:Function", "it", {})
    assert "rehearsal's AWS plugin does not know the resource type" in sentence
    assert "aws:lambda/function:Function" in sentence


def test_an_unknown_lookup_is_named(engine: Any) -> None:
    sentence = refused(engine.invoke, "aws:ec2/getSerialConsoleAccess:getSerialConsoleAccess")
    assert "does not know the lookup" in sentence
    assert "getSerialConsoleAccess" in sentence


def test_an_unknown_property_is_named_before_anything_is_made(engine: Any) -> None:
    answer = engine.check(VPC, "it", {"cidrBlock": "10.0.0.0/16", "ipv6IpamPoolId": "x"}, {})
    assert answer.failures[0].property == "ipv6IpamPoolId"
    assert "does not know the property 'ipv6IpamPoolId' of aws:ec2/vpc:Vpc" in (
        answer.failures[0].reason
    )


def test_a_missing_property_is_named(engine: Any) -> None:
    answer = engine.check("aws:ec2/subnet:Subnet", "it", {}, {})
    assert answer.failures[0].reason == "Subnet needs 'vpcId'."


def test_what_aws_refuses_is_one_sentence_with_its_code(engine: Any) -> None:
    sentence = refused(engine.create, VPC, "it", {"cidrBlock": "10.0.0.0/4"})
    assert sentence.startswith("AWS refused to create Vpc it: ")
    assert "CreateVpc: InvalidVpc.Range" in sentence
    assert "\n" not in sentence


# Inputs


def test_names_are_made_kept_and_made_anew(engine: Any) -> None:
    role = "aws:iam/role:Role"
    news = {"assumeRolePolicy": "{}"}
    first = engine.checked(role, "server", news)
    assert first["name"].startswith("server-")
    assert first["__defaults"] == ["name"]
    assert engine.checked(role, "server", news, first)["name"] == first["name"]
    named = engine.checked(role, "server", {**news, "name": "mine"}, first)
    assert named["name"] == "mine"
    assert engine.checked(role, "server", news, named)["name"] != "mine"
    prefixed = engine.checked(role, "server", {**news, "namePrefix": "x-"})
    assert prefixed["name"].startswith("x-")
    assert engine.checked("aws:s3/bucket:Bucket", "My", {})["bucket"].startswith("my-")


def test_a_name_is_not_made_shorter_than_the_program_says(engine: Any) -> None:
    vault = "aws:backup/vault:Vault"
    assert len(engine.checked(vault, "v" * 42, {})["name"]) == 50
    sentence = refused(engine.check, vault, "v" * 43, {}, {})
    assert "plus 7 random chars is longer than maximum length 50" in sentence


def test_default_tags_are_in_all_tags_and_not_in_its_own(engine: Any) -> None:
    made = engine.create(VPC, "it", {"cidrBlock": "10.3.0.0/16", "tags": {"Name": "a"}})
    assert made.outputs["tags"] == {"Name": "a"}
    assert made.outputs["tagsAll"] == {"Name": "a", "project": "workbench"}
    assert engine.read(made).outputs["tags"] == {"Name": "a"}
    engine.delete(made)


# Previews


def test_a_preview_knows_what_can_be_known(engine: Any) -> None:
    properties = engine.checked(
        "aws:ec2/subnet:Subnet", "it", {"vpcId": UNKNOWN, "cidrBlock": "10.0.1.0/24"}
    )
    answer = engine.stub.Create(
        messages.CreateRequest(
            urn=urn("aws:ec2/subnet:Subnet"), properties=encode_struct(properties), preview=True
        )
    )
    outputs = decode_struct(answer.properties)
    assert answer.id == ""
    assert outputs["cidrBlock"] == "10.0.1.0/24"
    assert outputs["mapPublicIpOnLaunch"] is False
    assert outputs["vpcId"] is UNKNOWN
    assert outputs["arn"] is UNKNOWN
    assert outputs["availabilityZone"] is UNKNOWN


def test_an_unknown_tag_makes_all_tags_unknown(engine: Any) -> None:
    checked = engine.checked(VPC, "it", {"cidrBlock": "10.0.0.0/16", "tags": {"a": UNKNOWN}})
    assert checked["tagsAll"] is UNKNOWN


def test_a_preview_of_an_update_keeps_what_stays_and_forgets_what_may_change(
    engine: Any, bucket: Any
) -> None:
    made = engine.create(OBJECT, "it", {"bucket": bucket.id, "key": "a", "content": "one"})
    news = {**made.inputs, "content": "two"}
    outputs = engine.update(made, news, preview=True).outputs
    assert outputs["content"] == "two"
    assert outputs["etag"] is UNKNOWN
    assert outputs["versionId"] is UNKNOWN
    assert outputs["arn"] == made.outputs["arn"]
    assert engine.read(made).outputs["etag"] == made.outputs["etag"], "nothing was changed"


def test_an_unknown_in_what_needs_a_new_object_is_a_replacement(engine: Any) -> None:
    made = engine.create(VPC, "it", {"cidrBlock": "10.4.0.0/16"})
    answer = engine.diff(made, {**made.inputs, "cidrBlock": UNKNOWN})
    assert list(answer.replaces) == ["cidrBlock"]
    assert answer.detailedDiff["cidrBlock"].kind == messages.PropertyDiff.UPDATE_REPLACE
    engine.delete(made)


# Secrets


@pytest.fixture
def bucket(engine: Any) -> Any:
    made = engine.create("aws:s3/bucket:Bucket", "it", {"forceDestroy": True})
    yield made
    engine.delete(made)


def test_secrets_stay_secret_in_inputs_and_outputs(engine: Any, bucket: Any) -> None:
    news = encode_struct(
        {"bucket": bucket.id, "key": "a", "content": "hidden", "tags": {"a": "b"}},
        {"content", "tags"},
    )
    request = messages.CheckRequest(urn=urn(OBJECT), news=news, olds=encode_struct({}))
    inputs = engine.stub.Check(request).inputs
    assert is_secret(inputs, "content")
    assert is_secret(inputs, "tagsAll"), "what is made of a secret is one"
    assert not is_secret(inputs, "key")

    made = engine.stub.Create(messages.CreateRequest(urn=urn(OBJECT), properties=inputs))
    assert is_secret(made.properties, "content")
    assert is_secret(made.properties, "tagsAll")
    assert not is_secret(made.properties, "etag")
    assert decode_struct(made.properties)["content"] == "hidden"

    found = engine.stub.Read(
        messages.ReadRequest(urn=urn(OBJECT), id=made.id, properties=made.properties, inputs=inputs)
    )
    assert is_secret(found.properties, "content")
    assert is_secret(found.inputs, "content")


def test_a_parameter_looked_up_is_secret_as_with_the_official_plugin(engine: Any, aws: Any) -> None:
    aws("ssm").put_parameter(Name="/it", Value="what it says", Type="String")
    answer = engine.stub.Invoke(
        messages.InvokeRequest(
            tok="aws:ssm/getParameter:getParameter", args=encode_struct({"name": "/it"})
        )
    )
    results = getattr(answer, "return")
    assert is_secret(results, "value")
    assert decode_struct(results)["insecureValue"] == "what it says"


# Failures half way


def test_an_object_that_is_made_but_not_finished_keeps_its_id(engine: Any, aws: Any) -> None:
    # A gateway can be made and then not attached, when the VPC has one already.
    vpc = engine.create(VPC, "it", {"cidrBlock": "10.5.0.0/16"})
    gateway = "aws:ec2/internetGateway:InternetGateway"
    first = engine.create(gateway, "first", {"vpcId": vpc.id})
    checked = engine.checked(gateway, "second", {"vpcId": vpc.id})
    with pytest.raises(grpc.RpcError) as refusal:
        engine.stub.Create(
            messages.CreateRequest(urn=urn(gateway, "second"), properties=encode_struct(checked))
        )
    details = dict(refusal.value.trailing_metadata())["grpc-status-details-bin"]
    status = status_pb2.Status.FromString(details)
    left = messages.ErrorResourceInitFailed()
    assert status.details[0].Unpack(left)
    assert left.id.startswith("igw-")
    assert "Resource.AlreadyAssociated" in left.reasons[0] or "attach" in left.reasons[0]

    # The engine updates it without a change, which finishes what the create began.
    engine.delete(first)
    unfinished = type(first)(
        urn(gateway, "second").replace("workbench:index:Network$", ""),
        left.id,
        checked,
        decode_struct(left.properties),
    )
    finished = engine.update(unfinished, checked)
    assert finished.outputs["vpcId"] == vpc.id
    assert finished.outputs["ownerId"]
    engine.delete(finished)
    engine.delete(vpc)


def test_a_refused_name_of_an_unknown_value_is_not_shown(engine: Any) -> None:
    assert UNKNOWN_TEXT not in refused(
        engine.create, "aws:ec2/keyPair:KeyPair", "it", {"publicKey": "not a key"}
    )
    made = engine.create("aws:ec2/keyPair:KeyPair", "it", {"publicKey": f"{KEY} a comment"})
    other = engine.checked(made.type, "it", {"publicKey": f"  {KEY}\n"}, made.inputs)
    assert engine.diff(made, other).changes == messages.DiffResponse.DIFF_NONE
    engine.delete(made)

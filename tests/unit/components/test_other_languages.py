"""What a program in another language gives, and what it is told."""

import asyncio

import pulumi
import pytest
from pulumi.runtime.proto import provider_pb2

from workbench.components.errors import ArgumentError
from workbench.components.plugin import server
from workbench.components.plugin.package import make_provider


@pytest.fixture(scope="module")
def provider():
    return make_provider()


def mapped(provider, component, inputs):
    return provider.map_inputs(inputs, provider._component_defs[component])


def refusal(provider, monkeypatch, fails):
    """Return what the engine is told of a component that fails with an error."""

    async def construct(self, request, context):
        raise fails

    monkeypatch.setattr(server.ProviderServicer, "_construct", construct)
    servicer = server.Servicer(provider, [], "")
    with pytest.raises(pulumi.InputPropertiesError) as told:
        asyncio.run(servicer._construct(provider_pb2.ConstructRequest(), None))
    return told.value.message


def test_names_are_pythons_in_lists_too(provider):
    given = {"sshFrom": ["203.0.113.7/32"], "users": [{"name": "ada", "publicKeys": ["k"]}]}
    assert mapped(provider, "Workbench", given) == {
        "ssh_from": ["203.0.113.7/32"],
        "users": [{"name": "ada", "public_keys": ["k"]}],
    }


def test_what_isnt_known_yet_is_mapped_when_it_is(provider):
    async def late():
        given = {
            "dataVolumeSize": pulumi.Output.from_input(20.0),
            "users": pulumi.Output.secret([{"name": "ada", "publicKeys": ["k"]}]),
        }
        found = mapped(provider, "Workbench", given)
        values = {key: await value.future() for key, value in found.items()}
        return values, await found["users"].is_secret()

    assert asyncio.run(late()) == (
        {"data_volume_size": 20, "users": [{"name": "ada", "public_keys": ["k"]}]},
        True,
    )


def test_an_output_inside_of_an_object_stays_one(provider):
    async def late():
        boundary = pulumi.Output.from_input("arn:of-boundary")
        given = {"path": "/team/", "permissionsBoundary": boundary, "policyArns": ["arn:a"]}
        role = mapped(provider, "Workbench", {"role": given})["role"]
        return {**role, "permissions_boundary": await role["permissions_boundary"].future()}

    assert asyncio.run(late()) == {
        "path": "/team/",
        "permissions_boundary": "arn:of-boundary",
        "policy_arns": ["arn:a"],
    }


def test_unknown_and_missing_ones_are_for_the_component_to_refuse(provider):
    given = mapped(provider, "Workbench", {"instanceTyp": "t3.medium", "sshFrom": None})
    assert given == {"instanceTyp": "t3.medium"}
    constructor = provider._components["Workbench"]
    with pytest.raises(ArgumentError, match="did you mean 'instance_type'"):
        constructor("lab", given)


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_error_is_one_sentence_in_the_languages_own_names(provider, monkeypatch, wrapped):
    error = ArgumentError("data_volume_size is 0.", "Give it: {'data_volume_size': …}")
    fails = server.ComponentInitError(error) if wrapped else error
    told = refusal(provider, monkeypatch, fails)
    assert told == "dataVolumeSize is 0.\n  Give it: {'dataVolumeSize': …}"


def test_a_mistake_of_ours_keeps_its_traceback(provider, monkeypatch):
    async def construct(self, request, context):
        raise server.ComponentInitError(KeyError("ours"))

    monkeypatch.setattr(server.ProviderServicer, "_construct", construct)
    with pytest.raises(server.ComponentInitError):
        asyncio.run(server.Servicer(provider, [], "")._construct(None, None))

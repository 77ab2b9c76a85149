"""The table's names are the ones of the official plugin's schema, as its Python SDK has them."""

import importlib
import inspect
import json
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2 as messages

from workbench.rehearsal.provider import table


def camel(name: str) -> str:
    return re.sub(r"_([a-z0-9])", lambda match: match.group(1).upper(), name)


def member(token: str, name: str) -> Any:
    """Return a class or a function of the SDK, by the module in its token."""
    service = token.split(":")[1].split("/")[0]
    # The SDK warns about its own deprecated classes when one is looked up.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = importlib.import_module(
            "pulumi_aws" if service == "index" else f"pulumi_aws.{service}"
        )
        return getattr(module, name)


@pytest.mark.parametrize("row", table.TYPES.values(), ids=lambda row: row.short_name)
def test_a_row_has_the_schemas_names(row: Any) -> None:
    resource = member(row.type, row.short_name)
    assert f"'{row.type}'" in inspect.getsource(resource), "the token"
    given = {camel(name) for name in inspect.signature(resource._internal_init).parameters}
    assert row.inputs <= given
    outputs = {camel(name) for name in dir(resource) if not name.startswith("_")}
    assert row.computed <= outputs
    assert (
        frozenset().union(row.required, row.needed, *row.required_one, row.chosen, row.missed)
        | set(row.defaults)
        | set(row.normalise)
        <= row.inputs
    )
    source = inspect.getsource(resource._internal_init)
    required = re.findall(r"if (\w+) is None and not opts\.urn", source)
    assert row.required == {camel(name) for name in required}
    # What only AWS knows, and what the program may say, too.
    only = re.findall(r'__props__\.__dict__\["(\w+)"\] = None$', source, re.M)
    assert {camel(name) for name in only} - {"tagsAll"} == row.computed | row.empty
    assert {path.split(".")[0] for path in row.replaces} <= row.inputs
    assert row.tags == ("tags" in given)
    assert row.regional == ("region" in given)


@pytest.mark.parametrize("token", table.INVOKES)
def test_a_lookup_has_the_schemas_token(token: str) -> None:
    name = re.sub(r"([A-Z])", r"_\1", token.rsplit(":", 1)[-1]).lower()
    assert f"'{token}'" in inspect.getsource(member(token, name))


def test_the_engine_is_told_all_of_the_table(unconfigured: Any) -> None:
    schema = json.loads(unconfigured.stub.GetSchema(messages.GetSchemaRequest()).schema)
    assert schema["name"] == "aws"
    assert schema["resources"].keys() == table.TYPES.keys()
    assert schema["functions"].keys() == table.INVOKES.keys()
    vpc = schema["resources"]["aws:ec2/vpc:Vpc"]
    assert vpc["inputProperties"]["cidrBlock"] == {"type": "string"}
    assert vpc["inputProperties"]["enableDnsSupport"] == {"type": "boolean"}
    assert vpc["properties"]["arn"] == {"type": "string"}
    instance = schema["resources"]["aws:ec2/instance:Instance"]["inputProperties"]
    assert instance["vpcSecurityGroupIds"] == {"type": "array", "items": {"type": "string"}}
    assert instance["rootBlockDevice"] == {"$ref": "pulumi.json#/Any"}
    assert schema["resources"]["aws:ebs/volume:Volume"]["requiredInputs"] == ["availabilityZone"]
    lookup = schema["functions"]["aws:ec2/getSubnets:getSubnets"]
    assert lookup["outputs"]["properties"]["ids"] == {"type": "array", "items": {"type": "string"}}
    provider = schema["provider"]["inputProperties"]
    assert provider["region"] == {"type": "string"}


def test_the_documentation_lists_the_table() -> None:
    text = (Path(__file__).parents[3] / "docs" / "rehearsal.md").read_text()
    listed = {
        (service, name)
        for service, *cells in re.findall(r"^\| `(\w+)` \|(.*)\|(.*)\|$", text, re.M)
        for name in re.findall(r"`(\w+)`", " ".join(cells))
    }
    places = (token.split(":") for token in (*table.TYPES, *table.INVOKES))
    assert listed == {(module.partition("/")[0], name) for _, module, name in places}

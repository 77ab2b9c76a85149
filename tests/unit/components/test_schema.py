"""The public interface, as other languages see it and as the docs tell it."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from workbench.components.plugin.package import infer_schema
from workbench.components.plugin.package import semantic_version
from workbench.components.reference import render_reference

GOLDEN = Path(__file__).with_name("schema.json")
REFERENCE = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_the_schema_is_the_one_that_was_agreed():
    schema = infer_schema()
    golden = json.loads(GOLDEN.read_text())
    # It changes with every release, the interface doesn't.
    golden["version"] = schema["version"]
    golden["dependencies"][0]["version"] = schema["dependencies"][0]["version"]

    assert schema == golden, (
        "The components' interface has changed. If that is meant: "
        "python -m workbench.components.plugin.schema > tests/unit/components/schema.json"
    )


def test_the_schema_says_what_the_registry_wants_to_know():
    schema = infer_schema()
    assert schema["description"].startswith("A DIY data science workbench")
    assert schema["license"] == "Apache-2.0"
    assert {"kind/component", "category/cloud"} <= set(schema["keywords"])
    # Where the package is added, the plugin of what it makes is had, too.
    assert schema["dependencies"] == [{"name": "aws", "version": metadata.version("pulumi-aws")}]


def test_every_argument_and_output_is_described():
    schema = infer_schema()
    for definition in [*schema["resources"].values(), *schema["types"].values()]:
        assert definition["description"]
        for group in ("inputProperties", "properties"):
            for name, each in definition.get(group, {}).items():
                assert each.get("description"), f"{definition['description']}: {name}"


def test_the_reference_is_in_step():
    assert REFERENCE.read_text() == render_reference(), (
        "Make it again: python -m workbench.components.reference > docs/configuration.md"
    )


@pytest.mark.parametrize(
    ("python", "pulumi"),
    [("0.1.0.dev0", "0.1.0-dev.0"), ("1.2.3", "1.2.3"), ("1.0.0rc1", "1.0.0-rc.1")],
)
def test_versions_are_written_as_pulumi_wants_them(python, pulumi):
    assert semantic_version(python) == pulumi


def test_the_command_that_the_docs_give_prints_the_reference():
    command = [sys.executable, "-m", "workbench.components.reference"]

    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert printed == REFERENCE.read_text()

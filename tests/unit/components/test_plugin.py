"""The components as a package for other languages."""

import json
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.proto import provider_pb2_grpc

import workbench
from workbench.components.plugin.package import infer_schema

FOLDER = Path(workbench.__file__).parent / "components" / "plugin"


@pytest.fixture
def plugin():
    # As the engine does: the folder, its own address, and a port on the first line.
    command = [sys.executable, str(FOLDER), "127.0.0.1:1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        port = process.stdout.readline().strip()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield provider_pb2_grpc.ResourceProviderStub(channel)
        process.terminate()


def test_serves_the_schema(plugin):
    answer = plugin.GetSchema(provider_pb2.GetSchemaRequest(), timeout=30)

    assert json.loads(answer.schema) == infer_schema()


def test_the_folder_is_a_plugin_and_no_project():
    assert (FOLDER / "PulumiPlugin.yaml").is_file()
    assert not (FOLDER / "Pulumi.yaml").exists()

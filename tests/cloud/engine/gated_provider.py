"""A resource provider whose resource is made once a file appears: to act in the middle of it."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.proto import provider_pb2_grpc

LIMIT = 120.0


class GatedProvider(provider_pb2_grpc.ResourceProviderServicer):
    def GetPluginInfo(self, request, context):
        return plugin_pb2.PluginInfo(version="1.0.0")

    def CheckConfig(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(self, request, context):
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Check(self, request, context):
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_UNKNOWN)

    def Create(self, request, context):
        if request.preview:
            return provider_pb2.CreateResponse(properties=request.properties)
        name = request.urn.rpartition("::")[2]
        if name == "impossible":
            context.abort(grpc.StatusCode.UNKNOWN, "1 error occurred:\n\t* there is no room for it")
        gate = Path(request.properties["gate"])
        if str(gate) != ".":
            gate.with_suffix(".reached").touch()
            wait_for(gate)
        return provider_pb2.CreateResponse(id=f"id-{name}", properties=request.properties)

    def Read(self, request, context):
        return provider_pb2.ReadResponse(
            id=request.id, properties=request.properties, inputs=request.inputs
        )

    def Update(self, request, context):
        return provider_pb2.UpdateResponse(properties=request.news)

    def Delete(self, request, context):
        return empty_pb2.Empty()

    def Cancel(self, request, context):
        return empty_pb2.Empty()


def wait_for(path):
    pause = threading.Event()
    deadline = time.monotonic() + LIMIT
    while not path.exists() and time.monotonic() < deadline:
        pause.wait(0.05)


def main():
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(GatedProvider(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    engine = os.getppid()
    signal.signal(signal.SIGINT, lambda *_: os._exit(0))
    while os.getppid() == engine:
        server.wait_for_termination(1)
    os._exit(0)  # the engine was killed; a creation may still be waiting


if __name__ == "__main__":
    main()

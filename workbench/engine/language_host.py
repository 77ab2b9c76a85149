"""Serve Pulumi's LanguageRuntime: ``python -m workbench.engine.language_host [PID] ADDRESS``.

Used only where Pulumi's own ``pulumi-language-python`` isn't there, which is so for an engine
built from its Go module. It runs the program with the interpreter that runs this module, so a
project needs no ``virtualenv`` option; component packages and policy packs, too. Installing
dependencies and generating code is left to the official language host.
"""

import gc
import importlib.metadata
import os
import platform
import queue
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType

import grpc  # type: ignore[import-untyped]
import pulumi
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import language_pb2
from pulumi.runtime.proto import language_pb2_grpc
from pulumi.runtime.proto import plugin_pb2

from workbench.engine.plugin_process import PluginProcess
from workbench.engine.program import ProgramRun
from workbench.engine.program import run_program

# The engine's messages hold whole archives; gRPC's own limit is 4 MiB.
LARGEST_MESSAGE = 400 * 1024 * 1024
# How often the host looks whether the engine that started it still lives, in seconds.
ORPHAN_INTERVAL = 2.0
# Each plugin takes one until it ends; a stack of many packages has as many plugins.
WORKERS = 64

Work = tuple[ProgramRun, "Future[bool]"]


class LanguageHost(language_pb2_grpc.LanguageRuntimeServicer):
    """Answer the engine; hand programs to the main thread, where Python's signals work."""

    def __init__(self, work: "queue.SimpleQueue[Work]", engine_address: str) -> None:
        self._work = work
        self._engine_address = engine_address

    def Handshake(
        self, request: language_pb2.LanguageHandshakeRequest, context: grpc.ServicerContext
    ) -> language_pb2.LanguageHandshakeResponse:
        """Take the engine's address."""
        self._engine_address = request.engine_address or self._engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(
        self, request: empty_pb2.Empty, context: grpc.ServicerContext
    ) -> plugin_pb2.PluginInfo:
        """Say which version of Pulumi's SDK runs the programs."""
        return plugin_pb2.PluginInfo(version=importlib.metadata.version("pulumi"))

    def About(
        self, request: language_pb2.AboutRequest, context: grpc.ServicerContext
    ) -> language_pb2.AboutResponse:
        """Say which Python runs the programs (``pulumi about``)."""
        return language_pb2.AboutResponse(
            executable=sys.executable, version=platform.python_version()
        )

    def GetRequiredPlugins(
        self, request: language_pb2.GetRequiredPluginsRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPluginsResponse:
        """Name none: every resource names its plugin and version when it is registered."""
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(
        self, request: language_pb2.GetRequiredPackagesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetRequiredPackagesResponse:
        """Name none: every resource names its plugin and version when it is registered."""
        return language_pb2.GetRequiredPackagesResponse()

    def GetProgramDependencies(
        self, request: language_pb2.GetProgramDependenciesRequest, context: grpc.ServicerContext
    ) -> language_pb2.GetProgramDependenciesResponse:
        """List the distributions in this environment (``pulumi about``)."""
        found = {each.name: each.version for each in importlib.metadata.distributions()}
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=name, version=version)
                for name, version in sorted(found.items())
            ]
        )

    def InstallDependencies(
        self, request: language_pb2.InstallDependenciesRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.InstallDependenciesResponse]:
        """Install nothing: the environment this host runs in is the program's."""
        yield from ()

    def RuntimeOptionsPrompts(
        self, request: language_pb2.RuntimeOptionsRequest, context: grpc.ServicerContext
    ) -> language_pb2.RuntimeOptionsResponse:
        """Ask nothing."""
        return language_pb2.RuntimeOptionsResponse()

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        """Let the program end by itself: the engine no longer answers it."""
        return empty_pb2.Empty()

    def Run(
        self, request: language_pb2.RunRequest, context: grpc.ServicerContext
    ) -> language_pb2.RunResponse:
        """Run the program; its errors have been shown by then, so only say that there were any."""
        done: Future[bool] = Future()
        self._work.put((program_run(request, self._engine_address), done))
        return language_pb2.RunResponse(bail=not done.result())

    def RunPlugin(
        self, request: language_pb2.RunPluginRequest, context: grpc.ServicerContext
    ) -> Iterator[language_pb2.RunPluginResponse]:
        """Run a component package or a policy pack until the engine hangs up."""
        try:
            plugin = PluginProcess(request)
        except (pulumi.RunError, OSError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        if not context.add_callback(plugin.end):
            plugin.end()
        yield from plugin.follow()

    def GeneratePackage(
        self, request: language_pb2.GeneratePackageRequest, context: grpc.ServicerContext
    ) -> language_pb2.GeneratePackageResponse:
        """Refuse: making an SDK in Python takes Pulumi's own language host."""
        # Raises, which gRPC's missing types don't tell.
        raise context.abort(
            grpc.StatusCode.UNIMPLEMENTED,
            "This engine, built from its Go module, can't generate a Python SDK. "
            "Import what a package has in Python (for a workbench: from workbench import "
            "Workbench), or install Pulumi's own release (pulumi.com/docs/install).",
        )


def program_run(request: language_pb2.RunRequest, engine_address: str) -> ProgramRun:
    """Return the engine's request to run a program as plain values."""
    directory = Path(request.info.program_directory or request.pwd)
    entry = request.info.entry_point or request.program or "."
    return ProgramRun(
        program=(directory / entry).resolve(),
        directory=Path(request.pwd or directory),
        project=request.project,
        stack=request.stack,
        organization=request.organization,
        root_directory=request.info.root_directory,
        preview=request.dryRun,
        parallel=request.parallel,
        monitor_address=request.monitor_address,
        engine_address=engine_address,
        config=dict(request.config),
        secret_keys=tuple(request.configSecretKeys),
        arguments=tuple(request.args),
    )


def serve(engine_address: str) -> None:
    """Serve until the engine ends the process (it sends SIGINT), or is gone."""
    work: queue.SimpleQueue[Work] = queue.SimpleQueue()
    server = grpc.server(
        ThreadPoolExecutor(max_workers=WORKERS),
        options=[
            ("grpc.max_receive_message_length", LARGEST_MESSAGE),
            ("grpc.max_send_message_length", LARGEST_MESSAGE),
        ],
    )
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(
        LanguageHost(work, engine_address), server
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # the engine reads the port from the first line
    while True:
        run, done = work.get()
        try:
            done.set_result(run_program(run))
        except BaseException as error:
            done.set_exception(error)


def _leave(number: int, frame: FrameType | None) -> None:
    # At once, without the traceback of a KeyboardInterrupt somewhere in the program: the engine
    # has what it wants, or nobody is left to tell.
    PluginProcess.end_all()
    os._exit(0)


def _leave_when_orphaned(parent: int) -> None:
    pause = threading.Event()
    while os.getppid() == parent:
        pause.wait(ORPHAN_INTERVAL)
    PluginProcess.end_all()
    os._exit(0)


def main() -> None:
    """Serve one engine: its process, if told, and its address are the arguments."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    # This process ends with its program. Looking for garbage among the thousands of classes of
    # pulumi_aws is a sixth of what a program takes.
    gc.disable()
    *told, address = sys.argv[1:]
    engine = int(told[0]) if told and told[0].isdecimal() else os.getppid()
    threading.Thread(target=_leave_when_orphaned, args=(engine,), daemon=True).start()
    serve(address)


if __name__ == "__main__":
    main()

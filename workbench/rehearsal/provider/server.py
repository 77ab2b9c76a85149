"""Serve Pulumi's provider protocol: one method a call of the engine's, the table does the rest."""

import json
import os
import threading
from concurrent import futures
from contextlib import suppress
from typing import Any

import grpc  # type: ignore[import-untyped]
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.proto import engine_pb2_grpc
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import provider_pb2_grpc

from workbench.errors import ConfigError

from . import checking
from . import table
from .answers import abort_initialised
from .answers import carry_out
from .answers import diff_response
from .answers import name_of
from .answers import plain
from .answers import secrets_of
from .answers import token_of
from .cloud import Cloud
from .cloud import make_client_factory
from .comparison import change_of
from .comparison import imported_inputs
from .comparison import refreshed_inputs
from .failures import InitializationError
from .failures import ProviderError
from .resource import ResourceType
from .settings import Settings
from .settings import read_settings
from .values import decode_struct
from .values import encode_struct
from .values import has_unknown
from .values import secret_keys

# The engine sends whole files as properties; the default of 4 MiB is too small (as in its SDK).
OPTIONS = [
    ("grpc.max_receive_message_length", 400 * 1024 * 1024),
    ("grpc.max_send_message_length", 400 * 1024 * 1024),
]
WORKERS = 32


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """The plugin as the engine sees it."""

    def __init__(self, version: str) -> None:
        self._version = version
        self._stop = threading.Event()
        self._cloud: Cloud | None = None
        self._engine = ""
        self._told: set[str] = set()

    # The engine's own matters

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Agree on what both sides understand."""
        self._engine = request.engine_address
        return messages.ProviderHandshakeResponse(accept_secrets=True)

    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Accept an engine that this process was started without."""
        self._engine = request.address
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Tell the version."""
        return plugin_pb2.PluginInfo(version=self._version)

    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Describe the resource types and lookups: programs in YAML are read by that."""
        # Looks through the AWS SDK, which takes a second to import; programs in Python never ask.
        from .schema import describe

        return messages.GetSchemaResponse(schema=json.dumps(describe(self._version)))

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:
        """End every wait."""
        self._stop.set()
        return empty_pb2.Empty()

    # The provider's configuration

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Refuse a configuration that would leave this computer."""
        answer = messages.CheckResponse(inputs=request.news)
        try:
            read_settings(decode_struct(request.news), os.environ)
        except ConfigError as error:
            answer.failures.add(property="endpoints", reason=str(error))
        return answer

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Compare two configurations; another region means other objects."""
        old, new = decode_struct(request.old_inputs), decode_struct(request.news)
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        return messages.DiffResponse(
            changes=(
                messages.DiffResponse.DIFF_SOME if changed else messages.DiffResponse.DIFF_NONE
            ),
            diffs=changed,
            replaces=[key for key in changed if key == "region"],
        )

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take the configuration."""

        def configure() -> Any:
            settings = read_settings(decode_struct(request.args), os.environ)
            self._cloud = Cloud(
                make_client_factory(settings), settings, stop=self._stop, tell=self._tell
            )
            return messages.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

        return carry_out(context, "configure the AWS provider", configure)

    # Resources

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Check a resource's inputs and add what the plugin chooses."""

        def check() -> Any:
            row = table.find_type(token_of(request.urn))
            olds, news = decode_struct(request.olds), decode_struct(request.news)
            failures = checking.check(row, news)
            added = checking.additions(
                row,
                name_of(request.urn),
                olds,
                news,
                request.randomSeed,
                self._settings.default_tags,
            )
            answer = messages.CheckResponse(
                inputs=request.news,
                failures=[
                    messages.CheckFailure(property=one.property, reason=one.reason)
                    for one in failures
                ],
            )
            secrets = {"tagsAll"} if "tags" in secret_keys(request.news) else set()
            answer.inputs.MergeFrom(encode_struct(added, secrets))
            return answer

        return carry_out(context, f"check {name_of(request.urn)}", check)

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Tell what differs, and whether that needs a new object."""

        def diff() -> Any:
            row = table.find_type(token_of(request.urn))
            return diff_response(
                row,
                decode_struct(request.old_inputs),
                decode_struct(request.olds),
                decode_struct(request.news),
                lambda: self._reach(row, 0),
            )

        return carry_out(context, f"compare {name_of(request.urn)}", diff)

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Create an object, or tell what a preview can know of it."""
        row, inputs = self._row(request, context), plain(decode_struct(request.properties))
        secrets = secrets_of(request.properties)

        def create() -> Any:
            if request.preview or has_unknown(inputs):
                return messages.CreateResponse(
                    properties=encode_struct(row.preview_create(inputs), secrets)
                )
            identifier, outputs = row.create(self._reach(row, request.timeout), inputs)
            return messages.CreateResponse(
                id=identifier, properties=encode_struct(outputs, secrets)
            )

        try:
            return carry_out(context, f"create {row.short_name} {name_of(request.urn)}", create)
        except InitializationError as error:
            return abort_initialised(context, error, inputs, secrets)

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Read an object for a refresh, or for an import by its id."""
        row, state = self._row(request, context), decode_struct(request.properties)
        inputs = decode_struct(request.inputs)

        def read() -> Any:
            outputs = row.read(self._reach(row, request.timeout), request.id, state)
            if outputs is None:
                return messages.ReadResponse(id="")
            news = (
                refreshed_inputs(row, inputs, outputs) if inputs else imported_inputs(row, outputs)
            )
            secrets = secrets_of(request.properties) | secrets_of(request.inputs)
            return messages.ReadResponse(
                id=request.id,
                properties=encode_struct(outputs, secrets),
                inputs=encode_struct(news, secrets),
            )

        return carry_out(context, f"read {row.short_name} {request.id}", read)

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Change an object in place, or tell what a preview can know of that."""
        row = self._row(request, context)
        change = change_of(
            row,
            decode_struct(request.old_inputs),
            decode_struct(request.olds),
            plain(decode_struct(request.news)),
        )[0]
        secrets = secrets_of(request.news)

        def update() -> Any:
            if request.preview or has_unknown(change.new):
                outputs = row.preview_update(change)
            else:
                outputs = row.update(self._reach(row, request.timeout), request.id, change)
            return messages.UpdateResponse(properties=encode_struct(outputs, secrets))

        return carry_out(context, f"update {row.short_name} {name_of(request.urn)}", update)

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Delete an object."""
        row, state = self._row(request, context), decode_struct(request.properties)

        def delete() -> Any:
            row.delete(self._reach(row, request.timeout), request.id, state)
            return empty_pb2.Empty()

        return carry_out(context, f"delete {row.short_name} {request.id}", delete)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Look something up."""

        def invoke() -> Any:
            lookup = table.find_invoke(request.tok)
            arguments = decode_struct(request.args)
            cloud = self._reach(None, 0).in_region(arguments.get("region"))
            results = {**arguments, "region": cloud.region, **lookup(cloud, arguments)}
            secrets = table.SECRET_RESULTS.get(request.tok, frozenset())
            # "return" is a word of Python's, so the field can't be given by name.
            return messages.InvokeResponse(**{"return": encode_struct(results, secrets)})

        return carry_out(context, f"look up {request.tok.rsplit(':', 1)[-1]}", invoke)

    def _tell(self, text: str) -> None:
        """Have the engine show a line, once; it is no matter where it can't."""
        if text in self._told:
            return
        self._told.add(text)
        entry = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text)
        with grpc.insecure_channel(self._engine) as channel, suppress(grpc.RpcError):
            engine_pb2_grpc.EngineStub(channel).Log(entry, timeout=5)

    @property
    def _settings(self) -> Settings:
        return self._cloud.settings if self._cloud else Settings(known=False)

    def _reach(self, row: ResourceType | None, timeout: float) -> Cloud:
        if self._cloud is None or not self._settings.known:
            raise ProviderError(
                "The AWS provider's configuration isn't known yet.",
                "Create what it depends on first, or give plain values.",
            )
        return self._cloud.within(timeout or (row.limit if row else 600.0))

    @staticmethod
    def _row(request: Any, context: grpc.ServicerContext) -> ResourceType:
        return carry_out(
            context, f"use {name_of(request.urn)}", lambda: table.find_type(token_of(request.urn))
        )


def serve(version: str) -> tuple[grpc.Server, int]:
    """Start serving on a free port of this computer; return the server and its port."""
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=WORKERS), options=OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(version), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port

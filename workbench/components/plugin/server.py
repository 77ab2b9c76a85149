"""Serve the components to programs in other languages: what is wrong comes as one sentence."""

import asyncio
import re
import sys
from functools import partial
from typing import Any

import grpc.aio  # type: ignore[import-untyped]
import pulumi
from pulumi.provider.experimental.analyzer import PropertyDefinition
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError
from pulumi.provider.server import ProviderServicer
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.proto import provider_pb2_grpc

from workbench.components.errors import ArgumentError

# A recipe is in the messages; gRPC's own limit is 4 MiB.
_OPTIONS = [("grpc.max_receive_message_length", 400 * 1024 * 1024)]


class Components(ComponentProvider):
    """Give the components their arguments as a program in Python would."""

    def map_input_properties(
        self,
        inputs: pulumi.Inputs,
        properties: dict[str, PropertyDefinition],
        mapping: dict[str, str],
        component_name: str,
        property_path: str,
    ) -> pulumi.Inputs:
        """Return the arguments under their names in Python.

        Missing and unknown ones are for the component to refuse, by the same check as usual. An
        output is mapped when its value is known: the SDK would take it for the value.
        """

        def mapped(key: str, value: object) -> Any:
            given = super(Components, self).map_input_properties(
                {key: value}, {key: properties[key]}, mapping, component_name, property_path
            )
            return given[mapping[key]]

        found: dict[str, Any] = {}
        for key, value in inputs.items():
            if value is None:
                continue
            if key not in properties:
                found[key] = value
            elif isinstance(value, pulumi.Output):
                found[mapping[key]] = value.apply(partial(mapped, key))
            else:
                found[mapping[key]] = mapped(key, value)
        return found

    def in_their_words(self, error: Exception) -> str:
        """Return an error's sentences with the arguments' names as other languages have them."""
        names: dict[str, str] = {}
        for each in (*self._component_defs.values(), *self._type_defs.values()):
            mapping = getattr(each, "inputs_mapping", None) or getattr(
                each, "properties_mapping", {}
            )
            names |= {python: theirs for theirs, python in mapping.items() if python != theirs}
        return re.sub(r"\b\w+\b", lambda word: names.get(word[0], word[0]), str(error))


class Servicer(ProviderServicer):
    """Answer the engine; say what is wrong with a component without a traceback."""

    provider: Components

    async def _construct(
        self, request: provider_pb2.ConstructRequest, context: grpc.aio.ServicerContext
    ) -> provider_pb2.ConstructResponse:
        try:
            return await super()._construct(request, context)
        except (ComponentInitError, pulumi.RunError) as error:
            cause = error.inner if isinstance(error, ComponentInitError) else error
            if not isinstance(cause, ArgumentError | pulumi.RunError):
                raise
            said = self.provider.in_their_words(cause)
            raise pulumi.InputPropertiesError(said, []) from None


def serve(provider: Components, arguments: list[str]) -> None:
    """Serve the engine whose address is in the ``arguments``, until it ends this process."""
    try:
        asyncio.run(_serve(provider, arguments))
    except KeyboardInterrupt:
        return


async def _serve(provider: Components, arguments: list[str]) -> None:
    address = next((each for each in arguments if not each.startswith("-")), "")
    server = grpc.aio.server(options=_OPTIONS)
    servicer = Servicer(provider, arguments, address)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")  # the engine reads the port from the first line
    sys.stdout.flush()
    await server.wait_for_termination()

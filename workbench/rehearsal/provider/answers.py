"""The plugin's answers: differences, secrets, and refusals in the engine's form."""

from collections.abc import Callable
from typing import Any
from typing import TypeVar

import grpc  # type: ignore[import-untyped]
from google.protobuf import any_pb2  # type: ignore[import-untyped]
from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2 as messages
from pulumi.runtime.proto import status_pb2

from .comparison import change_of
from .comparison import replacing
from .failures import InitializationError
from .failures import explain
from .resource import Reach
from .resource import ResourceType
from .values import Properties
from .values import encode_struct
from .values import secret_keys

_KINDS = {
    "add": messages.PropertyDiff.ADD,
    "delete": messages.PropertyDiff.DELETE,
    "update": messages.PropertyDiff.UPDATE,
}


_REPLACING_KINDS = {
    "add": messages.PropertyDiff.ADD_REPLACE,
    "delete": messages.PropertyDiff.DELETE_REPLACE,
    "update": messages.PropertyDiff.UPDATE_REPLACE,
}


Answer = TypeVar("Answer")


def diff_response(
    row: ResourceType, old: Properties, state: Properties, new: Properties, reach: Reach
) -> Any:
    """Return the engine's form of what differs between two sets of inputs."""
    change, differences = change_of(row, old, state, new)
    replaced = replacing(row, change, differences, reach)
    details = {
        one.path: messages.PropertyDiff(
            kind=(_REPLACING_KINDS if one.path in replaced else _KINDS)[one.kind], inputDiff=True
        )
        for one in differences
    }
    return messages.DiffResponse(
        changes=(
            messages.DiffResponse.DIFF_SOME if differences else messages.DiffResponse.DIFF_NONE
        ),
        replaces=sorted(replaced),
        diffs=sorted(change.keys),
        detailedDiff=details,
        hasDetailedDiff=True,
        deleteBeforeReplace=bool(replaced) and row.delete_before_replace,
        stables=sorted((row.computed | row.replaces) - _recomputable(row) - change.keys)
        if not replaced
        else [],
    )


def _recomputable(row: ResourceType) -> frozenset[str]:
    return frozenset().union(*row.recomputed.values())


def secrets_of(struct: struct_pb2.Struct) -> frozenset[str]:
    """Return the outputs to mark as secret: where a secret came in, and what is made of it."""
    secrets = secret_keys(struct)
    return secrets | {"tagsAll"} if "tags" in secrets else secrets


def plain(inputs: Properties) -> Properties:
    """Return inputs without what the plugin only noted for itself (see checking.DEFAULTS)."""
    return {key: value for key, value in inputs.items() if not key.startswith("__")}


def token_of(urn: str) -> str:
    """Return the bare resource type in a URN."""
    # urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME
    return urn.split("::")[2].rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """Return the resource's name in a URN."""
    return urn.split("::", 3)[3]


def carry_out(context: grpc.ServicerContext, doing: str, act: Callable[[], Answer]) -> Answer:
    """Do what the engine asks for; refuse with one sentence when it fails."""
    try:
        return act()
    except InitializationError:
        raise
    except Exception as error:
        sentence = str(explain(error, doing))
    context.abort(grpc.StatusCode.UNKNOWN, sentence)
    raise AssertionError("abort always raises")


def abort_initialised(
    context: grpc.ServicerContext,
    error: InitializationError,
    inputs: Properties,
    secrets: frozenset[str],
) -> Any:
    """Report an object that exists but isn't finished, so that the engine keeps its id."""
    details = any_pb2.Any()
    details.Pack(
        messages.ErrorResourceInitFailed(
            id=error.id,
            properties=encode_struct(inputs, secrets),
            reasons=[str(error)],
        )
    )
    status = status_pb2.Status(
        code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[details]
    )
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))

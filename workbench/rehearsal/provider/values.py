"""Translate between the engine's property values and plain Python values.

A secret is unwrapped on the way in; ``secret_keys`` tells which properties held one, so that the
way out can wrap them again. An unknown (a value that a preview can't know yet) stays unknown.
"""

from collections.abc import Collection
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import struct_pb2  # type: ignore[import-untyped]

Properties = dict[str, Any]

# The signatures that Pulumi's wire format gives to special values (pulumi/sdk, resource/plugin).
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SIGNATURE = "4dabf18193072939515e22adb298388d"
ASSET = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE = "0def7320c3a5731c473e5ecbe6d01bc7"
SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a marker of the format
OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


class Unknown:
    """A value that isn't known yet; equal to nothing but itself."""

    def __repr__(self) -> str:
        return "<unknown>"


UNKNOWN = Unknown()


@dataclass(frozen=True)
class Asset:
    """A file or a text given as an asset; two assets are the same when their contents are."""

    text: str | None = None
    path: str | None = None
    hash: str = ""

    def read(self, folder: Path) -> bytes:
        """Return the content; a relative path is below ``folder``."""
        if self.path:
            return (folder / self.path).read_bytes()
        return (self.text or "").encode()


def decode_struct(struct: struct_pb2.Struct) -> Properties:
    """Return the properties without secret wrappers; nulls are left out."""
    return {
        key: value for key, field in struct.fields.items() if (value := decode(field)) is not None
    }


def decode(value: struct_pb2.Value) -> Any:
    """Return one value as a plain Python value."""
    match value.WhichOneof("kind"):
        case "struct_value":
            return _decode_object(value.struct_value)
        case "list_value":
            return [decode(item) for item in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return UNKNOWN if value.string_value == UNKNOWN_TEXT else value.string_value
        case "bool_value":
            return value.bool_value
    return None


def _decode_object(struct: struct_pb2.Struct) -> Any:
    signature = struct.fields[SIGNATURE].string_value if SIGNATURE in struct.fields else ""
    if signature == SECRET:
        return decode(struct.fields["value"])
    if signature == OUTPUT:
        return decode(struct.fields["value"]) if "value" in struct.fields else UNKNOWN
    if signature == ASSET:
        texts = {
            key: struct.fields[key].string_value
            for key in ("text", "path", "hash")
            if key in struct.fields
        }
        return Asset(**texts)
    if signature == ARCHIVE:
        raise ValueError("archives as properties are not part of the rehearsal's plugin")
    return decode_struct(struct)


def secret_keys(struct: struct_pb2.Struct) -> frozenset[str]:
    """Return the names of the top-level properties that hold a secret anywhere inside."""
    return frozenset(key for key, field in struct.fields.items() if _holds_secret(field))


def _holds_secret(value: struct_pb2.Value) -> bool:
    match value.WhichOneof("kind"):
        case "struct_value":
            fields = value.struct_value.fields
            if SIGNATURE in fields and fields[SIGNATURE].string_value == SECRET:
                return True
            if SIGNATURE in fields and fields[SIGNATURE].string_value == OUTPUT:
                return "secret" in fields and fields["secret"].bool_value
            return any(_holds_secret(field) for field in fields.values())
        case "list_value":
            return any(_holds_secret(item) for item in value.list_value.values)
    return False


def encode_struct(values: Mapping[str, Any], secrets: Collection[str] = ()) -> struct_pb2.Struct:
    """Return the engine's form of ``values``; the properties named in ``secrets`` are wrapped."""
    struct = struct_pb2.Struct()
    struct.update(
        {
            key: {SIGNATURE: SECRET, "value": _plain(value)} if key in secrets else _plain(value)
            for key, value in values.items()
        }
    )
    return struct


def _plain(value: Any) -> Any:
    """Return a value of plain dicts, lists and texts, with what is special by its signature."""
    if value is UNKNOWN:
        return UNKNOWN_TEXT
    if isinstance(value, Asset):
        fields = {"text": value.text, "path": value.path, "hash": value.hash}
        known = {key: text for key, text in fields.items() if text is not None}
        return {SIGNATURE: ASSET, **known}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return value


def has_unknown(value: Any) -> bool:
    """Return whether an unknown is anywhere inside."""
    return any(item is UNKNOWN for item in _leaves(value))


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value

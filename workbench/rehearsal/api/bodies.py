"""The body of a request, read and left to be read again."""

import io
from typing import Any


def read_body(environ: dict[str, Any], largest: int) -> bytes:
    """Return the body; empty where it has no length or is larger than ``largest`` bytes."""
    try:
        length = int(environ.get("CONTENT_LENGTH") or 0)
    except ValueError:
        length = 0
    if not 0 < length < largest:
        return b""
    body: bytes = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    return body

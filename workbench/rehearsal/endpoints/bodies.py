"""Receive the body of an HTTP request whole, in memory or, when it is large, in a file."""

import tempfile
from email.message import Message
from io import BufferedIOBase
from typing import IO
from typing import cast

# Larger bodies go to a temporary file (bytes).
IN_MEMORY = 8 * 1024**2
CHUNK = 256 * 1024
LONGEST_LINE = 8192


class TooLargeError(Exception):
    """The body is larger than may be."""


def receive(stream: BufferedIOBase, headers: Message, limit: int) -> IO[bytes]:
    """Return the body as a file at its beginning; close it when done.

    Raises TooLargeError above ``limit`` bytes, ConnectionError when it ends too early.
    """
    body = cast(IO[bytes], tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115
    try:
        if "chunked" in (headers.get("Transfer-Encoding") or "").lower():
            _receive_chunks(stream, body, limit)
        else:
            length = headers.get("Content-Length") or "0"
            if not length.isdecimal():
                raise ConnectionError("the length of the body is no number")
            _copy(stream, body, int(length), limit)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return body


def _receive_chunks(stream: BufferedIOBase, body: IO[bytes], limit: int) -> None:
    while size := _chunk_size(stream):
        _copy(stream, body, size, limit)
        stream.readline(LONGEST_LINE)
    while stream.readline(LONGEST_LINE).strip():
        pass  # trailers


def _chunk_size(stream: BufferedIOBase) -> int:
    line = stream.readline(LONGEST_LINE)
    try:
        return int(line.partition(b";")[0], 16)
    except ValueError:
        raise ConnectionError("the size of a chunk is no number") from None


def _copy(stream: BufferedIOBase, body: IO[bytes], length: int, limit: int) -> None:
    if body.tell() + length > limit:
        raise TooLargeError
    while length:
        chunk = stream.read(min(length, CHUNK))
        if not chunk:
            raise ConnectionError("the connection ended within the body")
        body.write(chunk)
        length -= len(chunk)

"""Pass a TCP connection on to a target: both directions, half-closes and resets included."""

import asyncio
import contextlib
import socket
import struct

CONNECT_LIMIT = 10.0
CHUNK = 64 * 1024
# On, with no time to linger: closing sends a reset, as an address where nothing answers does.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def relay(client: Stream, target: tuple[str, int]) -> None:
    """Connect to ``target`` and pass bytes both ways until both sides have finished.

    A side that closes its half is told on as just that: the other may keep sending (an
    upload's answer comes after its end). A side that breaks breaks the other. Ends at once,
    with both sides reset, when cancelled.
    """
    writers = [client[1]]
    clean = False
    try:
        async with asyncio.timeout(CONNECT_LIMIT):
            server = await asyncio.open_connection(*target, limit=CHUNK)
        writers.append(server[1])
        for writer in writers:
            _keep_alive(writer)
        async with asyncio.TaskGroup() as directions:
            directions.create_task(_pass_on(client[0], server[1]))
            directions.create_task(_pass_on(server[0], client[1]))
        clean = True
    except* (OSError, TimeoutError):
        pass  # refused, unreachable or broken: the reset below says it
    finally:
        for writer in writers:
            if clean:
                writer.close()
            else:
                reset(writer)


def reset(writer: asyncio.StreamWriter) -> None:
    """Break a connection off at once, so that the other end sees a reset."""
    connection = writer.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(CHUNK):
        sink.write(chunk)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

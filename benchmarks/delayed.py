"""A forwarder on loopback that delays what passes, each way, as a far server's network does."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

CHUNK = 1 << 16


@contextmanager
def delayed(host: str, port: int, seconds: float) -> Iterator[int]:
    """Give a port of ``host`` that points to ``port``, ``seconds`` later in each direction.

    The first packet of a connection takes a round trip more, as TCP's handshake does.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * seconds)
        far_reader, far_writer = await asyncio.open_connection(host, port)
        for each in (writer, far_writer):
            each.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Cancelled where the benchmark ends before a connection does.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(
                _carry(reader, far_writer, seconds), _carry(far_reader, writer, seconds)
            )

    async def start() -> asyncio.Server:
        return await asyncio.start_server(accept, host, 0)

    server = asyncio.run_coroutine_threadsafe(start(), loop).result()
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(server.close)
        asyncio.run_coroutine_threadsafe(_end_others(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _end_others() -> None:
    """End the connections that are still open: an SSH master's, for example."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _carry(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    """Pass bytes on, each chunk when it is old enough; those behind it don't wait longer."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def deliver() -> None:
        while True:
            due, chunk = await waiting.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            if not chunk:
                return
            writer.write(chunk)

    delivering = asyncio.create_task(deliver())
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(CHUNK):
            waiting.put_nowait((loop.time() + seconds, chunk))
    waiting.put_nowait((loop.time() + seconds, b""))
    with contextlib.suppress(ConnectionError):
        await delivering
        writer.close()

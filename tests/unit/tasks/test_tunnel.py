"""The tunnel through an Instance Connect Endpoint: its signed request, bytes and sentences."""

import asyncio
import os
import select
import socket
import threading
import traceback
from collections.abc import Awaitable
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs
from urllib.parse import urlsplit

import pytest
from websockets.asyncio.server import Server
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve

from workbench.errors import ConfigError
from workbench.errors import MissingToolError
from workbench.rehearsal.endpoints.ca import ensure_ca
from workbench.remote import tunnel
from workbench.remote.tunnel import NoTunnelError

MUCH = 20 * tunnel.FRAME

EICE = "eice-0123456789abcdef0"


class Ec2:
    """AWS's answers; the endpoint answers at this computer."""

    meta = SimpleNamespace(region_name="eu-west-1")

    def __init__(self, name: str, state: str = "create-complete") -> None:
        self.name, self.state = name, state

    def describe_instance_connect_endpoints(self, Filters: list[Any]) -> dict[str, Any]:
        assert Filters[0]["Values"] == [EICE]
        found = {"State": self.state, "DnsName": self.name, "FipsDnsName": f"fips.{self.name}"}
        return {"InstanceConnectEndpoints": [found] if self.state else []}

    def describe_instances(self, Filters: list[Any]) -> dict[str, Any]:
        return {"Reservations": [{"Instances": [{"PrivateIpAddress": "10.0.0.7"}]}]}


Handle = Callable[[ServerConnection], Awaitable[None]]


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def way(**config: str) -> tunnel.Way:
    whole = {"aws:region": "eu-west-1", **config}
    return tunnel.Way(EICE, "i-1", 22, "prod", whole, whole)


Endpoint = Callable[..., list[str]]


@pytest.fixture
def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    """Give what has an endpoint behave; returned are the addresses that it was asked for."""
    authority = ensure_ca(tmp_path / "ca")
    certificate, key = authority.issue(["localhost"])
    (tmp_path / "both.pem").write_bytes(key + certificate)
    context = tunnel.ssl.SSLContext(tunnel.ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "both.pem")
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.cert_path))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token/1")
    # Not threads on one TLS connection: see workbench/checks/kernel.py.
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    servers: list[Server] = []

    def start(handle: Handle, refusal: tuple[int, str] | None = None) -> list[str]:
        asked: list[str] = []

        def look(connection: ServerConnection, request: Any) -> Any:
            asked.append(request.path)
            return connection.respond(*refusal) if refusal else None

        async def begin() -> Server:
            return await serve(
                handle,
                "localhost",
                0,
                ssl=context,
                process_request=look,
                compression=None,
                close_timeout=1,
            )

        server = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
        servers.append(server)
        port = next(iter(server.sockets)).getsockname()[1]
        ec2 = Ec2(f"localhost:{port}")
        monkeypatch.setattr(tunnel, "client", lambda *_: ec2)
        return asked

    async def end() -> None:
        for server in servers:
            server.close()
            await server.wait_closed()

    yield start
    asyncio.run_coroutine_threadsafe(end(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def carry(sent: bytes, way_: tunnel.Way | None = None, *, ends: bool = True) -> bytes:
    """Send bytes through a tunnel, and return what comes back."""
    source, feed = os.pipe()
    out, sink = os.pipe()
    os.write(feed, sent)
    if ends:
        os.close(feed)
    try:
        tunnel.run_tunnel(way_ or way(), source, sink)
    finally:
        os.close(sink)
        if not ends:
            os.close(feed)
        came = b""
        while data := os.read(out, 65_536):
            came += data
        os.close(out)
        os.close(source)
    return came


def test_the_request_is_signed_in_its_query_for_a_minute(endpoint: Endpoint) -> None:
    async def once(connection: ServerConnection) -> None:
        await connection.send(await connection.recv())

    asked = endpoint(once)
    assert carry(b"SSH-2.0-x\r\n", ends=False) == b"SSH-2.0-x\r\n"
    parts = urlsplit(asked[0])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert parts.path == "/openTunnel"
    assert {name: query[name] for name in list(query)[:3]} == {
        "instanceConnectEndpointId": EICE,
        "remotePort": "22",
        "privateIpAddress": "10.0.0.7",
    }
    assert query["X-Amz-Credential"].startswith("AKIA/")
    assert query["X-Amz-Credential"].endswith("/eu-west-1/ec2-instance-connect/aws4_request")
    assert (query["X-Amz-Expires"], query["X-Amz-SignedHeaders"]) == ("60", "host")
    assert query["X-Amz-Security-Token"] == "token/1"


def test_much_goes_both_ways_and_nothing_of_it_is_left_running(endpoint: Endpoint) -> None:
    got: list[int] = []

    async def both(connection: ServerConnection) -> None:
        # More than anything in between holds, before it reads and while it does.
        flood = asyncio.create_task(pour(connection))
        async for message in connection:
            got.append(len(message))
            if sum(got) == MUCH:
                break
        arrived.set()
        await flood

    async def pour(connection: ServerConnection) -> None:
        for _ in range(MUCH // tunnel.FRAME):
            await connection.send(b"y" * tunnel.FRAME)

    def feed_all() -> None:
        left = MUCH
        while left:
            left -= os.write(feed, b"x" * min(left, 65_536))

    def read_all() -> None:
        # Nothing is read until all has been sent: what comes doesn't hold up what goes.
        assert arrived.wait(20)
        while data := os.read(out, 65_536):
            came.append(len(data))

    endpoint(both)
    arrived, came = threading.Event(), []
    source, feed = os.pipe()
    out, sink = os.pipe()
    others = [threading.Thread(target=each, daemon=True) for each in (feed_all, read_all)]
    for other in others:
        other.start()
    # What talks to the endpoint is one thread, which is this one; "feed" has no end.
    running = set(threading.enumerate())
    tunnel.run_tunnel(way(), source, sink)
    assert set(threading.enumerate()) <= running
    os.close(sink)
    for other in others:
        other.join(20)
    assert (sum(got), sum(came)) == (MUCH, MUCH)
    for end in (source, feed, out):
        os.close(end)


def test_a_file_as_input_is_sent_too(endpoint: Endpoint, tmp_path: Path) -> None:
    got: list[bytes] = []
    ended = threading.Event()

    async def keep(connection: ServerConnection) -> None:
        got.extend([message async for message in connection])
        ended.set()

    endpoint(keep)
    (tmp_path / "said").write_bytes(b"SSH-2.0-x\r\n")
    with (tmp_path / "said").open("rb") as file, (tmp_path / "heard").open("wb") as heard:
        tunnel.run_tunnel(way(), file.fileno(), heard.fileno())
    assert ended.wait(20)
    assert got == [b"SSH-2.0-x\r\n"]


def test_what_aws_makes_of_our_own_end_is_no_failure(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def says_no_more(connection: ServerConnection) -> None:
        # Nobody hears its answer to the end; the connection just isn't there any more.
        monkeypatch.setattr(connection.transport, "write", lambda _: None)
        await connection.wait_closed()

    endpoint(says_no_more)
    codes = []
    close = tunnel.ClientConnection.close

    async def closed(connection: Any) -> None:
        await close(connection)
        codes.append(connection.close_code)

    monkeypatch.setattr(tunnel.ClientConnection, "close", closed)
    assert carry(b"x") == b""
    assert codes[0] == 1006


@pytest.mark.parametrize(
    ("proxy", "why"),
    [
        ("socks5://me:secret@localhost:1", "uses SOCKS, but a tunnel needs HTTP"),
        ("ftp://me:secret@localhost:1", "has no usable address"),
        ("http://me:secret@localhost:secret", "has no usable address"),
    ],
)
def test_a_proxy_that_is_none_is_named_and_not_shown(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, proxy: str, why: str
) -> None:
    endpoint(echo)
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(ConfigError) as told:
        carry(b"x")
    assert told.value.message == f"The proxy by HTTPS_PROXY {why}."
    text = "".join(traceback.format_exception(told.value))
    assert "secret" not in text


def test_a_tunnel_goes_by_a_proxy(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    async def once(connection: ServerConnection) -> None:
        await connection.send(await connection.recv())

    endpoint(once)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        asked: list[bytes] = []
        proxy = threading.Thread(target=pass_on, args=(listening, asked), daemon=True)
        proxy.start()
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listening.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "")
        assert carry(b"x", ends=False) == b"x"
        proxy.join(10)
    assert asked[0].startswith(b"CONNECT localhost:")


def pass_on(listening: socket.socket, asked: list[bytes]) -> None:
    """Be a proxy for one connection."""
    near, _ = listening.accept()
    with near:
        asked.append(near.recv(4096))
        host, _, port = asked[0].split()[1].decode().rpartition(":")
        with socket.create_connection((host, int(port))) as far:
            near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            other = {near: far, far: near}
            while True:
                for end in select.select([near, far], [], [], 20)[0]:
                    if not (data := end.recv(65_536)):
                        return
                    other[end].sendall(data)


def test_another_authority_than_the_computers_is_not_trusted_by_itself(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint(echo)
    monkeypatch.delenv("AWS_CA_BUNDLE")
    with pytest.raises(NoTunnelError, match=r"doesn't answer: .*certificate verify failed"):
        carry(b"x")


async def says_text(connection: ServerConnection) -> None:
    await connection.send("no such thing")
    await connection.wait_closed()


async def closes(connection: ServerConnection) -> None:
    await connection.close(1011, "Unable to connect to target")


async def closes_later(connection: ServerConnection) -> None:
    await connection.send(await connection.recv())
    await connection.close(1008, "Too long.")


@pytest.mark.parametrize(
    ("handle", "sentence", "hint"),
    [
        (says_text, f"tunnel through {EICE} broke; AWS says: no such thing", "doctor"),
        (
            closes,
            "doesn't reach port 22 of i-1: Unable to connect to target (code 1011).",
            "doctor",
        ),
        (closes_later, f"AWS ended the tunnel through {EICE}: Too long (code 1008).", "an hour"),
    ],
)
def test_a_tunnel_that_breaks_says_why(
    endpoint: Endpoint, handle: Handle, sentence: str, hint: str
) -> None:
    endpoint(handle)
    with pytest.raises(NoTunnelError) as told:
        carry(b"x", ends=False)
    assert sentence in told.value.message
    assert hint in told.value.hint


@pytest.mark.parametrize(
    ("refusal", "kind", "sentence"),
    [
        ((403, '{"message": "Not for you."}'), MissingToolError, ": Not for you (status 403)."),
        ((401, ""), MissingToolError, ": Unauthorized (status 401)."),
        ((503, "busy"), NoTunnelError, ": busy (status 503)."),
    ],
)
def test_a_refusal_is_told_in_aws_words(
    endpoint: Endpoint, refusal: tuple[int, str], kind: type[Exception], sentence: str
) -> None:
    endpoint(echo, refusal)
    with pytest.raises(kind) as told:
        carry(b"x")
    assert told.value.message == f"AWS refuses the tunnel through {EICE}{sentence}"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("state", "kind", "words"),
    [
        ("create-in-progress", NoTunnelError, "which takes AWS a few minutes"),
        ("", ConfigError, "unknown to AWS in eu-west-1"),
        ("delete-complete", ConfigError, "is delete-complete in eu-west-1"),
    ],
)
def test_an_endpoint_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, state: str, kind: type[Exception], words: str
) -> None:
    monkeypatch.setattr(tunnel, "client", lambda *_: Ec2("localhost:1", state))
    with pytest.raises(kind, match=words):
        carry(b"x")


def test_where_nothing_listens_it_is_said_once(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setattr(tunnel, "client", lambda *_: Ec2(f"localhost:{port}"))
    with pytest.raises(NoTunnelError, match="doesn't answer: Connection refused") as told:
        carry(b"x")
    assert told.value.message.count("refused") == 1

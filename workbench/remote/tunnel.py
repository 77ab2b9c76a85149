"""A tunnel of EC2 Instance Connect: a WebSocket by which SSH reaches a server with no open port.

As AWS's own command line opens it: a GET, signed in its query, to ``/openTunnel`` of the endpoint,
then bytes in binary frames, both ways.
"""

import asyncio
import json
import os
import re
import select
import selectors
import ssl
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.exceptions import InvalidProxy
from websockets.exceptions import InvalidStatus
from websockets.exceptions import WebSocketException
from websockets.http11 import Response
from websockets.proxy import get_proxy
from websockets.proxy import parse_proxy
from websockets.uri import parse_uri

from workbench.engine.aws import client
from workbench.engine.aws import find_endpoint
from workbench.engine.aws import presign
from workbench.engine.aws import read_setting
from workbench.errors import ConfigError
from workbench.errors import MissingToolError
from workbench.errors import WorkbenchError

SERVICE = "ec2-instance-connect"
# What AWS takes in a frame, in bytes.
FRAME = 65_000
# Seconds that a signed address can be used.
SIGNED_FOR = 60
OPEN_LIMIT = 20.0
CLOSE_LIMIT = 2.0
ENDED_IN_ORDER = 1000
# Nobody will be let in by trying again.
REFUSED = (400, 401, 403, 404)
# Where the WebSocket library looks for a proxy, in small or capital letters.
PROXY_VARIABLES = ("wss_proxy", "socks_proxy", "https_proxy")
LASTS = "A tunnel lasts at most an hour; the next connection opens a new one."


# What the program is told of the stack's configuration, by the name of its option.
TOLD = {"region": "aws:region", "profile": "aws:profile", "endpoints": "aws:endpoints"}


class NoTunnelError(WorkbenchError):
    """There is no tunnel, or no longer; the next try may have one."""


@dataclass(frozen=True)
class Way:
    """Where a tunnel is to lead: an endpoint, and a port of an instance in its VPC.

    ``config`` is the stack's, as far as AWS is concerned; ``stack`` is for the sentences.
    """

    endpoint: str
    instance: str
    port: int
    stack: str
    config: Mapping[str, str]
    tunnel_config: Mapping[str, str]

    @property
    def doctor(self) -> str:
        """What to type when nothing answers."""
        return f"workbench doctor --stack {self.stack}"


def run_tunnel(way: Way, source: int, sink: int) -> None:
    """Pass bytes between two file descriptors and the instance's port, until one side ends.

    Raises NoTunnelError where another try may do, ConfigError or MissingToolError where none
    will, and botocore's exceptions for credentials and rights.
    """
    url = presign(way.tunnel_config, SERVICE, _address(way), "openTunnel", SIGNED_FOR)
    # Not the library's client with threads (see checks/kernel.py): one would read from the TLS
    # connection while another writes to it. select, as the default refuses a file as input.
    with asyncio.Runner(
        loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())
    ) as runner:
        runner.run(_run(way, url, source, sink))


async def _run(way: Way, url: str, source: int, sink: int) -> None:
    async with _opened(way, url) as connection:
        hung_up = asyncio.Event()
        sending = asyncio.create_task(_send(connection, source, hung_up))
        try:
            await _receive(way, connection, sink, hung_up)
        finally:
            sending.cancel()


@asynccontextmanager
async def _opened(way: Way, url: str) -> AsyncIterator[ClientConnection]:
    # A rehearsal's is on this computer.
    is_far = url.startswith("wss:")
    try:
        connection = await connect(
            url,
            ssl=_trust(way) if is_far else None,
            proxy=_proxy(url) if is_far else None,
            compression=None,
            open_timeout=OPEN_LIMIT,
            close_timeout=CLOSE_LIMIT,
            # SSH looks itself whether the other side is there, and AWS may answer no pings.
            ping_interval=None,
        )
    except InvalidStatus as error:
        raise _refusal(way, error.response) from error
    except (OSError, WebSocketException) as error:
        raise NoTunnelError(
            f"The Instance Connect endpoint {way.endpoint} doesn't answer: {_reason(error)}.",
            way.doctor,
        ) from error
    try:
        yield connection
    finally:
        await connection.close()


def _reason(error: Exception) -> str:
    """Return what went wrong; in the computer's words where asyncio has its, for each address."""
    told = str(error)
    codes = dict.fromkeys(re.findall(r"\[Errno (\d+)\] Connect call failed", told))
    if codes:
        return ", ".join(os.strerror(int(code)) for code in codes)
    return told.strip().rstrip(".") or type(error).__name__


def _proxy(url: str) -> str | None:
    """Return the proxy to go by, if any; raise ConfigError for one that can't be used.

    Whose variable is named and not its value, which may have a password in it.
    """
    proxy = get_proxy(parse_uri(url))
    try:
        is_socks = proxy is not None and parse_proxy(proxy).scheme.startswith("socks")
    except (InvalidProxy, ValueError):
        raise _no_proxy("has no usable address") from None
    if is_socks:
        raise _no_proxy("uses SOCKS, but a tunnel needs HTTP")
    return proxy


def _no_proxy(why: str) -> ConfigError:
    found = sorted(name for name in os.environ if name.lower() in PROXY_VARIABLES)
    return ConfigError(
        f"The proxy by {' or '.join(found) or 'the settings of this computer'} {why}.",
        "export HTTPS_PROXY=http://HOST:PORT   or, where AWS is reached without it: unset it",
    )


def _trust(way: Way) -> ssl.SSLContext:
    """Return who AWS is trusted by, as boto3 has it.

    A network that looks into TLS has an authority of its own: AWS_CA_BUNDLE, or ``ca_bundle``.
    """
    from botocore.httpsession import get_cert_path

    own = read_setting(way.config, "ca_bundle")
    return ssl.create_default_context(cafile=own or get_cert_path(True))


def _address(way: Way) -> str:
    """Return the address to sign."""
    ec2 = client(way.config, "ec2")
    query = {
        "instanceConnectEndpointId": way.endpoint,
        "remotePort": way.port,
        "privateIpAddress": _private_ip(way, ec2),
    }
    return f"{_base(way, ec2)}/openTunnel?{urlencode(query)}"


def _base(way: Way, ec2: Any) -> str:
    """Return where the endpoint answers, once it does."""
    wanted = [{"Name": "instance-connect-endpoint-id", "Values": [way.endpoint]}]
    found = ec2.describe_instance_connect_endpoints(Filters=wanted)["InstanceConnectEndpoints"]
    state = found[0]["State"] if found else "unknown to AWS"
    what = f"The Instance Connect endpoint {way.endpoint} is {state}"
    if state == "create-in-progress":
        raise NoTunnelError(f"{what}, which takes AWS a few minutes.", way.doctor)
    if not state.startswith(("create-complete", "update-")):
        region = ec2.meta.region_name
        raise ConfigError(
            f"{what} in {region}.", f"workbench up --stack {way.stack}   makes it, where it is to"
        )
    own = find_endpoint(way.tunnel_config, SERVICE)
    if own is not None:
        return own.replace("http", "ws", 1)
    is_fips = read_setting(way.config, "use_fips_endpoint")
    return f"wss://{found[0]['FipsDnsName' if is_fips else 'DnsName']}"


def _private_ip(way: Way, ec2: Any) -> str:
    wanted = [{"Name": "instance-id", "Values": [way.instance]}]
    found = ec2.describe_instances(Filters=wanted)["Reservations"]
    ip = found[0]["Instances"][0].get("PrivateIpAddress") if found else None
    if not ip:
        raise NoTunnelError(f"AWS knows no address of the server {way.instance}.", way.doctor)
    return str(ip)


def _refusal(way: Way, response: Response) -> Exception:
    """Return what AWS's answer in place of a WebSocket means."""
    told = _message(bytes(response.body or b"")) or response.reason_phrase
    sentence = (
        f"AWS refuses the tunnel through {way.endpoint}: {told.rstrip('.')}"
        f" (status {response.status_code})."
    )
    if response.status_code not in REFUSED:
        return NoTunnelError(sentence, way.doctor)
    return MissingToolError(
        sentence,
        "workbench init --rights   shows the rights; it takes ec2-instance-connect:OpenTunnel",
    )


def _message(body: bytes) -> str:
    text = body.decode("utf-8", "replace").strip()
    try:
        content = json.loads(text)
        return str(content.get("message") or content.get("Message") or text)
    except (ValueError, AttributeError):
        return " ".join(text.split())[:500]


async def _receive(
    way: Way, connection: ClientConnection, sink: int, hung_up: asyncio.Event
) -> None:
    """Pass on what comes, until the tunnel ends; raise NoTunnelError where AWS ended it."""
    received = False
    try:
        async for message in connection:
            if isinstance(message, str):
                raise NoTunnelError(
                    f"The tunnel through {way.endpoint} broke; AWS says: {message}", way.doctor
                )
            received = True
            await _write(sink, message)
    except (BrokenPipeError, ConnectionResetError):
        # Whoever used the tunnel is gone.
        return
    except ConnectionClosed:
        pass
    code, reason = connection.close_code, connection.close_reason
    # What AWS makes of our own end is no news.
    if code == ENDED_IN_ORDER or hung_up.is_set():
        return
    told = f"{(reason or 'no reason told').rstrip('.')} (code {code})"
    if received:
        raise NoTunnelError(f"AWS ended the tunnel through {way.endpoint}: {told}.", LASTS)
    raise NoTunnelError(
        f"The Instance Connect endpoint {way.endpoint} doesn't reach port {way.port} of"
        f" {way.instance}: {told}.",
        way.doctor,
    )


async def _send(connection: ClientConnection, source: int, hung_up: asyncio.Event) -> None:
    """Send what comes in; its end ends the tunnel: SSH has hung up."""
    loop = asyncio.get_running_loop()
    try:
        while True:
            await _until(loop.add_reader, loop.remove_reader, source)
            data = os.read(source, FRAME)
            if not data:
                break
            await connection.send(data)
    except ConnectionClosed:
        return
    except OSError:
        # As its end: nobody is there any more.
        pass
    hung_up.set()
    await connection.close()


async def _write(sink: int, data: bytes) -> None:
    """Write without making what is sent wait; no more at a time than never blocks."""
    loop = asyncio.get_running_loop()
    left = memoryview(data)
    while left:
        await _until(loop.add_writer, loop.remove_writer, sink)
        left = left[os.write(sink, left[: select.PIPE_BUF]) :]


async def _until(
    add: Callable[[int, Callable[[], None]], None], remove: Callable[[int], object], end: int
) -> None:
    """Wait until an end of a pipe can be read from, or written to."""
    ready = asyncio.Event()
    add(end, ready.set)
    try:
        await ready.wait()
    finally:
        remove(end)

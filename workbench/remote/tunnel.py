"""A tunnel of EC2 Instance Connect: a WebSocket by which SSH reaches a server with no open port.

As AWS's own command line opens it: a GET, signed in its query, to ``/openTunnel`` of the endpoint,
then bytes in binary frames, both ways.
"""

import json
import os
import ssl
import threading
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.exceptions import InvalidStatus
from websockets.exceptions import WebSocketException
from websockets.http11 import Response
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect

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
LASTS = "A tunnel lasts an hour at most; the next connection has one of its own."


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
    with _opened(way) as connection:
        _carry(way, connection, source, sink)


@contextmanager
def _opened(way: Way) -> Iterator[ClientConnection]:
    url = presign(way.tunnel_config, SERVICE, _address(way), "openTunnel", SIGNED_FOR)
    # A rehearsal's is on this computer.
    is_far = url.startswith("wss:")
    try:
        opening = connect(
            url,
            ssl=_trust(way) if is_far else None,
            proxy=True if is_far else None,
            compression=None,
            open_timeout=OPEN_LIMIT,
            close_timeout=CLOSE_LIMIT,
            # SSH looks itself whether the other side is there, and AWS may answer no pings.
            ping_interval=None,
        )
        connection = opening.__enter__()
    except InvalidStatus as error:
        raise _refusal(way, error.response) from error
    except (OSError, WebSocketException) as error:
        told = str(error).strip().rstrip(".") or type(error).__name__
        raise NoTunnelError(
            f"The Instance Connect endpoint {way.endpoint} doesn't answer: {told}.", way.doctor
        ) from error
    try:
        yield connection
    finally:
        connection.close()


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
        raise NoTunnelError(f"{what}, which takes AWS some minutes.", way.doctor)
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


def _carry(way: Way, connection: ClientConnection, source: int, sink: int) -> None:
    received = False
    threading.Thread(target=_send, args=(connection, source), daemon=True).start()
    try:
        for message in connection:
            if isinstance(message, str):
                raise NoTunnelError(
                    f"The tunnel through {way.endpoint} broke; AWS says: {message}", way.doctor
                )
            received = True
            _write(sink, message)
    except BrokenPipeError:
        # Whoever used the tunnel is gone.
        return
    except ConnectionClosed:
        pass
    code, reason = connection.close_code, connection.close_reason
    if code == ENDED_IN_ORDER:
        return
    told = f"{(reason or 'no reason told').rstrip('.')} (code {code})"
    if received:
        raise NoTunnelError(f"AWS ended the tunnel through {way.endpoint}: {told}.", LASTS)
    raise NoTunnelError(
        f"The Instance Connect endpoint {way.endpoint} doesn't reach port {way.port} of"
        f" {way.instance}: {told}.",
        way.doctor,
    )


def _send(connection: ClientConnection, source: int) -> None:
    """Send what comes in; its end ends the tunnel: SSH has hung up."""
    try:
        while data := os.read(source, FRAME):
            connection.send(data)
    except (OSError, ConnectionClosed):
        pass
    connection.close()


def _write(sink: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(sink, left) :]

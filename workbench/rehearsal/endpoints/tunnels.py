"""Tunnels of EC2 Instance Connect Endpoints: the WebSocket at ``/openTunnel``.

Whoever comes is looked at as AWS does it: the signed address, the right, and then whether the
security groups let the endpoint get to the instance.
"""

import asyncio
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request
from websockets.http11 import Response

from workbench.rehearsal.api.instance_connect import Endpoint
from workbench.rehearsal.api.server import Api
from workbench.rehearsal.iam.authorization import Authorizer
from workbench.rehearsal.iam.refusals import AccessDenied
from workbench.rehearsal.iam.refusals import refused
from workbench.rehearsal.iam.request import ApiRequest
from workbench.rehearsal.network.listener import reset
from workbench.rehearsal.network.loop import LoopThread
from workbench.rehearsal.network.reach import lets_in
from workbench.rehearsal.network.reach import lets_out
from workbench.rehearsal.network.sockets import explain
from workbench.rehearsal.network.sockets import listen_tcp

log = logging.getLogger(__name__)

HERE = "127.0.0.1"
SERVICE = "ec2-instance-connect"
# For administration alone: SSH, and the remote desktop.
PORTS = (22, 3389)
LONGEST = 3600
CONNECT_LIMIT = 10.0
CHUNK = 65_000
# Of the WebSocket protocol: something unexpected, and a rule that was broken.
UNREACHED, OVER = 1011, 1008


@dataclass(frozen=True)
class Tunnel:
    """What a request asks for; ``target`` is where the machine has the port, None if nowhere."""

    seconds: int
    target: tuple[str, int] | None


class Refused(Exception):
    """A request that gets no tunnel, with the status of the answer."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


class TunnelServer:
    """Open tunnels to machines; ``address_of`` returns the address of an instance's machine."""

    def __init__(
        self, api: Api, authorizer: Authorizer, address_of: Callable[[str], str | None]
    ) -> None:
        self._api = api
        self._authorizer = authorizer
        self._address_of = address_of
        self._tunnels: dict[uuid.UUID, Tunnel] = {}
        self._thread = LoopThread("tunnels")
        self._server: Server | None = None

    def start(self, port: int = 0) -> str:
        """Listen on this computer, on a free port if this one is 0 or taken; return the URL."""
        try:
            listening = listen_tcp(HERE, port)
        except OSError as error:
            if not port:
                raise explain(error, "the tunnels of Instance Connect", HERE, port) from error
            listening = listen_tcp(HERE, 0)
        self._server = self._thread.run(self._listen(listening))
        return f"http://{HERE}:{listening.getsockname()[1]}"

    def stop(self) -> None:
        """Stop listening, and end the tunnels. Twice is fine."""
        server, self._server = self._server, None
        if server is not None:
            self._thread.run(self._close(server))
        self._thread.stop()

    async def _listen(self, listening: Any) -> Server:
        return await serve(
            self._connected,
            sock=listening,
            process_request=self._answer,
            compression=None,
            ping_interval=None,
            close_timeout=2,
            server_header=None,
        )

    async def _close(self, server: Server) -> None:
        server.close()
        await server.wait_closed()

    async def _answer(self, connection: ServerConnection, request: Request) -> Response | None:
        """Refuse what isn't allowed, before there is a WebSocket."""
        peer = str(connection.remote_address[0])
        asked = ApiRequest("GET", request.path, list(request.headers.raw_items()), peer)
        try:
            # The API's lock may be held a while.
            tunnel = await asyncio.to_thread(self._look, asked)
        except AccessDenied as denied:
            log.info("refused a tunnel: %s", denied.message)
            answer = refused(denied)
            response = connection.respond(answer.status_code, answer.get_data(as_text=True))
            response.headers["x-amzn-requestid"] = answer.headers["x-amzn-RequestId"]
            return response
        except Refused as refusal:
            return connection.respond(refusal.status, str(refusal))
        self._tunnels[connection.id] = tunnel
        return None

    def _look(self, request: ApiRequest) -> Tunnel:
        if request.path != "/openTunnel":
            raise Refused(HTTPStatus.NOT_FOUND, "There is nothing here.")
        self._authorizer.authorise_signed(request, SERVICE)
        query = request.query
        try:
            port = int(query["remotePort"])
            seconds = int(query.get("maxTunnelDuration", LONGEST))
            ip = query["privateIpAddress"]
        except (KeyError, ValueError):
            raise Refused(HTTPStatus.BAD_REQUEST, "A parameter is missing or wrong.") from None
        if port not in PORTS or not 0 < seconds <= LONGEST:
            raise Refused(HTTPStatus.BAD_REQUEST, "A parameter is out of its range.")
        with self._api.lock:
            known = self._api.ec2.instance_connect_endpoints()
            endpoint = known.get(query.get("instanceConnectEndpointId", ""))
            if endpoint is None or endpoint.state != "create-complete":
                raise Refused(
                    HTTPStatus.NOT_FOUND, "The EC2 Instance Connect Endpoint isn't there."
                )
            return Tunnel(seconds, self._find(endpoint, ip, port))

    def _find(self, endpoint: Endpoint, ip: str, port: int) -> tuple[str, int] | None:
        """Return where a port is that the endpoint reaches; None where the network drops it."""
        ec2 = self._api.ec2
        groups = [ec2.get_security_group_from_id(each) for each in endpoint.group_ids]
        for instance in ec2.all_instances():
            for interface in instance.nics.values():
                is_it = interface.private_ip_address == ip and interface.vpc_id == endpoint.vpc_id
                if not is_it or instance.state != "running":
                    continue
                # The client's own address is none of the VPC's.
                source = HERE if endpoint.preserves_client_ip else endpoint.ip
                named = [] if endpoint.preserves_client_ip else endpoint.group_ids
                theirs = [each.id for each in interface.group_set]
                is_open = lets_out(groups, port, ip, theirs) and lets_in(
                    interface.group_set, port, source, named
                )
                address = self._address_of(instance.id) if is_open else None
                return (address, port) if address else None
        return None

    async def _connected(self, connection: ServerConnection) -> None:
        tunnel = self._tunnels.pop(connection.id)
        try:
            async with asyncio.timeout(CONNECT_LIMIT):
                if tunnel.target is None:
                    raise OSError
                reader, writer = await asyncio.open_connection(*tunnel.target, limit=CHUNK)
        except (OSError, TimeoutError):
            await connection.close(UNREACHED, "Unable to connect to target")
            return
        both = (
            asyncio.ensure_future(_upwards(connection, writer)),
            asyncio.ensure_future(_downwards(reader, connection)),
        )
        try:
            done, _ = await asyncio.wait(
                both, timeout=tunnel.seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                await connection.close(OVER, "The tunnel's maximum duration is over")
        finally:
            for each in both:
                each.cancel()
            await asyncio.gather(*both, return_exceptions=True)
            reset(writer)


async def _upwards(connection: ServerConnection, writer: asyncio.StreamWriter) -> None:
    try:
        async for message in connection:
            if isinstance(message, str):
                return
            writer.write(message)
            await writer.drain()
    except (OSError, ConnectionClosed):
        return


async def _downwards(reader: asyncio.StreamReader, connection: ServerConnection) -> None:
    try:
        while chunk := await reader.read(CHUNK):
            await connection.send(chunk)
    except (OSError, ConnectionClosed):
        return

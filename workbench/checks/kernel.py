"""Run code in a Jupyter kernel through its websocket, as JupyterLab does."""

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from workbench.checks.http import BROWSER
from workbench.checks.http import tls_context
from workbench.checks.target import Target
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError

# R's first kernel on a small or busy server takes over a minute.
LIMIT = 180.0
RECONNECT_INTERVAL = 0.5
CLOSE_LIMIT = 5.0


class _Unanswered(Exception):
    """The connection was closed before the kernel said anything to the request."""


def execute(
    target: Target,
    host: str,
    path: str,
    headers: Mapping[str, str],
    code: str,
    *,
    limit: float = LIMIT,
) -> str:
    """Run ``code`` in the kernel at ``path`` of ``host`` and return what it printed."""
    try:
        return asyncio.run(_execute(target, host, path, headers, code, limit))
    except TimeoutError as error:
        raise WaitTimeoutError(f"The kernel did not answer within {limit:.0f} s.") from error


async def _execute(
    target: Target, host: str, path: str, headers: Mapping[str, str], code: str, limit: float
) -> str:
    async with asyncio.timeout(limit):
        while True:
            try:
                return await _execute_once(target, host, path, headers, code)
            except _Unanswered:
                # Jupyter breaks off a connection, without a close frame, when the kernel has not
                # answered Jupyter itself within a minute (kernel_info_timeout); it has read nothing
                # from it by then. JupyterLab connects again, too. jupyter_server/services/kernels
                await asyncio.sleep(RECONNECT_INTERVAL)


async def _execute_once(
    target: Target, host: str, path: str, headers: Mapping[str, str], code: str
) -> str:
    # Not the library's client with threads: one would read from the TLS connection while another
    # writes to it, which OpenSSL doesn't allow and Python before 3.13 doesn't prevent. 4 of 247
    # such connections hung, under load, and none of 811 of these.
    async with connect(
        f"wss://{host}{path}/channels",
        host=target.web_address.ip,
        port=target.web_address.port(443),
        ssl=tls_context(target),
        server_hostname=host,
        additional_headers=dict(headers),
        user_agent_header=BROWSER,
        open_timeout=LIMIT,
        close_timeout=CLOSE_LIMIT,
        proxy=None,
    ) as channel:
        request = _execute_request(code)
        answer = _Answer(request["header"]["msg_id"])
        try:
            await channel.send(json.dumps(request))
            return await answer.collect(channel)
        except ConnectionClosed as error:
            if not answer.has_begun:
                raise _Unanswered from error
            raise WorkbenchError("The connection to the kernel broke while it ran code.") from error


class _Answer:
    """What a kernel says to one request."""

    def __init__(self, request: str) -> None:
        self._request = request
        self._printed = ""
        self.has_begun = False

    async def collect(self, channel: ClientConnection) -> str:
        """Return what the kernel prints until it is idle again."""
        while True:
            message = json.loads(await channel.recv())
            if message["parent_header"].get("msg_id") == self._request and self._take(message):
                return self._printed

    def _take(self, message: Mapping[str, Any]) -> bool:
        """Take a message in; return whether it was the last one."""
        self.has_begun = True
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            self._printed += content["text"]
        elif kind in ("execute_result", "display_data"):
            self._printed += content["data"].get("text/plain", "")
        elif kind == "error":
            raise WorkbenchError(f"The kernel failed: {content['ename']}: {content['evalue']}")
        return bool(kind == "status" and content["execution_state"] == "idle")


def _execute_request(code: str) -> dict[str, Any]:
    ident = uuid.uuid4().hex
    header = {
        "msg_id": ident,
        "msg_type": "execute_request",
        "username": "",
        "session": ident,
        "version": "5.3",
    }
    return {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": {"code": code, "silent": False, "store_history": False},
        "channel": "shell",
    }

"""Run code in a Jupyter kernel through its websocket, as JupyterLab does."""

import json
import socket
import time
import uuid
from collections.abc import Mapping
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from workbench.checks.http import BROWSER
from workbench.checks.http import tls_context
from workbench.checks.target import Target
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError

# R's first kernel on a small or busy server takes over a minute.
LIMIT = 180.0
RECONNECT_INTERVAL = 0.5


class _Unanswered(Exception):
    """The connection was closed before the kernel said anything to the request."""


def execute(
    target: Target, path: str, headers: Mapping[str, str], code: str, *, limit: float = LIMIT
) -> str:
    """Run ``code`` in the kernel at ``path`` and return what it printed."""
    end = time.monotonic() + limit
    while (left := end - time.monotonic()) > 0:
        try:
            return _execute_once(target, path, headers, code, left)
        except _Unanswered:
            # Jupyter breaks off a connection, without a close frame, when the kernel has not
            # answered Jupyter itself within a minute (kernel_info_timeout); it has read nothing
            # from it by then. JupyterLab connects again, too. jupyter_server/services/kernels
            time.sleep(RECONNECT_INTERVAL)
    raise WaitTimeoutError(f"The kernel did not answer within {limit:.0f} s.")


def _execute_once(
    target: Target, path: str, headers: Mapping[str, str], code: str, limit: float
) -> str:
    name, address = target.names[0], target.where
    request = _execute_request(code)
    with connect(
        f"wss://{name}{path}/channels",
        sock=socket.create_connection((address.ip, address.port(443)), timeout=limit),
        ssl=tls_context(target),
        server_hostname=name,
        additional_headers=dict(headers),
        user_agent_header=BROWSER,
        open_timeout=limit,
    ) as channel:
        answer = _Answer(request["header"]["msg_id"])
        try:
            channel.send(json.dumps(request))
            return answer.collect(channel, limit)
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

    def collect(self, channel: Any, limit: float) -> str:
        """Return what the kernel prints until it is idle again."""
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0:
            try:
                message = json.loads(channel.recv(timeout=left))
            except TimeoutError:
                break
            if message["parent_header"].get("msg_id") == self._request and self._take(message):
                return self._printed
        raise WaitTimeoutError(f"The kernel did not answer within {limit:.0f} s.")

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

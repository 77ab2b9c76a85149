"""Run code in a Jupyter kernel through its websocket, as JupyterLab does."""

import json
import socket
import time
import uuid
from collections.abc import Mapping
from typing import Any

from websockets.sync.client import connect

from workbench.checks.http import BROWSER
from workbench.checks.http import tls_context
from workbench.checks.target import Target
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError

LIMIT = 60.0


def execute(
    target: Target, path: str, headers: Mapping[str, str], code: str, *, limit: float = LIMIT
) -> str:
    """Run ``code`` in the kernel at ``path`` and return what it printed."""
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
        channel.send(json.dumps(request))
        return _collect(channel, request["header"]["msg_id"], limit)


def _collect(channel: Any, request: str, limit: float) -> str:
    """Return what the kernel prints until it is idle again."""
    printed, end = "", time.monotonic() + limit
    while (left := end - time.monotonic()) > 0:
        try:
            message = json.loads(channel.recv(timeout=left))
        except TimeoutError:
            break
        if message["parent_header"].get("msg_id") != request:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            printed += content["text"]
        elif kind in ("execute_result", "display_data"):
            printed += content["data"].get("text/plain", "")
        elif kind == "error":
            raise WorkbenchError(f"The kernel failed: {content['ename']}: {content['evalue']}")
        elif kind == "status" and content["execution_state"] == "idle":
            return printed
    raise WaitTimeoutError(f"The kernel did not answer within {limit:.0f} s.")


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

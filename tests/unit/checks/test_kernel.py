"""Code runs in a kernel through a real websocket over TLS."""

import json
import threading
from collections.abc import Callable
from collections.abc import Iterator
from socket import SHUT_RDWR
from typing import Any

import pytest
from websockets.sync.server import Server
from websockets.sync.server import ServerConnection
from websockets.sync.server import serve

from workbench.checks.kernel import execute
from workbench.checks.target import Address
from workbench.checks.target import Target
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError

# What a kernel answers: type and content of each message.
Messages = list[tuple[str, dict[str, Any]]]
IDLE = ("status", {"execution_state": "idle"})
BUSY = ("status", {"execution_state": "busy"})


# The connection breaks here.
CUT: tuple[str, dict[str, Any]] = ("cut", {})


@pytest.fixture
def cuts() -> list[int]:
    """Give how many connections break before anything is read from them."""
    return []


@pytest.fixture
def kernel(authority: Any, cuts: list[int]) -> Iterator[Callable[[Messages], Target]]:
    """Give a function that makes a kernel which answers with these messages."""
    servers: list[tuple[Server, threading.Thread]] = []

    def make(messages: Messages) -> Target:
        def handle(socket: ServerConnection) -> None:
            if cuts:
                # As Jupyter does with a kernel that isn't ready: no close frame, nothing read.
                cuts.pop()
                socket.socket.shutdown(SHUT_RDWR)
                return
            request = json.loads(socket.recv())
            assert socket.request is not None
            assert socket.request.headers["Host"].startswith("bench.example")
            assert socket.request.headers["Authorization"] == "token t"
            other = {"header": {"msg_id": "another client's"}}
            for parent in (other, request):
                for kind, content in messages[: -1 if messages[-1] == CUT else None]:
                    said = {"parent_header": parent["header"], "msg_type": kind, "content": content}
                    socket.send(json.dumps(said))
            if messages[-1] == CUT:
                socket.socket.shutdown(SHUT_RDWR)
                return
            for _ in socket:
                pass

        server = serve(handle, "127.0.0.1", 0, ssl=authority.context(["bench.example"], 9))
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        servers.append((server, thread))
        where = Address("127.0.0.1", {443: server.socket.getsockname()[1]})
        outputs = {"domain": "bench.example", "names": ["bench.example"]}
        return Target("tests", outputs, where, authority.path)

    yield make
    for server, thread in servers:
        server.shutdown()
        thread.join()


def run(target: Target, limit: float = 10) -> str:
    headers = {"Authorization": "token t"}
    return execute(target, "bench.example", "/api/kernels/1", headers, "6 * 7", limit=limit)


def test_everything_printed_until_idle_is_returned(kernel: Callable[[Messages], Target]) -> None:
    printed = ("stream", {"name": "stdout", "text": "42 "})
    result = ("execute_result", {"data": {"text/plain": "'ada'"}})
    assert run(kernel([BUSY, printed, result, IDLE])) == "42 'ada'"


def test_an_error_in_the_kernel_is_told(kernel: Callable[[Messages], Target]) -> None:
    error = ("error", {"ename": "NameError", "evalue": "x is not defined"})
    with pytest.raises(WorkbenchError, match="The kernel failed: NameError: x is not defined"):
        run(kernel([BUSY, error, IDLE]))


def test_a_kernel_that_stays_silent_has_a_limit(kernel: Callable[[Messages], Target]) -> None:
    with pytest.raises(WaitTimeoutError, match="did not answer within"):
        run(kernel([BUSY]), limit=0.5)


def test_a_connection_that_jupyter_breaks_off_while_the_kernel_starts_is_made_again(
    kernel: Callable[[Messages], Target], cuts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.checks.kernel.RECONNECT_INTERVAL", 0.01)
    cuts += [1, 2]
    assert run(kernel([BUSY, ("stream", {"name": "stdout", "text": "42"}), IDLE])) == "42"
    assert cuts == []


def test_code_is_not_run_twice_when_the_connection_breaks_under_it(
    kernel: Callable[[Messages], Target],
) -> None:
    with pytest.raises(WorkbenchError, match="broke while it ran code"):
        run(kernel([BUSY, CUT]))

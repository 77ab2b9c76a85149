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

from workbench.checks.http import BROWSER
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
def asked() -> list[dict[str, Any]]:
    """Give what the kernel was asked."""
    return []


@pytest.fixture
def kernel(
    authority: Any, cuts: list[int], asked: list[dict[str, Any]]
) -> Iterator[Callable[[Messages], Target]]:
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
            assert socket.request.path == "/api/kernels/1/channels"
            assert socket.request.headers["Host"].startswith("bench.example")
            assert socket.request.headers["Authorization"] == "token t"
            assert socket.request.headers["User-Agent"] == BROWSER
            asked.append(request)
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


def test_what_has_no_text_prints_nothing(kernel: Callable[[Messages], Target]) -> None:
    plot = ("display_data", {"data": {"image/png": "iVBOR"}})
    text = ("display_data", {"data": {"image/png": "iVBOR", "text/plain": "a plot"}})
    assert run(kernel([BUSY, plot, text, IDLE])) == "a plot"


def test_the_kernel_is_asked_as_jupyters_protocol_has_it(
    kernel: Callable[[Messages], Target],
    asked: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # It is asked directly, whatever proxy this computer has.
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("wss_proxy", "http://127.0.0.1:1")
    run(kernel([BUSY, IDLE]))
    (request,) = asked
    header = request.pop("header")
    # jupyter-client.readthedocs.io/en/stable/messaging.html
    assert header.pop("msg_id") == header.pop("session") != ""
    assert header == {"msg_type": "execute_request", "username": "", "version": "5.3"}
    assert request == {
        "parent_header": {},
        "metadata": {},
        "content": {"code": "6 * 7", "silent": False, "store_history": False},
        "channel": "shell",
    }


def test_an_error_in_the_kernel_is_told(kernel: Callable[[Messages], Target]) -> None:
    error = ("error", {"ename": "NameError", "evalue": "x is not defined"})
    with pytest.raises(WorkbenchError) as failure:
        run(kernel([BUSY, error, IDLE]))
    assert failure.value.message == "The kernel failed: NameError: x is not defined"


def test_a_kernel_that_stays_silent_has_a_limit(kernel: Callable[[Messages], Target]) -> None:
    with pytest.raises(WaitTimeoutError) as failure:
        run(kernel([BUSY]), limit=0.6)
    assert failure.value.message == "The kernel did not answer within 1 s."


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
    with pytest.raises(WorkbenchError) as failure:
        run(kernel([BUSY, CUT]))
    assert failure.value.message == "The connection to the kernel broke while it ran code."

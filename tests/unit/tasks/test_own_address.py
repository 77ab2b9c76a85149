"""The caller's address, told by a service on this computer."""

import socket
import threading
from collections.abc import Callable
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer

import pytest

from workbench.errors import ConfigError
from workbench.remote import own_address
from workbench.remote.own_address import OwnAddressError
from workbench.remote.own_address import find_own_address

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Give a function that starts a service with one answer, and returns its address."""
    servers: list[ThreadingHTTPServer] = []

    def start(answer: str, status: int = 200) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Keep the tests' output clean."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_the_answer_is_the_address(serve: Serve) -> None:
    assert find_own_address(serve("203.0.113.7\n")) == "203.0.113.7"


def test_a_variable_names_the_service(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(own_address.VARIABLE, serve("198.51.100.9"))

    assert find_own_address() == "198.51.100.9"


def test_a_proxy_for_web_pages_is_passed_by(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1/")

    assert find_own_address(serve("203.0.113.7")) == "203.0.113.7"


@pytest.mark.parametrize("answer", ["<html>Sign in first</html>", "2001:db8::7", "", "1.2.3"])
def test_what_is_no_ipv4_address_is_refused(serve: Serve, answer: str) -> None:
    with pytest.raises(OwnAddressError, match="which isn't an address") as raised:
        find_own_address(serve(answer))

    assert own_address.VARIABLE in raised.value.hint


def test_an_error_is_no_answer(serve: Serve) -> None:
    with pytest.raises(OwnAddressError, match="doesn't say what this computer's address is"):
        find_own_address(serve("203.0.113.7", status=503))


def test_silence_ends_within_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_address, "TIMEOUT", 0.1)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(OwnAddressError, match="doesn't say"),
    ):
        find_own_address(f"http://127.0.0.1:{silent.getsockname()[1]}/")


@pytest.mark.parametrize("service", ["checkip", "ftp://example.com/", "http://"])
def test_what_is_no_service_is_refused(service: str) -> None:
    with pytest.raises(ConfigError, match="isn't the URL of a service"):
        find_own_address(service)

"""A port is open, refused or silent, also behind something that accepts everything."""

import errno
import socket
import ssl
import threading
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from loopback import closed_port

from workbench.checks import ports
from workbench.checks.ports import Port
from workbench.checks.ports import probe
from workbench.checks.ports import probe_web

LOCAL = "127.0.0.1"
Serve = Callable[[Callable[[socket.socket], None]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Give a function that answers each connection to a port of its own."""
    listeners: list[socket.socket] = []

    def make(answer: Callable[[socket.socket], None]) -> int:
        listener = socket.create_server((LOCAL, 0))
        listeners.append(listener)

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    answer(connection)

        threading.Thread(target=run, daemon=True).start()
        return int(listener.getsockname()[1])

    yield make
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def hang_up(connection: socket.socket) -> None:
    pass


def banner(connection: socket.socket) -> None:
    connection.sendall(b"SSH-2.0-tests\r\n")


def echo(connection: socket.socket) -> None:
    connection.sendall(connection.recv(100))


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "AGAIN_AFTER", 0)


def test_a_program_that_speaks_first_is_there(serve: Serve) -> None:
    assert probe(LOCAL, serve(banner)) is Port.OPEN


def test_where_the_program_speaks_first_nothing_is_said_to_it(serve: Serve) -> None:
    assert probe(LOCAL, serve(echo), timeout=0.1) is Port.SILENT


def test_one_that_is_spoken_to_is_there(serve: Serve) -> None:
    assert probe_web(LOCAL, serve(echo), tls=False) is Port.OPEN


@pytest.mark.parametrize("tls", [False, True])
def test_a_forwarder_without_a_program_behind_it_refuses(serve: Serve, tls: bool) -> None:
    port = serve(hang_up)
    assert probe(LOCAL, port) is Port.REFUSED
    assert probe_web(LOCAL, port, tls=tls) is Port.REFUSED


def test_one_that_is_away_for_a_moment_is_there(serve: Serve) -> None:
    answers = iter([hang_up, banner])
    assert probe(LOCAL, serve(lambda connection: next(answers)(connection))) is Port.OPEN


@pytest.mark.parametrize("tls", [False, True])
def test_a_port_without_a_program_refuses(tls: bool) -> None:
    assert probe_web(LOCAL, closed_port(), tls=tls) is Port.REFUSED


def test_a_port_that_never_answers_is_silent(serve: Serve) -> None:
    done = threading.Event()
    port = serve(lambda connection: (done.wait(10), None)[1])
    assert probe(LOCAL, port, timeout=0.2) is Port.SILENT
    done.set()


@pytest.mark.parametrize("tls", [False, True])
def test_a_network_without_a_way_there_is_silent(
    monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    def connect(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "create_connection", connect)
    assert probe_web("203.0.113.9", 443, tls=tls) is Port.SILENT


def test_https_is_there_whatever_its_certificate(authority: Any, serve: Serve) -> None:
    context: ssl.SSLContext = authority.context(["bench.example"], -1)

    def speak(connection: socket.socket) -> None:
        try:
            context.wrap_socket(connection, server_side=True).close()
        except OSError:
            return

    assert probe_web(LOCAL, serve(speak), tls=True) is Port.OPEN

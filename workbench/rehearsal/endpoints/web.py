"""A small threaded HTTP/1.1 server for the rehearsal's own services."""

import contextlib
import logging
import socket
import socketserver
import ssl
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import Any

from workbench.rehearsal.network.sockets import explain
from workbench.rehearsal.network.sockets import listen_tcp

log = logging.getLogger(__name__)

# A connection that sends nothing for this long is closed (seconds).
IDLE = 75.0
# A body that nobody asked for is read and thrown away up to this size (bytes).
UNWANTED = 1024 * 1024


class Handler(BaseHTTPRequestHandler):
    """One connection: ``handle_request`` answers each request on it, whatever its method."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE
    # What is written small goes out at once; answers are put together before they are written.
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    owner: Any

    def handle_request(self) -> None:
        """Answer the request that was just read."""
        raise NotImplementedError

    def answer(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Send a whole answer with its length."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def discard_body(self) -> None:
        """Read a body nobody wants, so that the connection can be used again."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal():
            self.close_connection = True
        elif int(length) <= UNWANTED:
            self.rfile.read(int(length))
        else:
            self.close_connection = True

    def version_string(self) -> str:
        """Return the server's name alone: no service of AWS names its Python."""
        return self.server_version

    def log_message(self, format: str, *args: object) -> None:
        """Write the access log as debug lines."""
        log.debug("%s " + format, self.client_address[0], *args)

    def __getattr__(self, name: str) -> Any:
        # The base class calls do_GET, do_PUT …: one method answers them all.
        if name.startswith("do_"):
            return self.guarded
        raise AttributeError(name)

    def guarded(self) -> None:
        """Answer the request; what fails inside is logged and becomes a 500."""
        try:
            self.handle_request()
        except (OSError, ssl.SSLError):
            self.close_connection = True  # the other end went away
        except Exception:
            log.exception("%s %s failed", self.command, self.path.partition("?")[0])
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.answer(HTTPStatus.INTERNAL_SERVER_ERROR, b"", {"Connection": "close"})


class WebServer:
    """Serve ``handler`` for ``owner`` in threads, with TLS when ``context`` is given."""

    def __init__(
        self,
        what: str,
        handler: type[Handler],
        owner: object,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._what = what
        self._handler = type(handler.__name__, (handler,), {"owner": owner})
        self._context = context
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            raise RuntimeError(f"{self._what} has not been started")
        return int(self._server.server_address[1])

    def start(self, address: str, port: int, device: str | None = None) -> None:
        """Listen, and answer in a thread."""
        try:
            listening = listen_tcp(address, port, device)
        except OSError as error:
            raise explain(error, self._what, address, port) from error
        self._server = _Server(listening, self._handler, self._context)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.05},
            name=self._what,
            daemon=True,
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and close the connections that are open. Twice is fine."""
        server, self._server = self._server, None
        if server is None or self._thread is None:
            return
        server.shutdown()
        server.close_connections()
        server.server_close()
        self._thread.join()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self, listening: socket.socket, handler: type[Handler], context: ssl.SSLContext | None
    ) -> None:
        super().__init__(("", 0), handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listening
        self.server_address = listening.getsockname()
        self._context = context
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the connection's own thread: a slow handshake holds up nobody else.
        if self._context is not None:
            request.settimeout(IDLE)
            request = self._context.wrap_socket(request, server_side=True)
        with self._lock:
            self._open.add(request)
        try:
            super().finish_request(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)
            if self._context is not None:
                self.shutdown_request(request)

    def close_connections(self) -> None:
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that breaks off, or that doesn't trust the certificate: no matter here.
        log.debug("a connection from %s failed", client_address, exc_info=True)

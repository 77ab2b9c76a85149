"""Serve a WSGI application where machines, or this computer's programs, find it."""

import io
import logging
import ssl
import threading
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer
from werkzeug.serving import make_server
from werkzeug.wsgi import get_input_stream

from workbench.rehearsal.network.sockets import explain
from workbench.rehearsal.network.sockets import listen_tcp

log = logging.getLogger(__name__)

# A connection that sends nothing for this long is closed (seconds).
IDLE = 75.0
# Where an application finds the headers as they were sent, which is what a signature covers.
HEADERS = "rehearsal.headers"

Environ = dict[str, Any]


class WebServer:
    """Answer with an application, each request in a thread; with TLS where ``context`` is given.

    ``what`` is what answers there, as an error names it.
    """

    def __init__(self, what: str, application: Any, context: ssl.SSLContext | None = None) -> None:
        self._what = what
        self._application = application
        self._context = context
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            raise RuntimeError(f"{self._what} has not been started")
        return self._server.port

    def start(
        self, address: str, port: int, device: str | None = None, *, other: bool = False
    ) -> None:
        """Listen; raise a WorkbenchError that names who holds the address if it is taken.

        Where ``other`` is true, a free port is taken then.
        """
        try:
            listening = listen_tcp(address, port, device)
        except OSError as error:
            if not other:
                raise explain(error, self._what, address, port) from error
            listening = listen_tcp(address, 0, device)
        with listening:
            self._server = server = make_server(
                address,
                port,
                self._application,
                threaded=True,
                request_handler=_Handler,
                fd=listening.fileno(),
            )
        if self._context is not None:
            # Not on accepting, which is everybody's thread: a slow handshake holds up nobody else.
            server.socket = self._context.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
            server.ssl_context = self._context
        self._thread = threading.Thread(
            target=server.serve_forever, args=(0.05,), name=self._what, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening. Twice is fine."""
        server, self._server = self._server, None
        if server is not None and self._thread is not None:
            server.shutdown()
            server.server_close()
            self._thread.join()


def read_body(environ: Environ, largest: int) -> bytes:
    """Return a request's body, and leave it to be read again.

    Raises werkzeug's RequestEntityTooLarge where it is longer than ``largest`` bytes.
    """
    body = get_input_stream(environ, max_content_length=largest).read()
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ.pop("wsgi.input_terminated", None)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = IDLE
    _awaited = False

    def version_string(self) -> str:
        """Return a name alone: no service of AWS names its Python."""
        return "Amazon"

    def handle_expect_100(self) -> bool:
        """Leave it to who reads the body: who isn't allowed need not send it."""
        self._awaited = True
        del self.headers["Expect"]
        return True

    def make_environ(self) -> Environ:
        environ = super().make_environ()
        environ[HEADERS] = self.headers.items()
        if self._awaited:
            environ["wsgi.input"] = _Awaited(environ["wsgi.input"], self.wfile)
        return environ

    def log(self, type: str, message: str, *args: object) -> None:
        """Write what fails at a connection as debug lines: a client that goes is no failure."""
        log.debug(message, *args)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log what fails, without the colors and the many lines of a development server."""
        level = logging.WARNING if int(code or 0) >= 500 else logging.DEBUG
        log.log(level, "%s %s %s", self.command, self.path.partition("?")[0], code)


class _Awaited:
    """A body that its sender waits to be asked for."""

    def __init__(self, body: Any, answer: Any) -> None:
        self._body = body
        self._answer = answer
        self._asked = False

    def read(self, size: int = -1) -> bytes:
        if not self._asked:
            self._asked = True
            self._answer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._answer.flush()
        content: bytes = self._body.read(size)
        return content

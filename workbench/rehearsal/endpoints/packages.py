"""A folder of files that machines can download, served on the rehearsal's own network."""

import contextlib
import functools
import http.server
import logging
import threading
from pathlib import Path

log = logging.getLogger(__name__)


class PackageServer:
    """Serve a folder's files over HTTP, to be read only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: http.server.ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def start(self, address: str, port: int = 0) -> str:
        """Listen on ``address``, on ``port`` if it is free; return the URL of the folder."""
        self._folder.mkdir(parents=True, exist_ok=True)
        handler = functools.partial(_Handler, directory=str(self._folder))
        try:
            self._server = http.server.ThreadingHTTPServer((address, port), handler)
        except OSError:
            self._server = http.server.ThreadingHTTPServer((address, 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="packages", daemon=True
        )
        self._thread.start()
        return f"http://{address}:{self._server.server_address[1]}"

    def stop(self) -> None:
        """Stop listening. Twice is fine."""
        server, self._server = self._server, None
        if server is not None and self._thread is not None:
            server.shutdown()
            server.server_close()
            self._thread.join()


class _Handler(http.server.SimpleHTTPRequestHandler):
    def handle(self) -> None:
        # A machine that stops in the middle of a download is nothing to report.
        with contextlib.suppress(ConnectionError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:
        log.debug(format, *args)

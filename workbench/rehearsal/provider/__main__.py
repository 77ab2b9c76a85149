"""Run the plugin as the engine does: print the port it serves at, until told to end."""

import os
import signal
import sys
import threading

from .install import plugin_version
from .server import serve


def main() -> None:
    """Serve until SIGINT or SIGTERM, or until the engine that started it has gone."""
    # Read before the engine hears of us: it may be killed at any time after that.
    parent = os.getppid()
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    server, port = serve(plugin_version())
    # The engine reads exactly this line.
    print(port, flush=True)
    # An engine that was killed says nothing; its plugins are then given to another parent.
    while not ended.wait(2):
        if os.getppid() != parent:
            break
    server.stop(grace=1).wait()
    sys.stdout.flush()
    # Threads in a call to AWS must not keep the process.
    os._exit(0)


main()

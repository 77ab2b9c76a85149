"""A person's program that tries all the time to listen wherever a service does.

It runs on the server, as an ordinary person. It answers whoever comes with a page of its own, and
writes down what it got and what it was sent.
"""

import os
import selectors
import socket
import sys
from contextlib import suppress
from pathlib import Path

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nGRABBED\n"
LOG, ROUNDS = Path("/var/tmp/grabbed"), Path("/var/tmp/grabber-rounds")


def listen(place: str) -> socket.socket | None:
    """Return what listens on a port or socket; None where that can't be."""
    is_port = place.isdecimal()
    made = socket.socket(socket.AF_INET if is_port else socket.AF_UNIX)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if not is_port:
            Path(place).parent.mkdir(parents=True, exist_ok=True)
            Path(place).unlink(missing_ok=True)
        made.bind(("127.0.0.1", int(place)) if is_port else place)
        made.listen()
    except OSError:
        made.close()
        return None
    return made


def note(*words: object) -> None:
    """Write down what happened."""
    with LOG.open("a") as log:
        print(*words, file=log)


def main() -> None:
    """Try, until it is killed."""
    waiting, ready, rounds = set(sys.argv[1:]), selectors.DefaultSelector(), 0
    note("begun")
    while True:
        rounds += 1
        ROUNDS.with_suffix(".new").write_text(str(rounds))
        os.replace(ROUNDS.with_suffix(".new"), ROUNDS)
        for place in sorted(waiting):
            if made := listen(place):
                waiting.discard(place)
                ready.register(made, selectors.EVENT_READ, place)
                note("got", place)
        for key, _ in ready.select(0.01):
            peer, _ = key.fileobj.accept()  # type: ignore[union-attr]
            with suppress(OSError), peer:
                peer.settimeout(1)
                note("sent", key.data, peer.recv(65536))
                peer.sendall(PAGE)


if __name__ == "__main__":
    main()

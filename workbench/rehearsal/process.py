"""The rehearsal's process: ``python -m workbench.rehearsal.process NAME``, a daemon.

It reports to who started it through a pipe, one JSON object a line: ``{"pid": …}`` first, then what
it ``"says"``, and at last ``{"ready": true}`` or ``{"error": …, "hint": …, "kind": …}``.
"""

import argparse
import json
import logging
import os
import signal
import sys
import threading
from dataclasses import dataclass
from typing import IO

from workbench.errors import WorkbenchError
from workbench.rehearsal.description import boot_id
from workbench.rehearsal.description import process_start
from workbench.rehearsal.remains import forget_process
from workbench.rehearsal.remains import write_process

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arguments:
    """What the process is told by who starts it."""

    name: str
    image: str
    system: str
    report: int
    modification_hours: float


class Report:
    """The writing end of the pipe to who started the process."""

    def __init__(self, descriptor: int) -> None:
        self._pipe: IO[str] | None = os.fdopen(descriptor, "w", encoding="utf-8", buffering=1)

    def write(self, **content: object) -> None:
        """Write one line; nobody may be there any more."""
        try:
            if self._pipe is not None:
                self._pipe.write(json.dumps(content) + "\n")
        except OSError:
            self._pipe = None

    def say(self, what: str) -> None:
        """Say what is being started."""
        log.info("starting: %s", what)
        self.write(says=what)

    def close(self) -> None:
        """Close the pipe: who started the process continues without it."""
        try:
            if self._pipe is not None:
                self._pipe.close()
        except OSError:
            pass
        self._pipe = None


def main(arguments: list[str] | None = None) -> None:
    """Leave the caller's process tree, and run until told to stop."""
    told = _parse(arguments)
    if os.fork() > 0:
        os._exit(0)  # no clean-up of what now belongs to the child
    # A session of its own: neither the caller's terminal nor its end concern this process.
    os.setsid()
    os.chdir("/")
    logging.basicConfig(
        stream=sys.stdout,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
    )
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    raise SystemExit(_run(told, Report(told.report)))


def _parse(arguments: list[str] | None) -> Arguments:
    parser = argparse.ArgumentParser(prog="workbench.rehearsal.process")
    parser.add_argument("name")
    parser.add_argument("--image", required=True)
    parser.add_argument("--system", required=True)
    parser.add_argument("--report", type=int, required=True)
    parser.add_argument("--modification-hours", type=float, default=0.0)
    return Arguments(**vars(parser.parse_args(arguments)))


def _run(told: Arguments, report: Report) -> int:
    started = process_start(os.getpid()) or 0
    write_process(told.name, os.getpid(), started, boot_id())
    report.write(pid=os.getpid())
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        from workbench.rehearsal.cloud import Cloud
        from workbench.rehearsal.docker_engine import connect
        from workbench.rehearsal.machines.image import ImageInfo

        image = ImageInfo(told.image, told.system)
        cloud = Cloud(told.name, connect(), image, told.modification_hours, report.say)
        cloud.start()
    except WorkbenchError as error:
        log.error("%s", error)
        report.write(error=error.message, hint=error.hint, kind=type(error).__name__)
        return error.exit_code
    except Exception as error:
        log.exception("the rehearsal doesn't start")
        report.write(error=f"{type(error).__name__}: {error}", hint="", kind="Exception")
        return 1
    log.info("ready")
    report.write(ready=True)
    report.close()
    stopping.wait()
    log.info("stopping")
    cloud.stop()
    forget_process(told.name)
    log.info("stopped")
    return 0


if __name__ == "__main__":
    main()

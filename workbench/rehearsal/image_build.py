"""The builder of the machine image: mmdebstrap, followed, and ended with all it started."""

import os
import shutil
import signal
import subprocess
from collections import deque
from contextlib import suppress
from pathlib import Path

from workbench.progress import Phase
from workbench.rehearsal.image_inputs import FILES
from workbench.rehearsal.image_inputs import Inputs
from workbench.rehearsal.image_inputs import command
from workbench.rehearsal.image_problems import explain

# Seconds that an interrupted builder has to tidy up.
END_LIMIT = 20


def build_archive(inputs: Inputs, work: Path, phase: Phase) -> Path:
    """Build the image's archive in the folder ``work``; return its path.

    Raises an ImageError that says why it can't be built.
    """
    _prepare(inputs, work)
    last: deque[str] = deque(maxlen=400)
    # It ends when this process is killed; its mounts, in a namespace of their own, end with it.
    confined = ["setpriv", "--pdeathsig", "TERM", "unshare", "--mount"]
    process = subprocess.Popen(
        [*confined, *command(inputs, work)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, "TMPDIR": str(work), "LC_ALL": "C.UTF-8"},
        process_group=0,
    )
    with process:
        try:
            for line in process.stdout or ():
                last.append(line.rstrip())
                phase.update(line.rstrip().removeprefix("I: "))
        except BaseException:
            _end(process)
            raise
    if process.returncode != 0:
        raise explain(list(last), inputs.sources, work.parent)
    return work / "machine.tar"


def _prepare(inputs: Inputs, work: Path) -> None:
    (work / "debian.sources").write_text(inputs.sources, encoding="utf-8")
    # Through a file: a proxy's address may hold a password, which no process list should show.
    (work / "apt.conf").write_text(inputs.settings, encoding="utf-8")
    shutil.copytree(FILES, work / "files", ignore=shutil.ignore_patterns("__pycache__"))
    certificates = work / "certificates"
    certificates.mkdir()
    for number, pem in enumerate(inputs.certificates):
        (certificates / f"host-{number}.crt").write_text(pem + "\n", encoding="ascii")


def _end(process: subprocess.Popen[str]) -> None:
    """End the builder with all that it started, and wait: its folder is removed next."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_LIMIT)

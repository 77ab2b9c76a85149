"""The builder of the machine image: mmdebstrap, followed, and ended with all it started."""

import os
import shutil
from collections import deque
from pathlib import Path

from workbench.child import run_lines
from workbench.progress import Phase
from workbench.rehearsal.machines.image_inputs import FILES
from workbench.rehearsal.machines.image_inputs import Inputs
from workbench.rehearsal.machines.image_inputs import command
from workbench.rehearsal.machines.image_problems import ImageError
from workbench.rehearsal.machines.image_problems import explain

# Seconds that an interrupted builder has to tidy up.
END_LIMIT = 20.0
# Seconds: a minute here, more with a slow mirror.
LIMIT = 30 * 60.0


def build_archive(inputs: Inputs, work: Path, phase: Phase) -> Path:
    """Build the image's archive in the folder ``work``; return its path.

    Raises an ImageError that says why it can't be built.
    """
    _prepare(inputs, work)
    last: deque[str] = deque(maxlen=400)

    def note(line: str) -> None:
        last.append(line)
        phase.update(line.removeprefix("I: "))

    # It ends when this process is killed; its mounts, in a namespace of their own, end with it.
    confined = ["setpriv", "--pdeathsig", "TERM", "unshare", "--mount"]
    try:
        code = run_lines(
            [*confined, *command(inputs, work)],
            on_line=note,
            limit=LIMIT,
            grace=END_LIMIT,
            environment={**os.environ, "TMPDIR": str(work), "LC_ALL": "C.UTF-8"},
        )
    except TimeoutError:
        raise ImageError(
            f"The machine image wasn't built within {LIMIT / 60:.0f} minutes.",
            "Check the network and apt's sources (sudo apt-get update must work), then try again.",
        ) from None
    if code != 0:
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

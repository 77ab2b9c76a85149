"""What a run of the tests that was killed left on this computer: the next one removes it."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
KINDS = ("control", "e2e", "host", "labs", "machines")
# The numbers of processes are those of a namespace: another container's may be alive all the same.
SPACE = Path("/proc/self/ns/pid").readlink().name.strip("pid:[]")
_NAME = re.compile(rf"workbench-(?:{'|'.join(KINDS)})-{SPACE}-([0-9]+)-[a-z0-9_]{{8}}")
# Seconds that the removal of a rehearsal may take.
LIMIT = 120


def make_state_folder(kind: str) -> Path:
    """Make a state folder, whose name says which process it is of."""
    # Not in pytest's own folder: what a killed run left mounted there would fail the next runs.
    return Path(tempfile.mkdtemp(prefix=f"workbench-{kind}-{SPACE}-{os.getpid()}-"))


def find_left_behind() -> list[Path]:
    """Return the state folders of this account whose processes don't live any more."""
    # Processes of a number that is taken again, or of a zombie, count as living.
    return [
        folder
        for folder in sorted(Path(tempfile.gettempdir()).glob("workbench-*"))
        if (found := _NAME.fullmatch(folder.name))
        and not Path(f"/proc/{found[1]}").exists()
        and folder.is_dir()
        and not folder.is_symlink()
        and folder.stat().st_uid == os.getuid()
    ]


def remove_left_behind(folder: Path) -> str:
    """Remove a folder and all of its rehearsals; return why it's kept, or nothing."""
    # Commands of that run end by themselves without a rehearsal. Killing what has the folder in its
    # environment could kill the Docker engine, if that run started it.
    for each in sorted((folder / "rehearsals").glob("[a-z]*")):
        # It takes what is the rehearsal's by its name and this folder: machines, network, devices.
        words = ["rehearsal.reset", "--name", each.name, "--yes"]
        try:
            done = subprocess.run(
                [Path(sys.executable).parent / "workbench", *words],
                cwd=ROOT,
                env=os.environ | {"WORKBENCH_STATE_DIR": str(folder)},
                capture_output=True,
                text=True,
                timeout=LIMIT,
            )
        except subprocess.TimeoutExpired as error:
            return str(error)
        if done.returncode != 0:
            return done.stderr.strip()
        (ROOT / f"Pulumi.rehearsal-{each.name}.yaml").unlink(missing_ok=True)
    if f" {folder}/" in Path("/proc/self/mountinfo").read_text(encoding="utf-8"):
        return "something is still mounted in it"
    shutil.rmtree(folder, ignore_errors=True)
    return ""

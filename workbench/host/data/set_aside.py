"""What can't be read of the product's own files is moved aside, with a note of what and why.

A service that starts again with an empty file is back; one that meets a damaged file stops again
and again. Standard library only.
"""

import os
import shutil
import time
from pathlib import Path

from workbench.host import places

FOLDER = places.IDENTITY / "set-aside"
NOTES = FOLDER / "notes.txt"


def set_aside(path: Path, why: str) -> None:
    """Move a damaged file or folder to where it does no harm, and note what was there."""
    FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target = FOLDER / f"{stamp}-{os.getpid()}-{path.name}"
    shutil.move(path, target)
    said = f"{stamp} {path} was damaged ({why}), and is {target} now"
    with NOTES.open("a") as notes:
        notes.write(f"{said}\n")
    print(said)

"""Converge this server: make the tools, then hand over to the recipe.

Run as ``python3 -m workbench_host SETTINGS`` by the distribution's Python, so everything
imported here is the standard library's.
"""

import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

from . import certificates
from . import journal
from . import network
from . import places
from . import tools
from .settings import Settings

# Counted here, where pyinfra can't be imported yet; a test keeps it right.
STEPS = 28
LOCK = Path("/run/workbench-converge.lock")


def main() -> None:
    """Converge to the settings file named on the command line."""
    settings_path = Path(sys.argv[1])
    lock = os.open(LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    # Held over exec, until the end of the recipe: two converges would trip each other up.
    os.set_inheritable(lock, True)
    fcntl.flock(lock, fcntl.LOCK_EX)
    digest = hashlib.sha256(settings_path.read_bytes()).hexdigest()
    progress = journal.continue_journal(digest, STEPS)
    progress.begin()
    progress.begin_step("Tools")
    with journal.failing(progress):
        settings = Settings.read(settings_path)
        network.use(settings)
        places.STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
        authorities = certificates.ensure_authorities(settings.ca_certificates)
        changed = tools.ensure_tools()
        remove_old_recipes(Path(__file__).parents[1])
    progress.end_step(changed=authorities or changed)
    os.environ.update(progress.hand_over())
    arguments = [str(tools.PYTHON), "-m", f"{__package__}.converge", str(settings_path)]
    os.execv(tools.PYTHON, arguments)  # noqa: S606 (no shell is wanted)


def remove_old_recipes(current: Path) -> None:
    """Keep this recipe and the one before it."""
    if current.parent != places.RECIPES:
        return
    others = [path for path in places.RECIPES.iterdir() if path.is_dir() and path != current]
    others = sorted((path for path in others if not path.is_symlink()), key=os.path.getmtime)
    for path in others[:-1]:
        shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        sys.exit(f"converge failed: {error}")

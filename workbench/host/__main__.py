"""Converge this server: make the tools, then hand over to the recipe.

Started by user data as ``python3 -m workbench_host SETTINGS``, by the distribution's Python, so
everything imported here is the standard library's.
"""

import fcntl
import hashlib
import os
import shutil
import sys
from pathlib import Path

from workbench.host import places
from workbench.host.run import journal
from workbench.host.settings import Settings
from workbench.host.system import apt_sources
from workbench.host.system import certificates
from workbench.host.system import mirrors
from workbench.host.system import network
from workbench.host.system import tools

LOCK = Path("/run/workbench-converge.lock")
CONVERGE = "workbench.host.run.converge"


def main() -> None:
    """Converge to the settings file named on the command line."""
    settings_path = Path(sys.argv[1])
    lock = os.open(LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    # Held over exec, until the end of the recipe: two converges would trip each other up.
    os.set_inheritable(lock, True)
    fcntl.flock(lock, fcntl.LOCK_EX)
    digest = hashlib.sha256(settings_path.read_bytes()).hexdigest()
    progress = journal.continue_journal(digest, count_steps(settings_path))
    progress.begin()
    progress.begin_step("Tools")
    with journal.failing(progress):
        settings = Settings.read(settings_path)
        network.use(settings)
        places.STATE.mkdir(mode=0o755, parents=True, exist_ok=True)
        authorities = certificates.ensure_authorities(settings.ca_certificates)
        # Before anything is installed: in a closed network, nothing else is reached.
        moved = apt_sources.ensure_sources(settings.network)
        moved = mirrors.ensure_mirrors(settings.network) or moved
        changed = tools.ensure_tools()
        remove_old_recipes(places.ROOT)
    progress.end_step(changed=authorities or moved or changed)
    os.environ.update(progress.hand_over())
    arguments = [str(tools.PYTHON), "-m", CONVERGE, str(settings_path)]
    os.execv(tools.PYTHON, arguments)  # noqa: S606 (no shell is wanted)


def count_steps(settings_path: Path) -> int:
    """Return how many steps there are, this module's own first; just that where none can be read.

    What is wrong with the settings then is told by the step.
    """
    from workbench.host.recipe import steps_for

    try:
        return 1 + len(steps_for(Settings.read(settings_path)))
    except Exception:
        return 1


def remove_old_recipes(current: Path) -> None:
    """Keep this recipe and the one before it."""
    if current.parent != places.RECIPES:
        return
    others = [path for path in places.RECIPES.iterdir() if path.is_dir() and path != current]
    others = sorted((path for path in others if not path.is_symlink()), key=os.path.getmtime)
    for path in others[:-1]:
        shutil.rmtree(path, ignore_errors=True)


def run() -> None:
    """Converge, and say in one line why it failed."""
    try:
        main()
    except Exception as error:
        sys.exit(f"converge failed: {error}")


if __name__ == "__main__":
    run()

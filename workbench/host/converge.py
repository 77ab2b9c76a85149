"""Run the recipe's steps with pyinfra against this server, and tell their progress."""

import hashlib
import logging
import sys
from pathlib import Path

from pyinfra.api import Config
from pyinfra.api import Inventory
from pyinfra.api import State
from pyinfra.api.connect import connect_all
from pyinfra.api.deploy import add_deploy
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.operations import run_ops
from pyinfra.api.output import set_echo
from pyinfra.api.state import StateStage

from .__main__ import STEPS
from .journal import Journal
from .journal import continue_journal
from .progress import StepProgress
from .recipe import RECIPE
from .settings import Settings


def converge(settings: Settings, journal: Journal) -> bool:
    """Do every step of the recipe; say whether all succeeded."""
    # Operations are queued first and look at the server only when their turn comes: what an
    # earlier one installs or mounts is there for the later ones, and each looks once.
    state = State(
        Inventory((["@local"], {})), Config(), check_for_changes=False
    )
    state.print_input = state.print_output = True
    state.current_stage = StateStage.Connect
    connect_all(state)
    state.set_stage(StateStage.Prepare)
    for step in RECIPE:
        add_deploy(state, step, settings)
    progress = StepProgress(journal)
    state.add_callback_handler(progress)
    state.set_stage(StateStage.Execute)
    try:
        run_ops(state)
    except PyinfraError:
        journal.fail(progress.failure(state))
        return False
    progress.finish(state)
    journal.end()
    return True


def main() -> None:
    """Converge to the settings file named on the command line."""
    # pyinfra's log and its programs' output: all of it goes to the unit's log file.
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    set_echo(lambda message=None, **_: print(message, flush=True))
    path = Path(sys.argv[1])
    content = path.read_bytes()
    journal = continue_journal(hashlib.sha256(content).hexdigest(), STEPS)
    if not converge(Settings.parse(content), journal):
        sys.exit(1)


if __name__ == "__main__":
    main()

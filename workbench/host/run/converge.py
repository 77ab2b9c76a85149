"""Run the recipe's steps with pyinfra against this server, and tell their progress."""

import hashlib
import logging
import os
import signal
import sys
import traceback
from pathlib import Path

from pyinfra.api.config import Config
from pyinfra.api.connect import connect_all
from pyinfra.api.deploy import add_deploy
from pyinfra.api.exceptions import PyinfraError
from pyinfra.api.inventory import Inventory
from pyinfra.api.operations import run_ops
from pyinfra.api.output import set_echo
from pyinfra.api.state import State
from pyinfra.api.state import StateStage

from workbench.host.recipe import steps_for
from workbench.host.run.journal import Journal
from workbench.host.run.journal import continue_journal
from workbench.host.run.local_facts import look_directly
from workbench.host.run.progress import StepProgress
from workbench.host.settings import Settings


def prepare(settings: Settings, *, stage: StateStage = StateStage.Execute) -> State:
    """Queue every operation of the recipe, for this server; ``stage`` is what comes next."""
    # They look at the server only when their turn comes: what an earlier one installs or
    # mounts is there for the later ones, and each looks once.
    inventory = Inventory((["@local"], {}))  # type: ignore[no-untyped-call]
    state = State(inventory, Config(), check_for_changes=False)  # type: ignore[no-untyped-call]
    state.print_input = state.print_output = True
    state.set_stage(StateStage.Connect)
    connect_all(state)
    for host in inventory:
        look_directly(host)
    state.set_stage(StateStage.Prepare)
    for step in steps_for(settings):
        add_deploy(state, step, settings)
    state.set_stage(stage)
    return state


def converge(settings: Settings, journal: Journal) -> bool:
    """Do every step of the recipe; say whether all succeeded."""
    progress = StepProgress(journal)
    try:
        state = prepare(settings)
        state.add_callback_handler(progress)  # type: ignore[no-untyped-call]
        run_ops(state)
    except PyinfraError:
        journal.fail(progress.failure(state))
        return False
    except Exception:
        # Nothing may end without a word to whoever follows.
        traceback.print_exc(file=sys.stdout)
        journal.fail(traceback.format_exc().splitlines())
        return False
    progress.finish(state)
    journal.end()
    return True


def main() -> None:
    """Converge to the settings file named on the command line."""
    # pyinfra's log and its programs' output: all of it goes to the unit's log file.
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
    set_echo(lambda message=None, **_: print(message, flush=True))
    content = Path(sys.argv[1]).read_bytes()
    settings = Settings.parse(content)
    # A server on standby has fewer steps than were announced before its settings were read.
    steps = 1 + len(steps_for(settings))
    journal = continue_journal(hashlib.sha256(content).hexdigest(), steps)
    signal.signal(signal.SIGTERM, lambda *_: _stop(journal))
    if not converge(settings, journal):
        sys.exit(1)


def _stop(journal: Journal) -> None:
    journal.fail(["The converge was stopped; run it again to finish it."])
    # At once: what runs now is ended by systemd, with the unit.
    os._exit(1)


if __name__ == "__main__":
    main()

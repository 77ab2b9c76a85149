"""Doctor's look at what a stack needs besides its state: its configuration and its passphrase."""

from workbench.checks.check import Check
from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.engine.copies import refuse_lost_configuration
from workbench.engine.damage import ConfigLostError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.selection import find_project
from workbench.tasks.doctor.known_stack import KnownStack


def own_files_check(known: KnownStack) -> Check:
    """Return the check that configuration and passphrase are there."""
    return Check("own-files", lambda _: _check(known), ("project", "pulumi"), "", "stack")


def _check(known: KnownStack) -> Outcome:
    from workbench.engine.failures import PassphraseError
    from workbench.engine.stacks import Stack

    opened = Stack(known.name, find_project(), Progress(quiet=True))
    try:
        refuse_lost_configuration(known.name, find_project())
        opened.check_passphrase(opened.configuration_text)
    except (ConfigLostError, PassphraseError) as error:
        return failed(error.message, error.hint)
    except WorkbenchError:
        # What the engine has against the stack itself is for the check of the state.
        return passed("nothing is known to be lost")
    return passed(f"{opened.config_path.name}, and the passphrase fits")

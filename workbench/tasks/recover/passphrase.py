"""A new passphrase for a stack whose own is lost."""

import os

from workbench.engine.passphrases import VARIABLES
from workbench.engine.passphrases import ensure_passphrase
from workbench.engine.passphrases import kept_passphrase
from workbench.rehearsal.names import rehearsal_of


def renew_passphrase(stack: str) -> None:
    """Have a new passphrase where this computer keeps the stack's; the old one is kept.

    One that a person gives by a variable is the new one as it is, and so is a rehearsal's, which
    is made wherever there is none.
    """
    if rehearsal_of(stack) is not None or any(name in os.environ for name in VARIABLES):
        return
    path = kept_passphrase(stack)
    if path.exists():
        path.replace(path.with_name(f"{path.name}.old"))
    ensure_passphrase(path)

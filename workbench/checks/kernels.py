"""Jupyter runs code, in Python and R, as the person who signed in."""

from dataclasses import replace

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.http import is_trusted
from workbench.checks.hub import session
from workbench.checks.target import Target

CODE = {
    "python": "import os, pwd; print(6 * 7, pwd.getpwuid(os.getuid()).pw_name)",
    "R": "cat(6 * 7, system('id -un', intern = TRUE))",
}


def check_kernels(target: Target) -> Outcome:
    """Check that a Python and an R kernel run code for a person who signs in."""
    if not target.outputs.get("domain") and not is_trusted(target):
        # Whoever answers there would be told a password.
        return skipped("a self-signed certificate proves nothing, so the check doesn't sign in")
    # What proved itself just now is held to it.
    proven = replace(target, verified=True)
    known = proven.known_people()
    if not known:
        return skipped("this computer knows no password to sign in with")
    user, password = known[0]
    with session(proven, user, password) as signed_in:
        for language, code in CODE.items():
            answer = signed_in.run(language, code).split()
            if answer != ["42", user]:
                return failed(f"{language} kernel of {user} answered {' '.join(answer)!r}")
    return passed(f"{' and '.join(CODE)} kernels run code as {user}")

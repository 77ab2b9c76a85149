"""Whether people get in at the reader's JupyterHub, and get JupyterLab as themselves."""

from pathlib import Path

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.labs.sign_in_probe import ACCOUNT
from workbench.checks.labs.sign_in_probe import REDIRECT
from workbench.checks.target import Target
from workbench.terminal import read_json

PROBE = Path(__file__).with_name("sign_in_probe.py")
# In seconds: it waits for a JupyterLab to start, and for its end.
LIMIT = 300
WHY = "`journalctl -u jupyterhub` on the server says why"


def check_people(target: Target) -> Outcome:
    """Check that an account of the server gets in by its password, and by nothing else.

    The reader's password isn't known here, so it is another account, which is locked otherwise.
    """
    answer = target.server().run(
        "sudo -n python3 -", stdin=PROBE.read_text(encoding="utf-8"), limit=LIMIT
    )
    if not answer.ok:
        last = answer.stderr.strip().splitlines() or ["no reason given"]
        return failed(f"nobody can sign in to JupyterHub: {last[-1].strip()}")
    said = read_json(answer.stdout)
    if said["wrong"] == REDIRECT:
        return failed("JupyterHub lets people in with any password")
    if said["right"] != REDIRECT:
        return failed(
            f"JupyterHub refuses an account that has the right password ({said['right']}): {WHY}"
        )
    if "failed" in said:
        return failed(f"JupyterHub can't start JupyterLab for people ({said['failed']}): {WHY}")
    if said["owner"] != ACCOUNT:
        return failed(
            f"JupyterLab runs as {said['owner'] or 'nobody'}, not as the person who signed in"
        )
    return passed(
        "people can sign in with their password, and JupyterLab runs as the person who signed in"
    )

"""Note when people sign in, by SSH or to a service: what SSH itself notes are terminals only."""

from pathlib import Path

from workbench.host.run.rendering import put_template
from workbench.host.system import pam

PROGRAM = Path("/usr/local/sbin/workbench-signed-in")
PROFILE = pam.PROFILES / "workbench"


def note_sign_ins() -> None:
    """Have PAM run a program of ours for everyone it lets in."""
    put_template("workbench-signed-in", PROGRAM, mode="755")
    put_template("pam-config", PROFILE, program=PROGRAM)
    pam.enable_profile(PROFILE, name="Note when people sign in")

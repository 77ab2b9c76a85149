"""Note when people sign in, by SSH or to a service: what SSH itself notes are terminals only."""

from pathlib import Path

from .pyinfra_typed import Commands
from .pyinfra_typed import operation
from .rendering import put_template

PROGRAM = Path("/usr/local/sbin/workbench-signed-in")
PROFILE = Path("/usr/share/pam-configs/workbench")
# Written by pam-auth-update, and included by everything that lets people in.
COMMON = Path("/etc/pam.d/common-account")


def note_sign_ins() -> None:
    """Have PAM run a program of ours for everyone it lets in."""
    put_template("workbench-signed-in", PROGRAM, mode="755")
    put_template("pam-config", PROFILE, program=PROGRAM)
    enable_profile(name="Note when people sign in")


@operation
def enable_profile() -> Commands:
    """Put the profile into PAM's common files, the distribution's way."""
    if str(PROGRAM) not in COMMON.read_text():
        yield "DEBIAN_FRONTEND=noninteractive pam-auth-update --package"

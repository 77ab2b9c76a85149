"""Close a person's account: nothing is deleted, and nothing opens it but the recipe.

The expiry is what stops SSH, JupyterHub, RStudio, cron and su alike: all of them ask PAM whether
the account is open, whatever a person signs in with. A locked password stops none that takes
keys. The rest makes sure that no way is left which doesn't ask.
"""

import grp
import pwd

from workbench.host import places
from workbench.host.data.storage import module_command
from workbench.host.people import authorized_keys
from workbench.host.people.accounts import read_shadow
from workbench.host.people.ending import LINGER
from workbench.host.people.processes import processes
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import StringCommand

# In days since 1970, as /etc/shadow has it: 0 is read as "never" by some programs (shadow(5)).
CLOSED = "1"
EXPIRED = "1970-01-02"


def close(name: str) -> Commands:
    """Shut a person out, and end what they run."""
    password, expires = read_shadow()[name]
    if expires != CLOSED:
        yield f"usermod --expiredate {EXPIRED} {name}"
    if not password.startswith(("!", "*")):
        yield f"usermod --lock {name}"
    for group in sorted(places.GROUPS):
        if any(entry.gr_name == group and name in entry.gr_mem for entry in grp.getgrall()):
            yield f"gpasswd --delete {name} {group}"
    if not authorized_keys.are_authorized(name, []):
        # Something else in the files' place must not keep a person in: what follows comes anyway.
        yield StringCommand(
            authorized_keys.AS_PERSON.format(name=name),
            module_command("people.authorized_keys"),
            "< /dev/null || true",
        )
    # Last: what began before the groups were gone would be missed.
    number = pwd.getpwnam(name).pw_uid
    if (LINGER / name).exists() or any(process.is_of(number) for process in processes()):
        yield from end_sessions(name)


def end_sessions(name: str) -> Commands:
    """End all that a person runs: their Jupyter server, logins, R sessions, what is left."""
    # What is left of it is told by who asked: the account is closed all the same.
    yield module_command("people.ending", name) + " || true"

"""People's cron jobs find the programs that people find: cron itself has /usr/bin and /bin only.

Neither PAM nor a default can give its jobs another PATH, only a line in each table. So ``crontab``,
on people's PATH, is a program that adds one, where everyone sees it and may change it.
"""

import grp
import re
from collections.abc import Callable
from pathlib import Path

from workbench.host import places
from workbench.host.people.authorized_keys import AS_PERSON
from workbench.host.people.kept_crontabs import TABLES
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.rendering import put_template

PROGRAM = Path("/usr/local/bin/crontab")
HAS_PATH = re.compile(r"^\s*[\"']?PATH[\"']?\s*=", re.MULTILINE)


def crontabs(path_of: Callable[[str], list[str]]) -> None:
    """Put the program on people's PATH; bring tables up to date that came another way."""
    put_template("crontab", PROGRAM, mode="755", path=path_of("$HOME"))
    complete(name="Give people's cron jobs their PATH")


@operation
def complete() -> Commands:
    """Add the line to people's tables that have none."""
    for name in grp.getgrnam(places.MEMBERS).gr_mem if _has_members() else ():
        table = TABLES / name
        if table.is_file() and is_without_path(table.read_text(errors="replace")):
            as_person = f"{AS_PERSON.format(name=name)} HOME=/home/{name}"
            yield f"{as_person} sh -c '/usr/bin/crontab -l | {PROGRAM} -' || true"


def is_without_path(text: str) -> bool:
    """Say whether a table has jobs, and no PATH for them."""
    lines = (line.strip() for line in text.splitlines())
    return any(line and not line.startswith("#") for line in lines) and not HAS_PATH.search(text)


def _has_members() -> bool:
    return any(entry.gr_name == places.MEMBERS for entry in grp.getgrall())

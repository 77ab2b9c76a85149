"""Tell who can do more on this server than the settings say, and what gives it to them.

Run as root: ``python3 -m workbench.host.rights.rights [NAME=RANK …] [by-hand]``, or ``… key
FINGERPRINT`` for what a key opens; JSON on standard output. With a name and a rank (``member``,
``gone``) it says what would be left to that person then; with ``by-hand``, what administrators
made that runs as root, too. It asks the server what is, not what the recipe wrote. Standard
library only.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import asdict

from workbench.host.rights import rights_accounts
from workbench.host.rights import rights_files
from workbench.host.rights import rights_keys
from workbench.host.rights import rights_runs
from workbench.host.rights import rights_sign_in
from workbench.host.rights import rights_sudo
from workbench.host.rights.rights_server import People
from workbench.host.rights.rights_server import Server
from workbench.host.rights.rights_server import Way
from workbench.host.rights.rights_server import read_people

LOOK, KEY = "by-hand", "key"
SEARCHES: tuple[Callable[[Server, People], Iterator[Way]], ...] = (
    rights_accounts.find,
    rights_sudo.find,
    rights_keys.find,
    rights_sign_in.find,
    rights_runs.find,
    rights_files.find,
)


def find_ways(server: Server, people: People) -> tuple[list[Way], list[str]]:
    """Return every way found, and which searches failed and why."""
    ways: dict[Way, None] = {}
    failed = []
    for search in SEARCHES:
        try:
            for way in search(server, people):
                ways[way] = None
        except (OSError, ValueError, KeyError, subprocess.SubprocessError) as error:
            # What one of them meets must not hide what the others find.
            failed.append(f"{search.__module__.rpartition('_')[2]}: {error}")
    return list(ways), failed


def main(arguments: Sequence[str]) -> None:
    """Print what was found."""
    # It takes a second of a processor, which nobody waits for as much as for their own work.
    os.nice(5)
    if arguments[:1] == [KEY]:
        found = list(rights_keys.find_key(Server(), arguments[1]))
        json.dump({"ways": [asdict(way) for way in found], "failed": []}, sys.stdout)
        return
    ranks = dict(each.split("=", 1) for each in arguments if "=" in each)
    server = Server()
    ways, failed = find_ways(server, read_people(server, ranks, look=LOOK in arguments))
    json.dump({"ways": [asdict(way) for way in ways], "failed": failed}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])

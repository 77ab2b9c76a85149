"""What a person's Jupyter server says of itself in a file: that it's well, and when it last worked.

The hub hears of activity by requests, which a busy computer may lose; and then a server that works
looks like one that nobody uses. So it is ended only where its own file says the same. Standard
library only.
"""

import os
import time
from pathlib import Path

# In the person's folder for sockets. Nothing is in it: its time of change is when the server
# last looked, its time of access when it last did something.
NAME = "activity"
# Seconds after which a server that hasn't looked is one that doesn't get to it.
HEARD = 60


def put_sign(folder: Path, last_activity: float, now: float | None = None) -> None:
    """Say that the server is well, and when it last did something."""
    sign = folder / NAME
    sign.touch(mode=0o600)
    os.utime(sign, (last_activity, time.time() if now is None else now))


def says_idle(folder: Path, limit: float, now: float | None = None) -> bool:
    """Return whether a server says itself that it did nothing for ``limit`` seconds.

    One without a file began before servers had one: of that, what the hub knows has to do.
    """
    now = time.time() if now is None else now
    try:
        sign = (folder / NAME).lstat()
    except OSError:
        return True
    return now - sign.st_mtime < HEARD and now - sign.st_atime >= limit

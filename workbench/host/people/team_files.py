"""Open a folder of root's, and what is made in it from then on, to the members.

By a default ACL, which no umask narrows. What is moved there keeps its rights: root can't tell
whether who moved it may give it away, so its owner has to. Run as root:
``python3 -m workbench.host.people.team_files``; standard library only.
"""

import os
import struct
from pathlib import Path

from workbench.host import places

DEFAULT_ACL = "system.posix_acl_default"
# Version 2; owner and group everything, others nothing. In the order of the kernel's tags.
OPEN_TO_GROUP = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", tag, rights, 0xFFFFFFFF) for tag, rights in ((1, 7), (4, 7), (32, 0))
)


def open_to_group(folder: Path) -> None:
    """Give the folder's group what is made in it."""
    os.setxattr(folder, DEFAULT_ACL, OPEN_TO_GROUP)


def is_open_to_group(folder: Path) -> bool:
    """Whether the folder's group gets what is made in it."""
    try:
        return os.getxattr(folder, DEFAULT_ACL) == OPEN_TO_GROUP
    except OSError:
        return False


if __name__ == "__main__":
    open_to_group(places.TEAM)

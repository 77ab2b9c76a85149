"""Why the machine image can't be built: what the builder's log means, in a sentence."""

import re
from pathlib import Path

from workbench.errors import WorkbenchError


class ImageError(WorkbenchError):
    """The machine image can't be built."""


class DiskFullError(ImageError):
    """There is no room to build the machine image."""

    @classmethod
    def at(cls, place: Path, needed: int) -> "DiskFullError":
        """Return the error for ``place``, where ``needed`` GiB are needed."""
        return cls(
            f"The disk is too full to build the machine image: {needed} GiB are needed at {place}.",
            "Make room (docker system prune removes what Docker no longer needs), then try again.",
        )


class MirrorUnreachableError(ImageError):
    """The Debian packages of the machine image can't be had."""


_FULL = re.compile(r"No space left on device|not enough free (disk )?space|disk quota", re.I)
_UNREACHABLE = re.compile(
    r"Temporary failure resolving|Could not resolve|Could not connect|Connection (refused|timed out"
    r"|failed)|Failed to fetch|does not have a Release file|unable to connect|certificate verif"
    r"|no longer has a Release file|50[0-9] +\w",
    re.I,
)
_UNTRUSTED = re.compile(r"NO_PUBKEY|not signed|is not available.*keyring|EXPKEYSIG", re.I)
_DENIED = re.compile(r"Operation not permitted|Permission denied|unshare failed", re.I)


def explain(log: list[str], sources: str, place: Path) -> ImageError:
    """Return what went wrong by the builder's last lines; ``place`` is where it worked."""
    text = "\n".join(log)
    if _FULL.search(text):
        return DiskFullError.at(place, 2)
    if _UNTRUSTED.search(text):
        return ImageError(
            "The Debian packages of the machine image are signed with a key unknown here.",
            "Install Debian's keys: sudo apt-get install debian-archive-keyring",
        )
    if _UNREACHABLE.search(text):
        mirrors = ", ".join(dict.fromkeys(re.findall(r"^URIs: (.+)$", sources, re.M)))
        return MirrorUnreachableError(
            f"The Debian packages of the machine image can't be had from {mirrors or 'Debian'}:"
            f" {_telling(log, _UNREACHABLE)}",
            "Check the network and apt's sources (sudo apt-get update must work), then try again.",
        )
    if _DENIED.search(text):
        return ImageError(
            f"The machine image can't be built here: {_telling(log, _DENIED)}",
            "A container or a restricted root isn't enough: use root on a Linux of its own.",
        )
    # What failed first; what follows from it comes after.
    errors = [line for line in log if line.startswith("E: ")] or [*log[-1:], "it says nothing"]
    return ImageError(
        f"The machine image couldn't be built: {errors[0].removeprefix('E: ')}",
        "The log named above has all lines; workbench rehearsal.start tries again.",
    )


def _telling(log: list[str], pattern: re.Pattern[str]) -> str:
    line = next(line for line in log if pattern.search(line))
    return re.sub(r"^[EWI]: +", "", line.strip())[:300]

"""Which engine the project is tested with, and which it works with."""

# The same as in go.mod, and not newer than the SDK in requirements.lock.
PINNED = "3.259.0"


def is_usable(version: str) -> bool:
    """Whether an engine of this version can be used: the tested one or a later 3.x."""
    found = _numbers(version)
    pinned = _numbers(PINNED)
    return found is not None and pinned is not None and pinned <= found < (pinned[0] + 1, 0, 0)


def _numbers(version: str) -> tuple[int, int, int] | None:
    release = version.partition("-")[0].partition("+")[0].split(".")
    try:
        major, minor, patch = (int(each) for each in release)
    except ValueError:
        return None
    return major, minor, patch

"""What keeps a server from its recipe, or fails it, where the cause is outside the recipe."""

from collections.abc import Iterable

from workbench.checks.names import NEEDS

DNS = f"the server can't look up names (DNS): {NEEDS}"
# What programs say, and what it means for the reader; the first that fits.
CAUSES = (
    # What the kernel, and the recipe's own sentences, say of a disk or a quota without room.
    (
        ("No space left on device", "Disk quota exceeded", "the disk of /"),
        "a disk of the server is full: workbench doctor says which, and what takes up the space",
    ),
    # Python's, apt's, uv's and curl's.
    (
        (
            "Temporary failure in name resolution",
            "Name or service not known",
            "No address associated with hostname",
            "Temporary failure resolving",
            "Could not resolve",
            "failed to lookup address information",
            "dns error",
        ),
        DNS,
    ),
    (
        ("Network is unreachable", "No route to host"),
        "the server can't reach the internet: its subnet needs a route to an internet gateway"
        " or a NAT",
    ),
)
# Of the bootstrap alone, which asks the bucket.
OF_THE_BOOTSTRAP = (
    *CAUSES,
    (
        ("timed out",),
        "the bucket doesn't answer: the server's subnet needs a way out (a route to an internet"
        " gateway, a NAT, or an endpoint for S3), and its security group may not be in that way",
    ),
    (
        ("HTTP Error 403",),
        "the bucket refuses the server's role, and a new role can take a minute to work",
    ),
)
Causes = tuple[tuple[tuple[str, ...], str], ...]
# The bootstrap writes one such line for each attempt.
FETCH = "fetch: "


def find_cause(log: Iterable[str], causes: Causes = CAUSES) -> str:
    """Return what a log says the cause is; empty where that isn't known."""
    lines = list(log)
    return next(
        (said for words, said in causes if any(word in line for line in lines for word in words)),
        "",
    )


def explain_fetch(line: str) -> str:
    """Return why the recipe can't be fetched, from the last line of the server's log, if it is so.

    The bootstrap tries for minutes, and has no other way to say it before it gives up.
    """
    if not line.startswith(FETCH):
        return ""
    error = line.removeprefix(FETCH).strip()
    return find_cause([error], OF_THE_BOOTSTRAP) or f"the recipe can't be fetched: {error}"

"""The rehearsal's certificate authority, for a workbench that has no domain."""

import time

from workbench.errors import WaitTimeoutError
from workbench.go_build import BuildUnavailable
from workbench.progress import Progress
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import read_description
from workbench.rehearsal.pebble.program import ensure_profiled

# The rehearsal looks for it once a second.
LIMIT = 60.0
INTERVAL = 0.2


def certify_addresses(description: Description, progress: Progress) -> None:
    """Have the rehearsal certify addresses, as Let's Encrypt does; say so where it can't."""
    if description.acme_profiles:
        return
    try:
        ensure_profiled(progress)
    except BuildUnavailable as reason:
        progress.say(
            "The rehearsal's certificate authority can't certify an address, so browsers will"
            f" warn of the server's own certificate: pebble 2.10 is needed, and {reason}."
        )
        return
    _await_profiles(description.name)


def _await_profiles(rehearsal: str) -> None:
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        described = read_description(rehearsal)
        if described is not None and described.acme_profiles:
            return
        time.sleep(INTERVAL)
    raise WaitTimeoutError(
        f"The rehearsal {rehearsal!r} did not take up its new certificate authority.",
        f"workbench rehearsal.stop --name {rehearsal}, then workbench up again",
    )

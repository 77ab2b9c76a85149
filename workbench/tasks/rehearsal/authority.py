"""The rehearsal's certificate authority, for a workbench that has no domain."""

from workbench.errors import WaitTimeoutError
from workbench.go_build import BuildUnavailable
from workbench.progress import Progress
from workbench.rehearsal.description import Description
from workbench.rehearsal.description import read_description
from workbench.rehearsal.pebble.program import ensure_profiled
from workbench.waiting import wait_for

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
            f" warn about the server's own certificate: pebble 2.10 is needed, and {reason}."
        )
        return
    _await_profiles(description.name)


def _await_profiles(rehearsal: str) -> None:
    def has_profiles() -> bool:
        described = read_description(rehearsal)
        return described is not None and described.acme_profiles

    if not wait_for(has_profiles, LIMIT, INTERVAL):
        raise WaitTimeoutError(
            f"The rehearsal {rehearsal!r} did not take up its new certificate authority.",
            f"workbench rehearsal.stop --name {rehearsal}, then workbench up again",
        )

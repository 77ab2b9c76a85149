"""PAM's common files, which the distribution's own tool makes of profiles."""

from pathlib import Path

from .pyinfra_typed import Commands
from .pyinfra_typed import operation

PROFILES = Path("/usr/share/pam-configs")


@operation
def enable_profiles(common: str, has: str) -> Commands:
    """Put the profiles into a common file such as ``common-session``, unless it has these words."""
    if has not in Path("/etc/pam.d", common).read_text():
        yield "DEBIAN_FRONTEND=noninteractive pam-auth-update --package"

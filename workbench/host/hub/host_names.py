"""The host name of each person's server: one definition for the hub and for the web server.

The result is that of JupyterHub's own "idna" hook for the names that accounts may have. Standard
library only: the recipe imports it as well.
"""

import hashlib
import re

# As RFC 1123 has them; "--" is left out, as the names that are made below have it.
_LABEL = re.compile(r"(?!.*--)[a-z]([a-z0-9-]*[a-z0-9])?")


def host_name(name: str, domain: str, kind: str = "user") -> str:
    """Return the host name for a person's account, or for one of the hub's services."""
    suffix = "" if kind == "user" else f"--{kind}"
    return f"{_label(name)}{suffix}.{domain}"


def _label(name: str) -> str:
    if _LABEL.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:7]
    stub = re.sub(r"[^a-z0-9]", "", name)[:8] or "x"
    return f"u-{stub}--{digest}"

"""A reserve of memory for what is not a user's: nobody can lock everyone out."""

from pathlib import Path

from .operations import daemon_reload
from .pyinfra_typed import step
from .rendering import put_template
from .settings import Settings


@step("Memory reserve")
def limits(settings: Settings) -> None:
    """Limit all users' sessions together, and protect what everyone needs."""
    system = Path("/etc/systemd/system")
    for unit in ("user.slice", "system.slice"):
        put_template(f"{unit}.conf", system / f"{unit}.d" / "workbench.conf")
    for unit in ("ssh.service", "caddy.service"):
        put_template("protected.conf", system / f"{unit}.d" / "reserve.conf")
    units = ["user.slice", "system.slice", "ssh.service", "caddy.service"]
    daemon_reload(units, name="Apply the limits")

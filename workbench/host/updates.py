"""Security updates, installed by the distribution's own unattended-upgrades."""

from pathlib import Path

from pyinfra.api.deploy import deploy

from .rendering import put_template
from .settings import Settings


@deploy("Security updates")
def updates(settings: Settings) -> None:
    """Install security updates every day; never reboot by itself."""
    put_template("unattended-upgrades.conf", Path("/etc/apt/apt.conf.d/52workbench"))

"""Security updates, installed by the distribution's own unattended-upgrades."""

from pathlib import Path

from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings


@step("Security updates")
def updates(settings: Settings) -> None:
    """Install security updates every day; never reboot by itself, nor end what people run."""
    put_template("unattended-upgrades.conf", Path("/etc/apt/apt.conf.d/52workbench"))
    put_template("needrestart.conf", Path("/etc/needrestart/conf.d/workbench.conf"))

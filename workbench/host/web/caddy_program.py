"""Caddy's program, account and unit. The program is the wheel's, which environments.py installs."""

import pwd
from pathlib import Path

from workbench.host import places
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings
from workbench.host.system import apt
from workbench.host.system import environments

UNIT = "caddy.service"
UNIT_FILE = Path("/etc/systemd/system") / UNIT
PROGRAM = places.CADDY / "bin" / "caddy"
CADDYFILE = Path("/etc/caddy/Caddyfile")
ADMIN_SOCKET = Path("/run/caddy/admin.sock")
ACCOUNT = "caddy"
HOME = Path("/var/lib/caddy")
# The distribution's, which servers of before have: its unit and account had these names, too.
PACKAGE = "caddy"
PACKAGE_DROP_IN = Path(f"/etc/systemd/system/{UNIT}.d/workbench.conf")
# What the unit reads when it starts.
STARTS_WITH = (UNIT_FILE, environments.CADDY_MARKER)


def put_caddy(settings: Settings) -> None:
    """Make Caddy's unit, in place of the distribution's package; its account is there already."""
    remove_package(name="Remove the distribution's Caddy")
    files.file(name="Remove its drop-in", path=str(PACKAGE_DROP_IN), present=False)
    put_template(
        UNIT,
        UNIT_FILE,
        program=PROGRAM,
        caddyfile=CADDYFILE,
        account=ACCOUNT,
        runtime_directory=ADMIN_SOCKET.parent.name,
        state_directory=HOME.name,
        proxy=settings.network.proxy_variables,
    )


@operation
def account() -> Commands:
    """Make a system account that nobody can sign in to."""
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        yield (
            f"useradd --system --user-group --home-dir {HOME} --no-create-home "
            f"--shell /usr/sbin/nologin {ACCOUNT}"
        )


@operation
def remove_package() -> Commands:
    """Remove the distribution's package; what it runs continues until the unit is restarted.

    The package leaves its account, and knows nothing of the certificates on the data volume.
    """
    if apt.is_there(PACKAGE):
        yield f"{apt.PURGE} {PACKAGE}"

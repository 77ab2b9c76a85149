"""The server's time zone: /etc/localtime, by which all that people run tells the time."""

from pathlib import Path

from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation

ZONES = Path("/usr/share/zoneinfo")
LOCAL = Path("/etc/localtime")


@operation
def set_time_zone(zone: str) -> Commands:
    """Set it, and have cron read it; notebooks and R sessions read it when they start."""
    file = ZONES / zone
    if LOCAL.is_symlink() and LOCAL.readlink() == file:
        return
    yield (
        f"[ -f {file} ] || {{ echo 'this server knows no time zone {zone}: set"
        " workbench:timeZone to one that timedatectl list-timezones names there'; exit 1; }"
    )
    yield f"ln -sfn {file} {LOCAL} && echo {zone} > /etc/timezone"
    yield "systemctl try-restart cron.service"

"""The data volume, mounted by a unit that every service on it needs."""

import json
import os
from io import StringIO
from pathlib import Path

from workbench.host import places
from workbench.host import service_table
from workbench.host.data import own_room
from workbench.host.data import room
from workbench.host.data import volume
from workbench.host.run.operations import unit
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings

UNIT = "workbench-data.service"
# What writes into the product's folder, besides services.
WRITER = "workbench-accounts.path"


@step("Data volume")
def storage(settings: Settings) -> None:
    """Format the volume if it is blank, mount it, and grow its file system with it."""
    content = {
        "id": settings.data_volume.id,
        "device": settings.data_volume.device,
        "administrator": settings.administrator.name,
    }
    files.put(
        name="Note which volume it is",
        src=StringIO(json.dumps(content) + "\n"),
        dest=str(volume.CONFIGURATION),
        mode="644",
    )
    put_template(UNIT, Path("/etc/systemd/system") / UNIT)
    format_blank(name="Format it if it is blank")
    # Never restarted for a changed file: that would stop every service on it.
    unit(UNIT, name="Mount it")
    grow(name="Grow its file system")
    separate(name="Give the product's state a file system of its own")
    keep_room(name="Keep room for new homes")


@operation
def format_blank() -> Commands:
    """Format the volume, unless it is mounted or formatted already."""
    settled = volume.read_volume()
    if not os.path.ismount(places.DATA):
        yield module_command("data.volume", "format")
    elif volume.is_another(settled):
        yield (
            f"echo '{places.DATA} is another volume than {settled.id}, which the settings name:"
            " restart the server to change over (sudo reboot)'; exit 1"
        )


@operation
def grow() -> Commands:
    """Grow the mounted file system to the volume's size."""
    device = volume.find(volume.read_volume())
    if device and volume.must_grow(device):
        yield f"xfs_growfs {places.DATA}"


@operation
def separate() -> Commands:
    """Move the product's folder, of a server from before, into a file system of its own.

    What writes there ends first: later steps start it again.
    """
    if os.path.ismount(places.DATA) and not own_room.is_mounted() and own_room.can_be_made():
        writers = [each.unit for each in service_table.own_services() if each.keeps_state]
        yield f"systemctl stop {' '.join([*writers, WRITER])}"
        yield module_command("data.volume", "separate")


@operation
def keep_room() -> Commands:
    """Take the room that new homes get where people filled the volume, and what was trimmed."""
    if os.path.ismount(places.DATA) and not room.is_kept() and room.can_be_kept():
        yield module_command("data.room", "keep")
    if own_room.is_mounted() and own_room.has_holes() and own_room.can_be_made():
        yield f"fallocate --length {own_room.SIZE} {own_room.IMAGE}"


def make_room() -> Commands:
    """Give up some of that room where homes have none."""
    if os.path.ismount(places.DATA) and room.is_left() and room.is_short():
        yield module_command("data.room", "give")


def module_command(module: str, *arguments: str) -> str:
    """Return the command that runs a module of this recipe by the distribution's Python."""
    command = f"PYTHONPATH={places.ROOT} /usr/bin/python3 -m workbench.host.{module} "
    return command + " ".join(arguments)

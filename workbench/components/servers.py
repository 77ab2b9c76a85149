"""The server that serves, and the one alongside it while it is being replaced."""

from collections.abc import Mapping
from typing import Any
from typing import cast

import pulumi

from workbench.components.server import Server
from workbench.components.server import ServerArgs
from workbench.components.server import attach_volume
from workbench.components.server_slots import FIRST
from workbench.components.server_slots import Slots
from workbench.components.server_slots import server_name


def create_servers(
    workbench: str,
    args: Mapping[str, Any],
    slots: Slots,
    volume_id: pulumi.Input[str],
    image: pulumi.Input[str] | None,
    opts: pulumi.ResourceOptions,
) -> tuple[Server, Server | None]:
    """Create the server that serves, with the data volume, and the other one where there is one.

    ``args`` are those of the one that serves; ``image`` is the other one's, if one is chosen.
    """
    current = Server(server_name(workbench, slots.current), cast(ServerArgs, args), opts)
    # By one name, whichever server it is at: so the volume moves, instead of being at both.
    attach_volume(
        server_name(workbench, FIRST),
        current,
        current.instance_id,
        volume_id,
        protect=args.get("protect") is True,
    )
    if slots.other_type is None:
        return current, None
    # The operating system's image may be of another architecture; and without the Elastic IP, only
    # an address of its own leads out to its packages.
    own = {"ami": image, "instance_type": slots.other_type}
    other = {"public_ip": True, **args, **own}
    return current, Server(server_name(workbench, slots.other), cast(ServerArgs, other), opts)

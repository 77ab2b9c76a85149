"""Where people's servers run."""

import pwd
from typing import Any

from systemdspawner import SystemdSpawner


class SocketSpawner(SystemdSpawner):
    """A unit for each person's server, in the slice of everything else they run."""

    async def start(self) -> Any:
        """Start the server."""
        self.slice = f"user-{pwd.getpwnam(self.user.name).pw_uid}.slice"
        return await super().start()

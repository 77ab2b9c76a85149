"""People's Jupyter servers: each a systemd unit that listens on a socket of its own.

Not at a port: whoever is first may listen there when a server has died, and would be given its
owner's requests, with what proves who they are.
"""

import asyncio
import pwd
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyterhub.objects import Server
from systemdspawner import SystemdSpawner

from .folders import FOLDER
from .folders import make_folder

# Seconds that a new server has for its first answer: it reads hundreds of files of a cold disk …
NEW = 120
# … and one that was there before the hub: it only does something else, which isn't to be lost.
OLD = 600
# Seconds between two looks whether it has ended meanwhile.
LOOK_AGAIN = 2
RUNNING = {"active", "reloading"}
NOT_RUNNING = {"inactive", "failed", "activating", "deactivating", "maintenance"}
STOPPED = 1


class SocketSpawner(SystemdSpawner):
    """Start people's servers at sockets in folders of theirs, where kernels have theirs, too."""

    unit_extra_properties: dict[str, Any]

    @property
    def folder(self) -> Path:
        """Return the person's folder for sockets and connection files."""
        return FOLDER / str(self.user.name)

    @property
    def server(self) -> Server | None:
        """Return where the person's server is.

        The hub's database has a place for ports only, so the socket is put in each time.
        """
        server = SystemdSpawner.server.fget(self)
        if server is not None:
            socket = quote(str(self.folder / "server.sock"), safe="")
            server.connect_url = f"http+unix://{socket}{server.base_url}"
        return server

    @server.setter
    def server(self, server: Server | None) -> None:
        SystemdSpawner.server.fset(self, server)

    async def get_url(self) -> str:
        """Return where a server is that was there before the hub, once it answers or has ended.

        The hub asks for it as it starts; then it ends a server that doesn't answer in time.
        """
        answer = asyncio.ensure_future(
            self.server.wait_up(http=True, timeout=OLD, extra_path="api")  # type: ignore[union-attr]
        )
        while not answer.done() and await self.poll() is None:
            await asyncio.wait([answer], timeout=LOOK_AGAIN)
        self.http_timeout = NEW if answer.done() else 1
        answer.cancel()
        await asyncio.gather(answer, return_exceptions=True)
        return str(await super().get_url())

    def get_env(self) -> dict[str, str]:
        """Return the server's environment; kernels' sockets are in the runtime folder."""
        return {**super().get_env(), "JUPYTER_RUNTIME_DIR": str(self.folder)}

    def get_args(self) -> list[str]:
        """Return the server's options."""
        socket = f"--ServerApp.sock={self.folder / 'server.sock'}"
        # Jupyter takes a socket only where the port is the one that it has by itself.
        return [*super().get_args(), socket, "--ServerApp.port=8888"]

    async def start(self) -> Any:
        """Start the server, in an empty folder."""
        self.http_timeout = NEW
        # That of everything else the person runs, with their limits.
        self.slice = f"user-{pwd.getpwnam(self.user.name).pw_uid}.slice"
        await super().stop()
        await asyncio.to_thread(make_folder, self.folder)
        # systemd gives it to the person, with the file of the server's environment in it. A
        # dictionary of its own: the configuration's is that of all spawners.
        given = {"RuntimeDirectory": str(self.folder.relative_to("/run"))}
        self.unit_extra_properties = {**self.unit_extra_properties, **given}
        return await super().start()

    async def poll(self) -> int | None:
        """Return None while the server runs, or may: the hub ends what it is told has stopped.

        systemd may be too busy to say, or be restarting itself.
        """
        state = await self._state()
        if state not in RUNNING | NOT_RUNNING:
            self.log.warning("systemd doesn't say whether %s runs: %s", self.unit_name, state)
        return STOPPED if state in NOT_RUNNING else None

    async def _state(self) -> str:
        command = ["systemctl", "show", "--property=ActiveState", "--value", self.unit_name]
        try:
            asked = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
        except OSError as error:
            return str(error)
        return (await asked.communicate())[0].decode().strip()

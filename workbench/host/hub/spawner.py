"""People's Jupyter servers: each a systemd unit that listens at a socket of its own.

Not at a port: whoever is first may listen there when a server has died, and would be given its
owner's requests, with what proves who they are.
"""

import asyncio
import pwd
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyterhub.objects import Server
from systemdspawner import SystemdSpawner

# The system's own: nobody may put anything else in a person's folder's place.
FOLDER = Path("/run/jupyter")
# Enough for sockets and connection files, for each person: nobody fills up what all need.
FOLDER_OPTIONS = "mode=0700,size=8m,nr_inodes=4096,nosuid,nodev,noexec"


class SocketSpawner(SystemdSpawner):
    """Start people's servers at sockets in folders of theirs, where kernels have theirs, too."""

    # False: a server that was started at a port, before there were sockets.
    on_socket = False
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
        if server is not None and self.on_socket:
            socket = quote(str(self.folder / "server.sock"), safe="")
            server.connect_url = f"http+unix://{socket}{server.base_url}"
        return server

    @server.setter
    def server(self, server: Server | None) -> None:
        SystemdSpawner.server.fset(self, server)

    def get_state(self) -> dict[str, Any]:
        """Return what the hub has to remember of the server."""
        return {**super().get_state(), "on_socket": self.on_socket}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up what the hub remembered."""
        super().load_state(state)
        self.on_socket = state.get("on_socket", False)

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
        self.on_socket = True
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
        """Return None while the server runs.

        One at a port is ended: what it calls the hub at is a port that anyone may take now.
        """
        if not self.on_socket:
            await super().stop()
        status: int | None = await super().poll()
        return status


def make_folder(folder: Path) -> None:
    """Make a folder with nothing in it, which is root's until systemd gives it away."""
    while folder.is_mount():
        subprocess.run(["umount", "--lazy", folder], check=True)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    FOLDER.chmod(0o755)
    mount = ["mount", "-t", "tmpfs", "-o", FOLDER_OPTIONS, "tmpfs", str(folder)]
    subprocess.run(mount, check=True)

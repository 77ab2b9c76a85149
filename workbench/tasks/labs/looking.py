"""What the checks of a lab look at: what AWS has of it, and the reader's own files."""

from dataclasses import replace
from functools import cached_property
from typing import Any

import paramiko

from workbench.checks.labs.found import find_groups
from workbench.checks.labs.found import find_instances
from workbench.checks.labs.keys import read_key
from workbench.checks.labs.names import KEY_FILE
from workbench.checks.labs.names import PASSWORD_FILE
from workbench.checks.labs.names import USER
from workbench.checks.target import HostKeys
from workbench.checks.target import Target
from workbench.configured import Configured
from workbench.engine.stack_config import config_file
from workbench.engine.stack_config import read_config_file
from workbench.errors import WorkbenchError
from workbench.remote.console import Console
from workbench.remote.host_keys import KnownHosts
from workbench.remote.host_keys import parse_console
from workbench.remote.key_folder import ssh_folder
from workbench.remote.ssh_target import Door
from workbench.remote.ssh_target import PrivateKey
from workbench.remote.ssh_target import RemoteServer
from workbench.remote.stack_state import KNOWN_HOSTS
from workbench.remote.stack_state import SSH_PORT
from workbench.remote.stack_state import StackState
from workbench.tasks.labs.bench import LabBench

# Whom an image lets in, by the account that publishes it: Canonical's has Ubuntu, the other Debian.
ADMINISTRATORS = {"099720109477": "ubuntu", "136693071363": "admin"}


class Looking:
    """One look at a lab; the connection to its server is made at the first use, and closed."""

    def __init__(self, bench: LabBench) -> None:
        self._bench = bench
        ec2 = bench.aws("ec2")
        instances = find_instances(ec2)
        self.instance: dict[str, Any] = instances[0] if instances else {}
        self.state: StackState = bench.state(**self._outputs(ec2))

    def _outputs(self, ec2: Any) -> dict[str, Any]:
        if not self.instance:
            return {}
        images = ec2.describe_images(ImageIds=[self.instance["ImageId"]])["Images"]
        groups = self.instance["SecurityGroups"] or find_groups(ec2)
        return {
            "instance_id": self.instance["InstanceId"],
            "address": self.instance.get("PublicIpAddress", ""),
            "security_group_id": groups[0]["GroupId"] if groups else "",
            "administrator": ADMINISTRATORS.get(images[0]["OwnerId"], "admin") if images else "",
            **self._names(),
        }

    def _names(self) -> dict[str, Any]:
        """Return the domain that the lab's program would have, and who signs in there."""
        config = read_config_file(config_file(self._bench.stack, self._bench.folder)) or {}
        domain = Configured(config).domain or ""
        names = [domain, f"www.{domain}"] if domain else []
        return {"domain": domain, "names": names, "users": [USER]}

    @property
    def target(self) -> Target:
        """What the checks look at."""
        return replace(
            self.state.target(),
            server=lambda: self.server,
            host_keys=self._host_keys,
            password=self._password,
            folder=self._bench.folder,
            ssh_folder=ssh_folder(),
        )

    @cached_property
    def server(self) -> RemoteServer:
        """The server's shell, as its administrator, by the key in the lab's folder."""
        return self.door().enter()

    def door(self) -> Door:
        """Return the way into the server."""
        path = self._bench.folder / KEY_FILE
        # As it is: who may read the file is a question of its own.
        key = read_key(path)
        if key is None or self.state.address is None:
            missing = "no key that can be read" if key is None else "no server with an address"
            raise WorkbenchError(f"The lab has {missing}.")
        return Door(
            stack=self._bench.stack,
            instance_id=str(self.state.outputs["instance_id"]),
            host=self.state.address.ip,
            port=self.state.address.port(SSH_PORT),
            user=str(self.state.outputs["administrator"]),
            key=PrivateKey(path, key),
            known_hosts=KnownHosts(self.state.folder / "ssh" / KNOWN_HOSTS),
            ec2=lambda: self.state.aws("ec2"),
        )

    def _host_keys(self) -> HostKeys:
        """Return the keys that the reader's known_hosts has, and those on the console."""
        console = Console(self.state.aws("ec2"), str(self.state.outputs["instance_id"])).read()
        return HostKeys(self._known(), parse_console(console))

    def _known(self) -> tuple[tuple[str, str], ...]:
        address = self.state.address
        file = ssh_folder() / "known_hosts"
        if address is None or not file.is_file():
            return ()
        port = address.port(SSH_PORT)
        name = address.ip if port == SSH_PORT else f"[{address.ip}]:{port}"
        known = paramiko.HostKeys(str(file)).lookup(name)
        return tuple((kind, key.get_base64()) for kind, key in known.items()) if known else ()

    def _password(self, user: str) -> str | None:
        file = self._bench.folder / PASSWORD_FILE
        return file.read_text(encoding="utf-8").strip() if file.is_file() else None

    def close(self) -> None:
        """Close the connection, if there is one."""
        if "server" in self.__dict__:
            self.server.close()

"""Machines: what EC2 instances are in rehearsal. Docker containers with systemd as PID 1."""

import re
import threading
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path
from typing import Any
from typing import Literal

import docker
from docker.errors import APIError
from docker.errors import NotFound
from docker.models.containers import Container

from workbench.errors import WorkbenchError
from workbench.rehearsal.labels import INSTANCE
from workbench.rehearsal.labels import Owner
from workbench.rehearsal.machines.folder import ACCOUNT_FILE
from workbench.rehearsal.machines.folder import MachineFolder
from workbench.rehearsal.machines.lxcfs import ensure_lxcfs
from workbench.rehearsal.machines.lxcfs import remove_lxcfs
from workbench.rehearsal.machines.network import NetworkInfo
from workbench.rehearsal.machines.network import ensure_network
from workbench.rehearsal.machines.network import free_address
from workbench.rehearsal.machines.network import remove_networks
from workbench.rehearsal.machines.options import machine_options
from workbench.rehearsal.machines.options import size_options
from workbench.rehearsal.names import container_name
from workbench.rehearsal.volumes.loop_devices import remove_loops
from workbench.waiting import wait_for

State = Literal["absent", "running", "stopped", "rebooting"]

# Seconds a machine has to stop in order; EC2 too pulls the plug after a few minutes.
STOP_LIMIT = 120
TERMINATE_LIMIT = 30
# Bytes of console output that EC2 returns.
CONSOLE_SIZE = 64 * 1024


@dataclass(frozen=True)
class MachineSpec:
    """What a machine is made from; ``memory_mib`` and ``vcpus`` are its instance type's.

    ``account`` is the one that the key pair opens, where it isn't the machine image's own.
    """

    instance_id: str
    instance_type: str
    memory_mib: int
    vcpus: int
    hostname: str
    account: str = ""


class Machines:
    """The machines of one rehearsal. Every method may be called again after it was interrupted."""

    def __init__(
        self,
        docker: docker.DockerClient,
        rehearsal: str,
        state_dir: Path,
        network: str,
        image: str,
        certificates: list[Path],
        dns: str,
    ) -> None:
        self._docker = docker
        self._owner = Owner(rehearsal, state_dir)
        self._network = network
        self._image = image
        self._certificates = certificates
        self._dns = dns
        self._lxcfs = self._owner.folder / "lxcfs"
        # Docker keeps an address for a container only from its first start: until then what was
        # chosen is known by the list of containers alone.
        self._choosing_address = threading.Lock()

    def ensure_network(self) -> NetworkInfo:
        """Return the machines' network; make it where it isn't there."""
        return ensure_network(self._docker, self._owner, self._network)

    def create(self, spec: MachineSpec) -> None:
        """Make a machine, without starting it. One that is there already stays as it is."""
        if self._find(spec.instance_id) is not None:
            return
        info = self.ensure_network()
        ensure_lxcfs(self._lxcfs)
        folder = self._folder(spec.instance_id)
        folder.create(spec.instance_type, self._certificates, self._dns, spec.account)
        try:
            with self._choosing_address:
                self._create(spec, folder, info, free_address(info, self._addresses()))
        except APIError as error:
            folder.remove()
            raise WorkbenchError(
                f"The machine of instance {spec.instance_id} can't be made: {error.explanation}",
                "See what Docker has of this name: docker ps --all",
            ) from error

    def _create(
        self, spec: MachineSpec, folder: MachineFolder, info: NetworkInfo, address: str
    ) -> None:
        endpoint = self._docker.api.create_endpoint_config(ipv4_address=address)
        self._docker.containers.create(
            self._image,
            name=container_name(self._owner.rehearsal, spec.instance_id),
            hostname=spec.hostname,
            labels={**self._owner.labels(), INSTANCE: spec.instance_id},
            network=info.name,
            networking_config={info.name: endpoint},
            volumes={
                str(folder.boot): {"bind": "/run/machine", "mode": "ro"},
                str(self._lxcfs): {"bind": "/run/lxcfs", "mode": "ro"},
                str(folder.account): {"bind": ACCOUNT_FILE, "mode": "ro"},
            },
            shm_size=spec.memory_mib * 2**20 // 2,
            **self._size(spec.instance_id, spec.memory_mib, spec.vcpus),
            **machine_options(),
        )

    def start(self, instance_id: str) -> None:
        """Boot a machine, with its volumes attached."""
        container = self._get(instance_id)
        if container.status in {"running", "restarting"}:
            return
        folder = self._folder(instance_id)
        folder.write(folder.read().booted())
        ensure_lxcfs(self._lxcfs)
        container.start()

    def stop(self, instance_id: str, limit: int = STOP_LIMIT) -> None:
        """Stop a machine in order; pull the plug after ``limit`` seconds."""
        self._get(instance_id).stop(timeout=limit)

    def reboot(self, instance_id: str, limit: int = STOP_LIMIT) -> None:
        """Reboot a machine in order and wait until it boots; reset it after ``limit`` seconds."""
        container = self._get(instance_id)
        booted = container.attrs["State"]["StartedAt"]
        # From inside: a machine told by a signal from outside counts as stopped manually, and
        # Docker wouldn't start it again.
        container.exec_run(["systemctl", "reboot", "--no-block"], detach=True)

        def has_booted() -> bool:
            container.reload()
            again: bool = container.attrs["State"]["StartedAt"] != booted
            return again and container.status == "running"

        if not wait_for(has_booted, limit, 0.2):
            container.restart(timeout=0)

    def terminate(self, instance_id: str, limit: int = TERMINATE_LIMIT) -> None:
        """Stop a machine and remove it; its volumes are detached and kept."""
        container = self._find(instance_id)
        if container is not None:
            container.stop(timeout=limit)
            container.remove(force=True, v=True)
        folder = self._folder(instance_id)
        if folder.path.exists():
            for attachment in folder.read().attachments:
                remove_loops(folder.volume_file(attachment.volume_id))
            folder.remove()

    def set_size(
        self, instance_id: str, memory_mib: int, vcpus: int, instance_type: str | None = None
    ) -> None:
        """Give a stopped machine the size of another instance type."""
        container = self._get(instance_id)
        container.update(**self._size(instance_id, memory_mib, vcpus))
        if instance_type is not None:
            folder = self._folder(instance_id)
            folder.write(replace(folder.read(), instance_type=instance_type))

    def state(self, instance_id: str) -> State:
        """Return what a machine does. One that powered itself off is stopped."""
        container = self._find(instance_id)
        if container is None:
            return "absent"
        if container.status == "restarting":
            return "rebooting"
        return "running" if container.status == "running" else "stopped"

    def address(self, instance_id: str) -> str | None:
        """Return a machine's address on the network: the same while it exists."""
        container = self._find(instance_id)
        return None if container is None else self._address(container)

    def console(self, instance_id: str) -> str:
        """Return the end of what was written to a machine's console since it was made."""
        container = self._find(instance_id)
        if container is None:
            return ""
        written = container.logs(tail=5000)[-CONSOLE_SIZE:]
        return re.sub(r"\r+\n", "\n", written.decode("utf-8", errors="replace"))

    def list(self) -> list[str]:
        """Return the instance ids of the machines there are."""
        return sorted(each.labels[INSTANCE] for each in self._all())

    def remove_all(self) -> None:
        """Remove every machine of the rehearsal, and the network. Volumes stay."""
        for container in self._all():
            container.remove(force=True, v=True)
        remove_networks(self._docker, self._owner)
        remove_lxcfs(self._lxcfs)
        for folder in (self._owner.folder / "machines").glob("*"):
            MachineFolder(self._owner, folder.name).remove()

    def _all(self) -> Any:
        return self._docker.containers.list(
            all=True, filters=self._owner.filters(), ignore_removed=True
        )

    def _folder(self, instance_id: str) -> MachineFolder:
        return MachineFolder(self._owner, instance_id)

    def _find(self, instance_id: str) -> Container | None:
        name = container_name(self._owner.rehearsal, instance_id)
        try:
            container = self._docker.containers.get(name)
        except NotFound:
            return None
        return container if self._owner.owns(container.labels) else None

    def _get(self, instance_id: str) -> Container:
        container = self._find(instance_id)
        if container is None:
            raise WorkbenchError(
                f"The machine of instance {instance_id} is gone.",
                "Something other than the rehearsal removed it. See: workbench rehearsal.status",
            )
        return container

    def _address(self, container: Container) -> str | None:
        networks = container.attrs["NetworkSettings"]["Networks"]
        settings = (networks.get(self._network) or {}).get("IPAMConfig") or {}
        address: str | None = settings.get("IPv4Address")
        return address

    def _addresses(self) -> set[str]:
        return {address for each in self._all() if (address := self._address(each))}

    def _size(self, instance_id: str, memory_mib: int, vcpus: int) -> dict[str, Any]:
        return size_options(instance_id, memory_mib, vcpus, self._docker.info()["NCPU"])

"""What this computer's kernel says of a machine from outside: its first program, its ports."""

from pathlib import Path

import docker
from docker.errors import DockerException

from workbench.rehearsal.names import container_name

# The state of a socket that listens, in /proc/net/tcp.
_LISTEN = "0A"


class MachineProcesses:
    """Look at the processes of one rehearsal's machines."""

    def __init__(self, client: docker.DockerClient, rehearsal: str) -> None:
        self._docker = client
        self._rehearsal = rehearsal

    def booted(self, instance_id: str) -> bool:
        """Return whether a machine has come as far as its own first program, systemd.

        Before, what Docker started is what firmware and hypervisor are to an instance.
        """
        pid = self._pid(instance_id)
        try:
            return pid != 0 and Path(f"/proc/{pid}/comm").read_text(encoding="ascii") == "systemd\n"
        except OSError:
            return False

    def listening_ports(self, instance_id: str) -> set[int]:
        """Return the TCP ports that others can reach on a machine."""
        pid = self._pid(instance_id)
        return listening_ports(pid) if pid else set()

    def _pid(self, instance_id: str) -> int:
        try:
            container = self._docker.containers.get(container_name(self._rehearsal, instance_id))
        except DockerException:
            return 0
        return int(container.attrs["State"]["Pid"])


def listening_ports(pid: int) -> set[int]:
    """Return the TCP ports that others can reach in a process's network namespace."""
    ports = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = Path(f"/proc/{pid}/net/{table}").read_text(encoding="ascii").splitlines()
        except OSError:
            continue
        for line in lines[1:]:
            _, local, _, state, *_ = line.split()
            address, _, port = local.partition(":")
            if state == _LISTEN and not _is_loopback(address):
                ports.add(int(port, 16))
    return ports


def _is_loopback(address: str) -> bool:
    """Whether an address as /proc writes it (words in this computer's byte order) is loopback."""
    if len(address) == 8:
        return bytes.fromhex(address)[-1] == 127
    return address == "0" * 24 + "01000000" or (
        address[:24] == "0" * 16 + "FFFF0000" and (bytes.fromhex(address[24:])[-1] == 127)
    )

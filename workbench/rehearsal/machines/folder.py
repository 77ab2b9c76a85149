"""What the rehearsal keeps of a machine in files, and hands it at each start.

Kept below ``machines/<instance id>``: ``machine.json`` (type and attached volumes, for us), and in
``boot/``, which the machine's first program reads, what holds for one start of it.
"""

import json
import shutil
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import replace
from pathlib import Path

from workbench.rehearsal.description import boot_id
from workbench.rehearsal.labels import Owner
from workbench.rehearsal.volumes.device_names import link_name
from workbench.rehearsal.volumes.device_names import node_name
from workbench.rehearsal.volumes.loop_devices import ensure_loop
from workbench.writing import put_file

# Where a machine finds the name of the account that cloud-init makes.
ACCOUNT_FILE = "/etc/cloud/cloud.cfg.d/95_account.cfg"


@dataclass(frozen=True)
class Attachment:
    """A volume attached to a machine: EC2's device name, and the names in the machine."""

    volume_id: str
    device: str
    node: str
    link: str | None

    @property
    def path(self) -> str:
        """Return the device's path in the machine."""
        return f"/dev/{self.node}"


@dataclass(frozen=True)
class Machine:
    """A machine's type and its volumes, in the order they were attached."""

    instance_type: str
    attachments: tuple[Attachment, ...] = ()

    def attached(self, volume_id: str) -> Attachment | None:
        """Return a volume's attachment, or None."""
        return next((each for each in self.attachments if each.volume_id == volume_id), None)

    def attach(self, volume_id: str, device: str) -> "Machine":
        """Return the machine with one more volume."""
        taken = {each.node for each in self.attachments}
        node = node_name(self.instance_type, device, taken)
        new = Attachment(volume_id, device, node, link_name(self.instance_type, volume_id))
        return replace(self, attachments=(*self.attachments, new))

    def detach(self, volume_id: str) -> "Machine":
        """Return the machine without a volume."""
        kept = tuple(each for each in self.attachments if each.volume_id != volume_id)
        return replace(self, attachments=kept)

    def booted(self) -> "Machine":
        """Return the machine as it starts: Linux names its volumes again."""
        fresh = Machine(self.instance_type)
        for each in self.attachments:
            fresh = fresh.attach(each.volume_id, each.device)
        return fresh


class MachineFolder:
    """The files of one machine."""

    def __init__(self, owner: Owner, instance_id: str) -> None:
        self.path = owner.folder / "machines" / instance_id
        self.boot = self.path / "boot"
        self.account = self.path / "account.cfg"
        self._volumes = owner.folder / "volumes"

    def create(
        self, instance_type: str, certificates: list[Path], dns: str, account: str = ""
    ) -> None:
        """Write the files of a new machine."""
        trusted = self.boot / "certificates"
        trusted.mkdir(parents=True, exist_ok=True)
        for number, certificate in enumerate(certificates):
            shutil.copyfile(certificate, trusted / f"{certificate.stem}-{number}.crt")
        (self.boot / "resolv.conf").write_text(f"nameserver {dns}\n", encoding="ascii")
        user = {"system_info": {"default_user": {"name": account}}} if account else {}
        self.account.write_text(f"#cloud-config\n{json.dumps(user)}\n", encoding="ascii")
        self.write(Machine(instance_type))

    def read(self) -> Machine:
        """Return what is known of the machine."""
        content = json.loads((self.path / "machine.json").read_text(encoding="utf-8"))
        attachments = tuple(Attachment(**each) for each in content["attachments"])
        return Machine(content["instance_type"], attachments)

    def write(self, machine: Machine) -> None:
        """Keep what is known of the machine, and tell its next start."""
        put_file(self.path / "machine.json", json.dumps(asdict(machine), indent=2) + "\n")
        lines = [f"boot {boot_id()}"]
        for each in machine.attachments:
            loop = ensure_loop(self.volume_file(each.volume_id))
            lines.append(f"{loop.major} {loop.minor} {each.node} {each.link or '-'}")
        put_file(self.boot / "devices", "\n".join(lines) + "\n")

    def volume_file(self, volume_id: str) -> Path:
        """Return the file of a volume."""
        return self._volumes / f"{volume_id}.img"

    def remove(self) -> None:
        """Remove the files."""
        shutil.rmtree(self.path, ignore_errors=True)

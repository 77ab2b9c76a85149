"""Machines follow the API's instances, and instances follow their machines."""

import logging
from collections.abc import Callable
from typing import Any

from docker.errors import DockerException

from workbench.errors import WorkbenchError
from workbench.rehearsal.api.parameters import account_of
from workbench.rehearsal.api.server import Api
from workbench.rehearsal.machines.containers import Machines
from workbench.rehearsal.machines.containers import MachineSpec
from workbench.rehearsal.names import container_name
from workbench.rehearsal.volumes.sparse_files import VolumeInUseError
from workbench.rehearsal.volumes.sparse_files import Volumes
from workbench.waiting import wait_for

log = logging.getLogger(__name__)

# What a machine, a volume or the Docker engine can fail with.
FAILURES = (WorkbenchError, DockerException, OSError)
# Seconds from power on to the first program: certificates are taken in on the first start, and a
# computer that starts several machines is slow. One that has ended meanwhile isn't waited for.
BOOT_LIMIT = 180.0
BY_ITSELF = "Client.InstanceInitiatedShutdown: Instance initiated shutdown"


class MachineFollower:
    """Bring one instance's machine to where its state says, then the state to where it is.

    ``make_volume`` makes a volume's file if it isn't there yet; ``booted`` says whether an
    instance's machine has come to its own first program. Calls for one instance must not
    overlap; calls for different ones may.
    """

    def __init__(
        self,
        api: Api,
        machines: Machines,
        volumes: Volumes,
        rehearsal: str,
        *,
        make_volume: Callable[[Any], None],
        booted: Callable[[str], bool],
    ) -> None:
        self._api = api
        self._machines = machines
        self._volumes = volumes
        self._rehearsal = rehearsal
        self._make_volume = make_volume
        self._booted = booted
        # Addresses of the machines there are, by instance.
        self.addresses: dict[str, str] = {}
        self._busy: set[str] = set()

    def follow(self, instance: Any) -> None:
        """Take one instance as far as it goes now."""
        steps: dict[str, Callable[[Any], None]] = {
            "pending": self._launch,
            "running": self._watch,
            "stopping": self._stop,
            "stopped": self._keep_stopped,
            "shutting-down": self._terminate,
        }
        step = steps.get(instance.state)
        if step is not None:
            step(instance)

    def _launch(self, instance: Any) -> None:
        new = self._machines.state(instance.id) == "absent"
        try:
            self._boot(instance, new)
        except FAILURES as error:
            log.exception("instance %s doesn't start", instance.id)
            self._give_up(instance, new, error)
            return
        with self._api.lock:
            # It may have been told to stop or to terminate meanwhile.
            if instance.state == "pending":
                self._api.ec2.mark_running(instance)
                self._end_attaching(instance)
        log.info("instance %s runs", instance.id)

    def _boot(self, instance: Any, new: bool) -> None:
        spec = machine_spec(self._api.ec2, instance)
        if new:
            self._machines.create(spec)
        elif self._machines.state(instance.id) == "stopped":
            self._machines.set_size(
                spec.instance_id, spec.memory_mib, spec.vcpus, spec.instance_type
            )
        self.note_address(instance.id)
        for volume in self._attached(instance):
            self._make_volume(volume)
            self._attach(instance, volume)
        self._machines.start(instance.id)
        self._await_boot(instance.id)

    def _await_boot(self, instance_id: str) -> None:

        def limit() -> float:
            return 0.0 if self._machines.state(instance_id) == "stopped" else BOOT_LIMIT

        if not wait_for(lambda: self._booted(instance_id), limit, 0.05):
            last = self._machines.console(instance_id).strip().splitlines()[-2:]
            raise WorkbenchError(
                f"The machine of instance {instance_id} doesn't boot: {' / '.join(last)}",
                "Its console says more: aws ec2 get-console-output",
            )

    def _give_up(self, instance: Any, new: bool, error: Exception) -> None:
        """Show a failed start as EC2 does: a new instance is terminated, an old one stopped."""
        reason = f"Server.InternalError: Internal error on launch: {_sentence(error)}"
        if new:
            self._remove_machine(instance.id)
        with self._api.lock:
            if new:
                self._api.ec2.end_instance(instance, reason)
            else:
                self._api.ec2.mark_stopped(instance, reason)

    def _watch(self, instance: Any) -> None:
        if instance.reboot_wanted:
            instance.reboot_wanted = False
            self._machines.reboot(instance.id)
        state = self._machines.state(instance.id)
        if state == "running":
            # A volume is put in alongside what the machine's start puts in, never at the same time.
            if self._booted(instance.id):
                self._follow_attachments(instance)
        elif state in {"stopped", "absent"}:
            self._went(instance, state)

    def _went(self, instance: Any, state: str) -> None:
        """Show that a machine powered off, or was removed, behind the API's back."""
        log.warning("the machine of instance %s is %s", instance.id, state)
        with self._api.lock:
            if instance.state != "running":
                return
            if instance.instance_initiated_shutdown_behavior == "terminate":
                self._api.ec2._move([instance], "shutting-down", {"running"})
            else:
                self._api.ec2.mark_stopped(instance, BY_ITSELF)

    def _stop(self, instance: Any) -> None:
        if self._machines.state(instance.id) != "absent":
            self._machines.stop(instance.id)
        with self._api.lock:
            if instance.state == "stopping":
                self._api.ec2.mark_stopped(instance)
        log.info("instance %s has stopped", instance.id)

    def _keep_stopped(self, instance: Any) -> None:
        if self._machines.state(instance.id) in {"running", "rebooting"}:
            log.warning("instance %s is stopped, and its machine ran: stopped it", instance.id)
            self._machines.stop(instance.id)
        self._follow_attachments(instance)

    def _terminate(self, instance: Any) -> None:
        self._remove_machine(instance.id)
        with self._api.lock:
            self._api.ec2.end_instance(instance)
        log.info("instance %s is terminated", instance.id)

    def _remove_machine(self, instance_id: str) -> None:
        self._machines.terminate(instance_id)
        self.addresses.pop(instance_id, None)

    def note_address(self, instance_id: str) -> None:
        """Remember the address of an instance's machine."""
        address = self._machines.address(instance_id)
        if address is not None:
            self.addresses[instance_id] = address

    def instance_at(self, address: str) -> str | None:
        """Return the instance whose machine has an address."""
        found = [key for key, value in list(self.addresses.items()) if value == address]
        return found[0] if found else None

    def _attached(self, instance: Any) -> list[Any]:
        """Return the volumes attached to an instance, but for its root volume."""
        with self._api.lock:
            return [
                volume
                for volume in self._api.ec2.volumes.values()
                if volume.attachment and volume.attachment.instance is instance and not volume.root
            ]

    def _follow_attachments(self, instance: Any) -> None:
        for volume in self._attached(instance):
            attachment = volume.attachment
            if attachment.status == "attaching":
                self._make_volume(volume)
                self._attach(instance, volume)
                attachment.status = "attached"
            elif attachment.status == "detaching":
                self._detach(instance, volume)

    def _end_attaching(self, instance: Any) -> None:
        for volume in self._attached(instance):
            if volume.attachment.status == "attaching":
                volume.attachment.status = "attached"

    def _attach(self, instance: Any, volume: Any) -> None:
        container = container_name(self._rehearsal, instance.id)
        self._volumes.attach(volume.id, instance.id, container, volume.attachment.device)

    def _detach(self, instance: Any, volume: Any) -> None:
        try:
            self._volumes.detach(
                volume.id, instance.id, container_name(self._rehearsal, instance.id)
            )
        except VolumeInUseError as error:
            # As in EC2 it stays "detaching" until the machine lets go of it.
            if volume.id not in self._busy:
                log.warning("%s", error.message)
            self._busy.add(volume.id)
            return
        self._busy.discard(volume.id)
        with self._api.lock:
            if volume.attachment:
                self._api.ec2.end_attachment(volume)


def machine_spec(ec2: Any, instance: Any) -> MachineSpec:
    """Return the machine that an instance's type makes."""
    found = ec2.describe_instance_types([instance.instance_type])[0]
    image = ec2.amis.get(instance.image_id)
    return MachineSpec(
        instance_id=instance.id,
        instance_type=instance.instance_type,
        memory_mib=int(found["MemoryInfo"]["SizeInMiB"]),
        vcpus=int(found["VCpuInfo"]["DefaultVCpus"]),
        hostname=instance.private_dns_name.partition(".")[0],
        account=account_of(image) if image is not None else "",
    )


def _sentence(error: Exception) -> str:
    return error.message if isinstance(error, WorkbenchError) else str(error)

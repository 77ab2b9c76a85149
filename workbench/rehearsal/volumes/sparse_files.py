"""Volumes: what EBS volumes are in rehearsal. Sparse files as block devices, and their copies."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker
from docker.errors import NotFound
from docker.models.containers import Container

from workbench.errors import WorkbenchError
from workbench.rehearsal.labels import Owner
from workbench.rehearsal.machines.folder import Attachment
from workbench.rehearsal.machines.folder import MachineFolder
from workbench.rehearsal.volumes.loop_devices import LoopDevice
from workbench.rehearsal.volumes.loop_devices import ensure_loop
from workbench.rehearsal.volumes.loop_devices import find_loop
from workbench.rehearsal.volumes.loop_devices import list_loops
from workbench.rehearsal.volumes.loop_devices import remove_loop
from workbench.rehearsal.volumes.loop_devices import remove_loops
from workbench.rehearsal.volumes.loop_devices import resize_loop
from workbench.rehearsal.volumes.mounted import frozen
from workbench.rehearsal.volumes.mounted import mount_points

GIB = 2**30


class VolumeError(WorkbenchError):
    """A volume can't be made, grown or copied."""


class VolumeInUseError(WorkbenchError):
    """A volume is mounted: it can't be detached."""


class Volumes:
    """The volumes and snapshots of one rehearsal. Every method may be called again."""

    def __init__(self, docker: docker.DockerClient, rehearsal: str, state_dir: Path) -> None:
        self._docker = docker
        self._owner = Owner(rehearsal, state_dir)
        self._files = self._owner.folder / "volumes"
        self._snapshots = self._owner.folder / "snapshots"

    def create(self, volume_id: str, size_gib: int, snapshot_id: str | None = None) -> None:
        """Make a volume of ``size_gib`` GiB, empty or from a snapshot."""
        path = self._file(volume_id)
        if path.exists():
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        # Complete before it has its name: a crash must not leave half a copy that looks whole.
        temporary = path.with_suffix(".new")
        if snapshot_id is not None:
            _copy(self._snapshot_file(snapshot_id), temporary)
        else:
            temporary.write_bytes(b"")
            temporary.chmod(0o600)
        _grow_file(temporary, size_gib)
        temporary.replace(path)

    def delete(self, volume_id: str) -> None:
        """Delete a volume."""
        self._release(volume_id)
        self._file(volume_id).unlink(missing_ok=True)

    def grow(self, volume_id: str, size_gib: int) -> None:
        """Make a volume larger, attached and mounted or not; its file system isn't touched."""
        path = self._file(volume_id)
        _grow_file(path, size_gib)
        loop = find_loop(path)
        if loop is not None:
            resize_loop(loop)

    def attach(self, volume_id: str, instance_id: str, container: str, device: str) -> str:
        """Attach a volume as ``device`` (such as /dev/sdf); return its path in the machine.

        At later starts of the machine it is there from the beginning.
        """
        folder = MachineFolder(self._owner, instance_id)
        machine = folder.read()
        if machine.attached(volume_id) is None:
            machine = machine.attach(volume_id, device)
        folder.write(machine)
        attachment = machine.attached(volume_id)
        assert attachment is not None  # noqa: S101 - attached above
        running = self._running(container)
        if running is not None:
            _make_node(running, ensure_loop(self._file(volume_id)), attachment)
        return attachment.path

    def detach(
        self, volume_id: str, instance_id: str, container: str, *, force: bool = False
    ) -> None:
        """Detach a volume. Raises VolumeInUseError while it is mounted, unless forced."""
        running = self._running(container)
        if not force and running is not None and self.mounted(volume_id, container):
            raise VolumeInUseError(
                f"Volume {volume_id} is mounted on instance {instance_id}.",
                "Unmount it there first, or stop the instance.",
            )
        folder = MachineFolder(self._owner, instance_id)
        if folder.path.exists():
            machine = folder.read()
            attachment = machine.attached(volume_id)
            if attachment is not None and running is not None:
                links = [f"/dev/{attachment.link}"] if attachment.link else []
                _run(running, ["rm", "-f", attachment.path, *links])
            folder.write(machine.detach(volume_id))
        self._release(volume_id)

    def mounted(self, volume_id: str, container: str) -> list[str]:
        """Return where a volume is mounted in a running machine."""
        running = self._running(container)
        loop = find_loop(self._file(volume_id))
        return [] if running is None or loop is None else mount_points(running, loop)

    def snapshot(self, volume_id: str, snapshot_id: str, container: str | None = None) -> None:
        """Copy a volume as it is now; its file system, where mounted in ``container``, is whole."""
        target = self._snapshot_file(snapshot_id)
        if target.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = target.with_suffix(".new")
        with self._frozen(volume_id, container):
            _copy(self._file(volume_id), temporary)
        temporary.replace(target)

    def delete_snapshot(self, snapshot_id: str) -> None:
        """Delete a snapshot; volumes made from it stay."""
        self._snapshot_file(snapshot_id).unlink(missing_ok=True)

    def list(self) -> list[str]:
        """Return the ids of the volumes there are."""
        return sorted(path.stem for path in self._files.glob("*.img"))

    def remove_all(self) -> None:
        """Remove every volume and snapshot, and the loop devices of files in the folder."""
        remove_loops(self._owner.folder)
        for folder in (self._files, self._snapshots):
            shutil.rmtree(folder, ignore_errors=True)

    def _file(self, volume_id: str) -> Path:
        return self._files / f"{volume_id}.img"

    def _snapshot_file(self, snapshot_id: str) -> Path:
        return self._snapshots / f"{snapshot_id}.img"

    def _release(self, volume_id: str) -> None:
        for loop in list_loops(self._file(volume_id)):
            remove_loop(loop)

    def _running(self, container: str) -> Container | None:
        try:
            found = self._docker.containers.get(container)
        except NotFound:
            return None
        return found if found.status == "running" and self._owner.owns(found.labels) else None

    @contextmanager
    def _frozen(self, volume_id: str, container: str | None) -> Iterator[None]:
        running = self._running(container) if container else None
        loop = find_loop(self._file(volume_id))
        mounts = mount_points(running, loop) if running is not None and loop is not None else []
        if running is None or not mounts:
            yield
            return
        with frozen(running, mounts[0]):
            yield


def _make_node(container: Container, loop: LoopDevice, attachment: Attachment) -> None:
    commands = [
        # The machine makes its nodes itself when it boots, which may be now.
        f"mknod -m 660 {attachment.path} b {loop.major} {loop.minor} 2>/dev/null"
        f" || [ -b {attachment.path} ]",
        f"chgrp disk {attachment.path}",
    ]
    if attachment.link:
        link = f"/dev/{attachment.link}"
        commands.append(f"mkdir -p {os.path.dirname(link)}; ln -sfn {attachment.path} {link}")
    _run(container, ["sh", "-ec", "\n".join(commands)])


def _run(container: Container, command: list[str]) -> None:
    code, output = container.exec_run(command, user="root")
    if code != 0:
        reason = output.decode(errors="replace") if isinstance(output, bytes) else ""
        raise VolumeError(
            f"The machine {container.name} doesn't take its volume: {reason.strip()}",
            "Stop and start the instance.",
        )


def _copy(source: Path, target: Path) -> None:
    command = ["cp", "--sparse=always", "--reflink=auto", str(source), str(target)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        target.unlink(missing_ok=True)
        raise VolumeError(
            f"The copy of a volume failed: {result.stderr.strip()}",
            "Make room on the disk, or check that the snapshot exists, then try again.",
        )


def _grow_file(path: Path, size_gib: int) -> None:
    size = path.stat().st_size
    if size > size_gib * GIB:
        raise VolumeError(
            f"A volume of {size // GIB} GiB can't be made smaller ({size_gib} GiB).",
            "Make a new, smaller volume and copy the files.",
        )
    os.truncate(path, size_gib * GIB)

"""Files follow the API's volumes and snapshots."""

import logging
import threading
from pathlib import Path
from typing import Any

from workbench.rehearsal.api.server import Api
from workbench.rehearsal.names import container_name
from workbench.rehearsal.reconcile.machines import FAILURES
from workbench.rehearsal.volumes.sparse_files import Volumes

log = logging.getLogger(__name__)


class VolumeFollower:
    """Make, copy, grow and delete volumes' files as the API says.

    ``snapshots`` is the folder that snapshots' files are in.
    """

    def __init__(self, api: Api, volumes: Volumes, rehearsal: str, snapshots: Path) -> None:
        self._api = api
        self._volumes = volumes
        self._rehearsal = rehearsal
        self._snapshots = snapshots
        self._making = threading.Lock()

    def follow(self) -> None:
        """Take every volume and snapshot as far as it goes now, the snapshots first."""
        with self._api.lock:
            volumes = [each for each in self._api.ec2.volumes.values() if not each.root]
            known = set(self._api.ec2.volumes)
            snapshots = dict(self._api.ec2.snapshots)
        for volume in volumes:
            if not volume.made and not volume.failed:
                self._try_to_make(volume)
        for snapshot in snapshots.values():
            if snapshot.status == "pending":
                self._copy(snapshot)
        for volume in volumes:
            self._grow(volume)
        for volume_id in set(self._volumes.list()) - known:
            self._volumes.delete(volume_id)
        for path in self._snapshots.glob("snap-*.img"):
            if path.stem not in snapshots:
                self._volumes.delete_snapshot(path.stem)

    def make(self, volume: Any) -> None:
        """Make a volume's file, if it isn't there."""
        with self._making:
            if not volume.made:
                # Its size of now: a change that follows grows the file.
                self._volumes.create(volume.id, volume.size, volume.snapshot_id)
                volume.made = True

    def _try_to_make(self, volume: Any) -> None:
        try:
            self.make(volume)
        except FAILURES:
            log.exception("volume %s can't be made", volume.id)
            volume.failed = True

    def _copy(self, snapshot: Any) -> None:
        volume = self._api.ec2.volumes.get(snapshot.volume.id)
        attachment = volume.attachment if volume else None
        container = container_name(self._rehearsal, attachment.instance.id) if attachment else None
        try:
            self._volumes.snapshot(snapshot.volume.id, snapshot.id, container)
        except FAILURES:
            log.exception("snapshot %s failed", snapshot.id)
            snapshot.status = "error"
        else:
            snapshot.status = "completed"

    def _grow(self, volume: Any) -> None:
        for modification in volume.modifications:
            if modification.done or not volume.made:
                continue
            try:
                self._volumes.grow(volume.id, volume.size)
            except FAILURES:
                log.exception("volume %s can't grow", volume.id)
                return
            modification.done = True

"""What stays in AWS when a volume is replaced or its stack destroyed: the engine's word, and EC2's.

The engine goes by the stack's state: configuration and program may have changed since the last up.
"""

from collections.abc import Mapping
from typing import Any

from workbench.rehearsal.names import rehearsal_of
from workbench.remote.data_volumes import BY_AWS_BACKUP
from workbench.remote.data_volumes import snapshots_where
from workbench.remote.stack_state import StackState


def keeps(deployment: Mapping[str, Any], volume: str) -> bool:
    """Return whether a volume stays in AWS when the stack lets go of it."""
    return all(_stays(each) for each in _made(deployment, "Volume") if each.get("id") == volume)


def snapshot_lines(state: StackState, deployment: Mapping[str, Any], volume: str) -> list[str]:
    """Say which of a volume's snapshots a destroy leaves in AWS, and for how long."""
    from botocore.exceptions import BotoCoreError
    from botocore.exceptions import ClientError

    if rehearsal_of(state.stack) and state.rehearsal is None:
        # It can't be asked while it is stopped, and costs nothing.
        return []
    try:
        found = list(snapshots_where(state.aws("ec2"), "volume-id", [volume]))
    except (BotoCoreError, ClientError) as error:
        return [f"Its remaining snapshots keep costing; can't tell how many: {error}"]
    scheduled = sum(each.by == BY_AWS_BACKUP for each in found)
    lines = []
    if others := len(found) - scheduled:
        lines.append(f"Snapshots of it stay until you delete them: {others}.")
    vaults = _made(deployment, "Vault")
    if not all(_stays(each) for each in vaults):
        lines.append(f"AWS Backup's snapshots of it are DELETED with their vault: {scheduled}.")
    elif vaults or scheduled:
        lines.append(
            f"AWS Backup's vault and role stay; its snapshots until they expire: {scheduled}."
        )
    return lines


def _made(deployment: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    resources = deployment.get("resources") or []
    return [each for each in resources if each["type"].endswith(f":{kind}")]


def _stays(resource: Mapping[str, Any]) -> bool:
    return bool(resource.get("retainOnDelete") or resource.get("external"))

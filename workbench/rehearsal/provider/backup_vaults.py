"""AWS Backup: vaults."""

from .cloud import Cloud
from .resource import AutoName
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import changed_tags
from .tags import read_tags
from .tags import tags_of
from .values import Properties


def read_backup_tags(cloud: Cloud, arn: str, state: Properties) -> Properties:
    """Return the tag outputs of a vault or a plan."""
    tags = cloud.client("backup").list_tags(ResourceArn=arn).get("Tags") or {}
    return read_tags(cloud, [{"Key": key, "Value": tags[key]} for key in tags], state)


def update_backup_tags(cloud: Cloud, arn: str, change: Change) -> None:
    """Bring the tags of a vault or a plan to what the program says now."""
    if not change.any_of("tags", "tagsAll"):
        return
    removed, added = changed_tags(change)
    if removed:
        cloud.client("backup").untag_resource(ResourceArn=arn, TagKeyList=removed)
    if added:
        cloud.client("backup").tag_resource(ResourceArn=arn, Tags=added)


def create_vault(cloud: Cloud, inputs: Properties) -> str:
    """Create a vault; the id is its name."""
    key = {"EncryptionKeyArn": inputs["kmsKeyArn"]} if inputs.get("kmsKeyArn") else {}
    answer = cloud.client("backup").create_backup_vault(
        BackupVaultName=inputs["name"], BackupVaultTags=tags_of(inputs), **key
    )
    return str(answer["BackupVaultName"])


def read_vault(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a vault."""
    vault = cloud.client("backup").describe_backup_vault(BackupVaultName=identifier)
    return {
        "arn": vault["BackupVaultArn"],
        "name": vault["BackupVaultName"],
        "kmsKeyArn": vault.get("EncryptionKeyArn") or None,
        "recoveryPoints": vault.get("NumberOfRecoveryPoints", 0),
        **read_backup_tags(cloud, vault["BackupVaultArn"], state),
    }


def update_vault(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a vault's tags."""
    update_backup_tags(cloud, change.state["arn"], change)


def delete_vault(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a vault, with its recovery points where the program says so."""
    backup = cloud.client("backup")
    if state.get("forceDestroy"):
        pages = backup.get_paginator("list_recovery_points_by_backup_vault")
        for page in pages.paginate(BackupVaultName=identifier):
            for point in page["RecoveryPoints"]:
                backup.delete_recovery_point(
                    BackupVaultName=identifier, RecoveryPointArn=point["RecoveryPointArn"]
                )
    backup.delete_backup_vault(BackupVaultName=identifier)


VAULT = ResourceType(
    type="aws:backup/vault:Vault",
    calls=Calls(create_vault, read_vault, delete_vault, update_vault),
    inputs=names("forceDestroy kmsKeyArn name"),
    computed=names("arn recoveryPoints"),
    chosen=names("kmsKeyArn"),
    replaces=names("kmsKeyArn name"),
    defaults={"forceDestroy": False},
    name=AutoName(longest=50),
    tags=True,
)
ROWS = (VAULT,)

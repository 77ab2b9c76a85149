"""What belongs to a bucket and is a resource of its own: versioning, encryption, access."""

from typing import Any

from .cloud import Cloud
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .values import Properties

_BLOCKS = {
    "blockPublicAcls": "BlockPublicAcls",
    "blockPublicPolicy": "BlockPublicPolicy",
    "ignorePublicAcls": "IgnorePublicAcls",
    "restrictPublicBuckets": "RestrictPublicBuckets",
}
_ENCRYPTION = {
    "applyServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault",
    "sseAlgorithm": "SSEAlgorithm",
    "kmsMasterKeyId": "KMSMasterKeyID",
    "bucketKeyEnabled": "BucketKeyEnabled",
}
_BLOCKED = "blockedEncryptionTypes"


def put_versioning(cloud: Cloud, inputs: Properties) -> str:
    """Set a bucket's versioning."""
    given = inputs["versioningConfiguration"]
    wanted = {"Status": given["status"], "MFADelete": given.get("mfaDelete")}
    if given["status"] != "Disabled":  # what a bucket that was never versioned is
        cloud.client("s3").put_bucket_versioning(
            Bucket=inputs["bucket"],
            VersioningConfiguration={key: value for key, value in wanted.items() if value},
        )
    return str(inputs["bucket"])


def read_versioning(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a bucket's versioning."""
    answer = cloud.client("s3").get_bucket_versioning(Bucket=identifier)
    configuration = {
        "status": answer.get("Status", "Disabled"),
        "mfaDelete": answer.get("MFADelete"),
    }
    return {
        "bucket": identifier,
        "versioningConfiguration": {key: value for key, value in configuration.items() if value},
    }


def suspend_versioning(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Suspend a bucket's versioning: it can't be taken away."""
    cloud.client("s3").put_bucket_versioning(
        Bucket=identifier, VersioningConfiguration={"Status": "Suspended"}
    )


def put_encryption(cloud: Cloud, inputs: Properties) -> str:
    """Set how a bucket encrypts."""
    cloud.client("s3").put_bucket_encryption(
        Bucket=inputs["bucket"],
        ServerSideEncryptionConfiguration={"Rules": [_rule(rule) for rule in inputs["rules"]]},
    )
    return str(inputs["bucket"])


def _rule(rule: Properties) -> dict[str, Any]:
    blocked = rule.get(_BLOCKED)
    told = {"BlockedEncryptionTypes": {"EncryptionType": blocked}} if blocked else {}
    return {**_renamed(rule, _ENCRYPTION), **told}


def read_encryption(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read how a bucket encrypts."""
    answer = cloud.client("s3").get_bucket_encryption(Bucket=identifier)
    back = {theirs: ours for ours, theirs in _ENCRYPTION.items()}
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    # moto forgets what is blocked: it is as it was written.
    written = [
        {_BLOCKED: rule[_BLOCKED]} if rule.get(_BLOCKED) else {}
        for rule in state.get("rules") or [{}] * len(rules)
    ]
    return {
        "bucket": identifier,
        "rules": [
            {"bucketKeyEnabled": False, **_renamed(rule, back), **blocked}
            for rule, blocked in zip(rules, written, strict=False)
        ],
    }


def _renamed(value: Any, names_: dict[str, str]) -> Any:
    """Return a nested value with those keys that have another name, under that."""
    if not isinstance(value, dict):
        return value
    return {
        names_[key]: _renamed(item, names_)
        for key, item in value.items()
        if key in names_ and item not in (None, "")
    }


def delete_encryption(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Go back to S3's own encryption."""
    cloud.client("s3").delete_bucket_encryption(Bucket=identifier)


def put_access_block(cloud: Cloud, inputs: Properties) -> str:
    """Set what public access a bucket refuses."""
    cloud.client("s3").put_public_access_block(
        Bucket=inputs["bucket"],
        PublicAccessBlockConfiguration={
            theirs: bool(inputs.get(ours, False)) for ours, theirs in _BLOCKS.items()
        },
    )
    return str(inputs["bucket"])


def read_access_block(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read what public access a bucket refuses."""
    answer = cloud.client("s3").get_public_access_block(Bucket=identifier)
    found = answer["PublicAccessBlockConfiguration"]
    return {
        "bucket": identifier,
        **{ours: bool(found.get(theirs, False)) for ours, theirs in _BLOCKS.items()},
    }


def delete_access_block(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Refuse no public access any more."""
    if not state.get("skipDestroy"):
        cloud.client("s3").delete_public_access_block(Bucket=identifier)


def _update(put: Any) -> Any:
    """Return an update that writes the setting again: S3 knows no other way."""

    def update(cloud: Cloud, identifier: str, change: Change) -> None:
        put(cloud, change.new)

    return update


VERSIONING = ResourceType(
    type="aws:s3/bucketVersioning:BucketVersioning",
    calls=Calls(put_versioning, read_versioning, suspend_versioning, _update(put_versioning)),
    inputs=names("bucket versioningConfiguration"),
    required=names("bucket versioningConfiguration"),
    replaces=names("bucket"),
)
ENCRYPTION = ResourceType(
    type="aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    calls=Calls(put_encryption, read_encryption, delete_encryption, _update(put_encryption)),
    inputs=names("bucket rules"),
    required=names("bucket rules"),
    replaces=names("bucket"),
)
ACCESS_BLOCK = ResourceType(
    type="aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    calls=Calls(
        put_access_block, read_access_block, delete_access_block, _update(put_access_block)
    ),
    inputs=frozenset(_BLOCKS) | names("bucket skipDestroy"),
    required=names("bucket"),
    replaces=names("bucket"),
    defaults=dict.fromkeys(_BLOCKS, False),
)
ROWS = (VERSIONING, ENCRYPTION, ACCESS_BLOCK)

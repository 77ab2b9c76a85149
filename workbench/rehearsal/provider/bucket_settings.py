"""What belongs to a bucket and is a resource of its own: versioning, encryption, access, policy."""

from typing import Any

from .cloud import Cloud
from .documents import keep_written
from .documents import same_document
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
    rules = []
    for rule in inputs["rules"]:
        given = rule.get("applyServerSideEncryptionByDefault") or {}
        default = {
            "SSEAlgorithm": given.get("sseAlgorithm"),
            "KMSMasterKeyID": given.get("kmsMasterKeyId"),
        }
        rules.append(
            {
                "ApplyServerSideEncryptionByDefault": {
                    key: value for key, value in default.items() if value
                },
                **(
                    {"BucketKeyEnabled": rule["bucketKeyEnabled"]}
                    if "bucketKeyEnabled" in rule
                    else {}
                ),
            }
        )
    cloud.client("s3").put_bucket_encryption(
        Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
    )
    return str(inputs["bucket"])


def read_encryption(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read how a bucket encrypts."""
    answer = cloud.client("s3").get_bucket_encryption(Bucket=identifier)
    rules = []
    for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
        default = rule.get("ApplyServerSideEncryptionByDefault", {})
        given = {
            "sseAlgorithm": default.get("SSEAlgorithm"),
            "kmsMasterKeyId": default.get("KMSMasterKeyID"),
        }
        rules.append(
            {
                "applyServerSideEncryptionByDefault": {
                    key: value for key, value in given.items() if value
                },
                "bucketKeyEnabled": rule.get("BucketKeyEnabled", False),
            }
        )
    return {"bucket": identifier, "rules": rules}


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


def put_policy(cloud: Cloud, inputs: Properties) -> str:
    """Set a bucket's policy."""
    cloud.client("s3").put_bucket_policy(Bucket=inputs["bucket"], Policy=inputs["policy"])
    return str(inputs["bucket"])


def read_policy(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a bucket's policy."""
    policy = cloud.client("s3").get_bucket_policy(Bucket=identifier)["Policy"]
    return {"bucket": identifier, "policy": keep_written(state, "policy", policy)}


def delete_policy(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a bucket's policy."""
    cloud.client("s3").delete_bucket_policy(Bucket=identifier)


def put_ownership(cloud: Cloud, inputs: Properties) -> str:
    """Set who owns the objects in a bucket."""
    rule = {"ObjectOwnership": inputs["rule"]["objectOwnership"]}
    cloud.client("s3").put_bucket_ownership_controls(
        Bucket=inputs["bucket"], OwnershipControls={"Rules": [rule]}
    )
    return str(inputs["bucket"])


def read_ownership(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read who owns the objects in a bucket."""
    answer = cloud.client("s3").get_bucket_ownership_controls(Bucket=identifier)
    rule = answer["OwnershipControls"]["Rules"][0]
    return {"bucket": identifier, "rule": {"objectOwnership": rule["ObjectOwnership"]}}


def delete_ownership(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Remove the rule of who owns the objects."""
    cloud.client("s3").delete_bucket_ownership_controls(Bucket=identifier)


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
BUCKET_POLICY = ResourceType(
    type="aws:s3/bucketPolicy:BucketPolicy",
    calls=Calls(put_policy, read_policy, delete_policy, _update(put_policy)),
    inputs=names("bucket policy"),
    required=names("bucket policy"),
    replaces=names("bucket"),
    normalise={"policy": same_document},
)
OWNERSHIP_CONTROLS = ResourceType(
    type="aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    calls=Calls(put_ownership, read_ownership, delete_ownership, _update(put_ownership)),
    inputs=names("bucket rule"),
    required=names("bucket rule"),
    replaces=names("bucket"),
)
ROWS = (VERSIONING, ENCRYPTION, ACCESS_BLOCK, BUCKET_POLICY, OWNERSHIP_CONTROLS)

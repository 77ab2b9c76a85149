"""S3 buckets."""

from typing import Any

from botocore.exceptions import ClientError

from .cloud import Cloud
from .failures import code_of
from .resource import AutoName
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_list
from .tags import tags_of
from .values import Properties


def create_bucket(cloud: Cloud, inputs: Properties) -> str:
    """Create a bucket; the id is its name."""
    place: dict[str, Any] = {}
    # us-east-1 is the one region that can't be named.
    if cloud.region != "us-east-1":
        place = {"CreateBucketConfiguration": {"LocationConstraint": cloud.region}}
    cloud.client("s3").create_bucket(
        Bucket=inputs["bucket"],
        **place,
        ObjectLockEnabledForBucket=bool(inputs.get("objectLockEnabled", False)),
    )
    return str(inputs["bucket"])


def settle_bucket(cloud: Cloud, identifier: str, inputs: Properties) -> None:
    """Give a bucket its tags, all at once as S3 wants them."""
    s3, tags = cloud.client("s3"), tags_of(inputs)
    if tags:
        s3.put_bucket_tagging(Bucket=identifier, Tagging={"TagSet": tag_list(tags)})


def read_bucket(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read a bucket."""
    s3 = cloud.client("s3")
    s3.head_bucket(Bucket=identifier)
    return {
        "arn": f"arn:aws:s3:::{identifier}",
        "bucket": identifier,
        "bucketRegion": cloud.region,
        "bucketDomainName": f"{identifier}.s3.amazonaws.com",
        "bucketRegionalDomainName": f"{identifier}.s3.{cloud.region}.amazonaws.com",
        **read_tags(cloud, _tags(s3, identifier), state),
    }


def _tags(s3: Any, bucket: str) -> list[Any]:
    try:
        tags: list[Any] = s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
    except ClientError as error:
        if code_of(error) == "NoSuchTagSet":
            return []
        raise
    return tags


def update_bucket(cloud: Cloud, identifier: str, change: Change) -> None:
    """Change a bucket's tags."""
    if not change.any_of("tags", "tagsAll"):
        return
    if tags_of(change.new):
        settle_bucket(cloud, identifier, change.new)
    else:
        cloud.client("s3").delete_bucket_tagging(Bucket=identifier)


def delete_bucket(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete a bucket, with all versions of its objects where the program says so."""
    if state.get("forceDestroy"):
        empty_bucket(cloud, identifier)
    cloud.client("s3").delete_bucket(Bucket=identifier)


def empty_bucket(cloud: Cloud, bucket: str, prefix: str = "", *, exact: bool = False) -> None:
    """Delete every version and delete marker of the objects below a prefix (or of that key)."""
    s3 = cloud.client("s3")
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        found = [
            {"Key": one["Key"], "VersionId": one["VersionId"]}
            for one in page.get("Versions", []) + page.get("DeleteMarkers", [])
            if not exact or one["Key"] == prefix
        ]
        if found:
            s3.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True})


BUCKET = ResourceType(
    type="aws:s3/bucket:Bucket",
    calls=Calls(create_bucket, read_bucket, delete_bucket, update_bucket, settle_bucket),
    inputs=names("bucket bucketPrefix forceDestroy objectLockEnabled"),
    computed=names("arn bucketDomainName bucketRegion bucketRegionalDomainName"),
    empty=names("hostedZoneId websiteDomain websiteEndpoint"),
    replaces=names("bucket bucketPrefix objectLockEnabled"),
    defaults={"forceDestroy": False, "objectLockEnabled": False},
    name=AutoName("bucket", longest=63, lower=True),
    tags=True,
)
ROWS = (BUCKET,)

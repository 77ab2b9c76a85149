"""S3 objects."""

import base64
from urllib.parse import urlencode

from .buckets import empty_bucket
from .cloud import Cloud
from .failures import ProviderError
from .resource import AutoName
from .resource import Calls
from .resource import Change
from .resource import ResourceType
from .resource import names
from .tags import read_tags
from .tags import tag_list
from .tags import tags_of
from .values import Asset
from .values import Properties

# The schema's name → S3's, in what an object is put with and what its head tells.
_FIELDS = {
    "contentType": "ContentType",
    "contentEncoding": "ContentEncoding",
    "contentDisposition": "ContentDisposition",
    "contentLanguage": "ContentLanguage",
    "cacheControl": "CacheControl",
    "storageClass": "StorageClass",
    "serverSideEncryption": "ServerSideEncryption",
    "kmsKeyId": "SSEKMSKeyId",
    "websiteRedirect": "WebsiteRedirectLocation",
    "metadata": "Metadata",
    "bucketKeyEnabled": "BucketKeyEnabled",
}
_CONTENT = names("source content contentBase64")


def content_of(cloud: Cloud, inputs: Properties) -> bytes:
    """Return what a program puts into an object, in whichever way it gives it."""
    source = inputs.get("source")
    if isinstance(source, Asset):
        try:
            return source.read(cloud.folder)
        except OSError as error:
            raise ProviderError(
                f"Can't read the file of object {inputs['key']}: {error}."
            ) from error
    if "contentBase64" in inputs:
        return base64.b64decode(inputs["contentBase64"])
    return str(inputs.get("content", "")).encode()


def put_object(cloud: Cloud, inputs: Properties) -> str:
    """Put an object; the id is "BUCKET/KEY"."""
    fields = {theirs: inputs[ours] for ours, theirs in _FIELDS.items() if inputs.get(ours)}
    tags = tags_of(inputs)
    if tags:
        fields["Tagging"] = urlencode(tags)
    if inputs.get("acl"):
        fields["ACL"] = inputs["acl"]
    cloud.client("s3").put_object(
        Bucket=inputs["bucket"], Key=inputs["key"], Body=content_of(cloud, inputs), **fields
    )
    return f"{inputs['bucket']}/{inputs['key']}"


def _place(identifier: str) -> tuple[str, str]:
    # An import may also give it as an address.
    bucket, _, key = identifier.removeprefix("s3://").partition("/")
    return bucket, key


def read_object(cloud: Cloud, identifier: str, state: Properties) -> Properties | None:
    """Read what S3 says about an object; its content stays as it was given."""
    s3 = cloud.client("s3")
    bucket, key = _place(identifier)
    head = s3.head_object(Bucket=bucket, Key=key)
    tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    version = head.get("VersionId")
    return {
        "arn": f"arn:aws:s3:::{bucket}/{key}",
        "bucket": bucket,
        "key": key,
        "etag": head["ETag"].strip('"'),
        "versionId": version if version != "null" else None,
        **{ours: head.get(theirs) or None for ours, theirs in _FIELDS.items()},
        "storageClass": head.get("StorageClass", "STANDARD"),
        **read_tags(cloud, tags, state),
    }


def update_object(cloud: Cloud, identifier: str, change: Change) -> None:
    """Put the object again, or change its tags alone."""
    if not change.keys <= {"tags", "tagsAll", "forceDestroy"}:
        put_object(cloud, change.new)
    elif change.any_of("tags", "tagsAll"):
        bucket, key = _place(identifier)
        cloud.client("s3").put_object_tagging(
            Bucket=bucket, Key=key, Tagging={"TagSet": tag_list(tags_of(change.new))}
        )


def delete_object(cloud: Cloud, identifier: str, state: Properties) -> None:
    """Delete an object with all its versions, as the official plugin does."""
    bucket, key = _place(identifier)
    empty_bucket(cloud, bucket, key, exact=True)


BUCKET_OBJECT = ResourceType(
    type="aws:s3/bucketObjectv2:BucketObjectv2",
    calls=Calls(put_object, read_object, delete_object, update_object),
    inputs=_CONTENT | frozenset(_FIELDS) | names("acl bucket etag forceDestroy key sourceHash"),
    required=names("bucket"),
    computed=names("arn versionId"),
    chosen=names(
        "acl bucketKeyEnabled contentType etag kmsKeyId serverSideEncryption storageClass"
    ),
    replaces=names("bucket key"),
    recomputed={
        key: names("etag versionId") for key in (*_CONTENT, *_FIELDS, "etag", "sourceHash")
    },
    empty=names("checksumCrc32 checksumCrc32c checksumCrc64nvme checksumSha1 checksumSha256"),
    defaults={"forceDestroy": False},
    name=AutoName("key", longest=1024, digits=False),
    tags=True,
)
ROWS = (BUCKET_OBJECT,)

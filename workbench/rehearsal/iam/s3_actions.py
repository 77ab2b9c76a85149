"""Which S3 actions a request needs, and on which buckets and objects.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

from urllib.parse import unquote

from workbench.rehearsal.iam.request import ApiRequest

# By the query parameter that names it: the part of a bucket's or an object's configuration.
# The actions are Get… and Put…; taking one away needs Put… too but for those below.
BUCKET_PARTS = {
    "accelerate": "AccelerateConfiguration",
    "acl": "BucketAcl",
    "analytics": "AnalyticsConfiguration",
    "cors": "BucketCORS",
    "encryption": "EncryptionConfiguration",
    "intelligent-tiering": "IntelligentTieringConfiguration",
    "inventory": "InventoryConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "logging": "BucketLogging",
    "metrics": "MetricsConfiguration",
    "notification": "BucketNotification",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "replication": "ReplicationConfiguration",
    "requestPayment": "BucketRequestPayment",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}
DELETABLE = ("policy", "website")
OBJECT_PARTS = {
    "acl": "ObjectAcl",
    "legal-hold": "ObjectLegalHold",
    "retention": "ObjectRetention",
    "tagging": "ObjectTagging",
    "torrent": "ObjectTorrent",
}

Need = tuple[str, str]


def s3_needs(request: ApiRequest) -> list[Need]:
    """Return every (action, ARN) that must be allowed."""
    bucket, key = request.s3_object
    if not bucket:
        return [("s3:ListAllMyBuckets" if request.method == "GET" else "s3:CreateBucket", "*")]
    if not key:
        return [_bucket_need(request, f"arn:aws:s3:::{bucket}")]
    needs = [(f"s3:{_object_action(request)}", f"arn:aws:s3:::{bucket}/{key}")]
    source = request.header("x-amz-copy-source")
    if source and request.method == "PUT":
        needs.append(_source_need(source))
    if request.method == "PUT" and request.header("x-amz-tagging"):
        needs.append(("s3:PutObjectTagging", needs[0][1]))
    return needs


def _bucket_need(request: ApiRequest, arn: str) -> Need:
    method, query = request.method, request.query
    for name, part in BUCKET_PARTS.items():
        if name in query:
            return f"s3:{_verb(method, deletable=name in DELETABLE)}{part}", arn
    if "uploads" in query:
        return "s3:ListBucketMultipartUploads", arn
    if "versions" in query:
        return "s3:ListBucketVersions", arn
    if method == "POST" and "delete" in query:
        return "s3:DeleteObject", f"{arn}/*"
    if method == "POST":  # a browser's form that uploads
        return "s3:PutObject", f"{arn}/*"
    plain = {"PUT": "CreateBucket", "DELETE": "DeleteBucket"}
    return f"s3:{plain.get(method, 'ListBucket')}", arn


def _object_action(request: ApiRequest) -> str:
    method, query = request.method, request.query
    version = "Version" if "versionId" in query else ""
    for name, part in OBJECT_PARTS.items():
        if name in query:
            verb = _verb(method, deletable=True)
            return f"{verb}{part.replace('Object', f'Object{version}', 1)}"
    if "uploadId" in query:
        by_method = {"GET": "ListMultipartUploadParts", "DELETE": "AbortMultipartUpload"}
        return by_method.get(method, "PutObject")
    if method == "POST" and "restore" in query:
        return "RestoreObject"
    if method == "POST" and "select" in query:
        return "GetObject"
    if method in ("GET", "HEAD"):
        return f"GetObject{version}"
    return f"DeleteObject{version}" if method == "DELETE" else "PutObject"


def _source_need(source: str) -> Need:
    path, _, version = unquote(source).removeprefix("/").partition("?versionId=")
    action = "s3:GetObjectVersion" if version else "s3:GetObject"
    return action, f"arn:aws:s3:::{path}"


def _verb(method: str, *, deletable: bool) -> str:
    if method in ("GET", "HEAD"):
        return "Get"
    return "Delete" if method == "DELETE" and deletable else "Put"

"""Which IAM actions a request to AWS's API needs, and on which resources."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from workbench.rehearsal.iam.refusals import service_model
from workbench.rehearsal.iam.request import ApiRequest

# Where IAM's prefix of a service's actions isn't the name that its requests are signed for.
PREFIXES = {"monitoring": "cloudwatch", "email": "ses", "tagging": "tag"}
# What an action needs on top of itself:
# https://docs.aws.amazon.com/aws-backup/latest/devguide/create-a-vault.html
# docs.aws.amazon.com/AWSEC2/latest/UserGuide/permissions-for-ec2-instance-connect-endpoint.html
# and docs/install/iam_policy.json of kubernetes-sigs/aws-load-balancer-controller
ALSO = {
    "backup:CreateBackupVault": ("backup-storage:MountCapsule",),
    "ec2:CreateInstanceConnectEndpoint": ("ec2:CreateNetworkInterface",),
    "elasticloadbalancing:CreateLoadBalancer": ("ec2:GetSecurityGroupsForVpc",),
    "elasticloadbalancing:SetSecurityGroups": ("ec2:GetSecurityGroupsForVpc",),
}
# What puts a service's own names into a VPC, as a zone of AWS's:
# docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
PRIVATE_DNS = ("ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint")
# What a parameter of an EC2 action names; "Describe…" actions know no single resources.
EC2_RESOURCES = {
    "AllocationId": "elastic-ip",
    "GroupId": "security-group",
    "ImageId": "image",
    "InstanceConnectEndpointId": "instance-connect-endpoint",
    "InstanceId": "instance",
    "NatGatewayId": "natgateway",
    "NetworkInterfaceId": "network-interface",
    "RouteTableId": "route-table",
    "SnapshotId": "snapshot",
    "SubnetId": "subnet",
    "VolumeId": "volume",
    "VpcEndpointId": "vpc-endpoint",
    "VpcId": "vpc",
}
IAM_RESOURCES = {"InstanceProfileName": "instance-profile", "RoleName": "role", "UserName": "user"}
EC2_IDS = {
    "eice": "instance-connect-endpoint",
    "eipalloc": "elastic-ip",
    "i": "instance",
    "nat": "natgateway",
    "snap": "snapshot",
    "vol": "volume",
    "vpce": "vpc-endpoint",
}

# S3: by the query parameter that names it, the part of a bucket's or an object's configuration.
# The actions are Get… and Put…; taking one away needs Put… too but for those below.
BUCKET_PARTS = {
    "acl": "BucketAcl",
    "encryption": "EncryptionConfiguration",
    "lifecycle": "LifecycleConfiguration",
    "location": "BucketLocation",
    "object-lock": "BucketObjectLockConfiguration",
    "ownershipControls": "BucketOwnershipControls",
    "policy": "BucketPolicy",
    "publicAccessBlock": "BucketPublicAccessBlock",
    "tagging": "BucketTagging",
    "versioning": "BucketVersioning",
}
OBJECT_PARTS = {
    "acl": "ObjectAcl",
    "tagging": "ObjectTagging",
}

Need = tuple[str, str]


def needs(request: ApiRequest, service: str, region: str, account: str) -> list[Need]:
    """Return every (action, ARN) that must be allowed; none when the action is unknown.

    The ARN is ``*`` where the service's actions can't be narrowed to a resource, or where
    this rehearsal doesn't know how: then only a policy for all resources allows it.
    """
    if service in ("s3", "s3express"):
        return _s3_needs(request)
    if service == "ec2-instance-connect" and request.path == "/openTunnel":
        endpoint = request.query.get("instanceConnectEndpointId", "*")
        arn = f"arn:aws:ec2:{region}:{account}:instance-connect-endpoint/{endpoint}"
        return [("ec2-instance-connect:OpenTunnel", arn)]
    operation = _operation(request, service)
    if operation is None:
        return []
    action = f"{PREFIXES.get(service, service)}:{operation}"
    where = f"{region}:{account}"
    found = [(action, arn) for arn in _resources(request, service, operation, where)]
    return [*(found or [(action, "*")]), *((each, "*") for each in _besides(request, action))]


def _besides(request: ApiRequest, action: str) -> Iterator[str]:
    """Give the actions that one needs on top of its own."""
    yield from ALSO.get(action, ())
    if action.startswith("ec2:") and any(
        key.startswith("TagSpecification") for key in request.form
    ):
        yield "ec2:CreateTags"
    if action in PRIVATE_DNS and request.form.get("PrivateDnsEnabled", "").lower() == "true":
        yield "route53:AssociateVPCWithHostedZone"


def _operation(request: ApiRequest, service: str) -> str | None:
    target = request.header("X-Amz-Target")
    named = target.rpartition(".")[2] if target else None
    action = request.form.get("Action")
    if named and action and named != action:
        return None  # said in two ways: what is checked might not be what is done
    return named or action or _rest_operation(request, service)


def _rest_operation(request: ApiRequest, service: str) -> str | None:
    for method, expression, required, name in _rest_operations(service):
        fits = method == request.method and required <= request.query.keys()
        if fits and expression.fullmatch(request.path):
            return name
    return None


@lru_cache(maxsize=32)
def _rest_operations(service: str) -> list[tuple[str, re.Pattern[str], frozenset[str], str]]:
    """Return (method, path, query parameters it needs, name), the most special first."""
    model: Any = service_model(service)
    found = []
    for name in model.operation_names if model is not None else ():
        http = model.operation_model(name).http
        path, _, query = http.get("requestUri", "/").partition("?")
        if path.strip("/") or query:
            required = frozenset(part.partition("=")[0] for part in query.split("&") if part)
            found.append((http["method"], _path_expression(path), required, name))
    # Fixed words before placeholders, and more required parameters before fewer.
    return sorted(found, key=lambda each: (each[1].pattern.count("[^"), -len(each[2])))


def _path_expression(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", path.rstrip("/"))
    patterns = [
        (".+" if part.endswith("+}") else "[^/]+") if part.startswith("{") else re.escape(part)
        for part in parts
    ]
    return re.compile("".join(patterns) + "/?")


def _resources(request: ApiRequest, service: str, operation: str, where: str) -> Iterator[str]:
    if service == "ssm" and "Parameter" in operation:
        yield from _parameters(request, where)
    elif service == "ec2" and not operation.startswith(("Describe", "Get")):
        yield from _ec2(request, where)
    elif service == "sts" and operation == "AssumeRole" and "RoleArn" in request.form:
        yield request.form["RoleArn"]
    elif service == "iam":
        yield from _iam(request, where.rpartition(":")[2])
    elif service == "route53":
        if match := re.search(r"/(hostedzone|healthcheck|change)/([A-Z0-9]+)", request.path):
            yield f"arn:aws:route53:::{match[1]}/{match[2]}"
    elif service == "secretsmanager":
        secret = _body(request).get("SecretId", "")
        if secret.startswith("arn:"):
            yield secret


def _iam(request: ApiRequest, account: str) -> Iterator[str]:
    # An instance profile before the role that is put into it: that is what is changed then.
    for parameter, kind in IAM_RESOURCES.items():
        if parameter in request.form:
            yield f"arn:aws:iam::{account}:{kind}/{request.form[parameter]}"
            return
    if "PolicySourceArn" in request.form:
        yield request.form["PolicySourceArn"]


def _parameters(request: ApiRequest, where: str) -> Iterator[str]:
    body = _body(request)
    names = body.get("Names") or [body.get("Name") or body.get("Path")]
    for name in names:
        if isinstance(name, str):
            # A parameter's ARN has one slash before a name, whether or not it begins with one.
            plain = name.removeprefix("/").partition(":")[0]
            yield name if name.startswith("arn:") else f"arn:aws:ssm:{where}:parameter/{plain}"


def _ec2(request: ApiRequest, where: str) -> Iterator[str]:
    for name, value in request.form.items():
        plain = re.sub(r"\.\d+$", "", name)
        kind = EC2_RESOURCES.get(plain)
        if plain == "ResourceId":  # of CreateTags and DeleteTags
            kind = EC2_IDS.get(value.partition("-")[0], value.partition("-")[0])
        if kind is not None:
            yield f"arn:aws:ec2:{where}:{kind}/{value}"


def _body(request: ApiRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _s3_needs(request: ApiRequest) -> list[Need]:
    # docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
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
            return f"s3:{_verb(method, deletable=name == 'policy')}{part}", arn
    if "uploads" in query:
        return "s3:ListBucketMultipartUploads", arn
    if "versions" in query:
        return "s3:ListBucketVersions", arn
    if method == "POST" and "delete" in query:
        return "s3:DeleteObject", f"{arn}/*"
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

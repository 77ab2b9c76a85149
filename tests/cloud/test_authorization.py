"""What a role's policies allow, as AWS evaluates them."""

import datetime
import json
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth
from botocore.auth import S3SigV4QueryAuth
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto import mock_aws
from moto.iam.models import iam_backends
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends

from workbench.rehearsal.endpoints.instance_credentials import InstanceCredentials
from workbench.rehearsal.iam import signature
from workbench.rehearsal.iam.authorization import Authorizer
from workbench.rehearsal.iam.policies import Context
from workbench.rehearsal.iam.policies import Decision
from workbench.rehearsal.iam.policies import evaluate
from workbench.rehearsal.iam.refusals import AccessDenied
from workbench.rehearsal.iam.refusals import Refusal
from workbench.rehearsal.iam.request import ApiRequest

ACCOUNT = "123456789012"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}


def allow(action, resource="*", **rest):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **rest}


def deny(action, resource="*", **rest):
    return allow(action, resource, **rest) | {"Effect": "Deny"}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


class Role:
    """A role in moto with one inline policy, and requests signed with its keys."""

    def __init__(self, iam):
        self.iam = iam
        self.create("server", TRUST)

    def create(self, name, trust, boundary=None):
        return self.iam.create_role(name, json.dumps(trust), "/", boundary, "", [], "3600")

    def may(self, *statements):
        self.iam.put_role_policy("server", "p", json.dumps(document(*statements)))

    def keys(self):
        return InstanceCredentials(ACCOUNT, "us-east-1")("server", "i-1")

    def request(
        self, method="GET", url="https://s3.us-east-1.amazonaws.com/bucket/key", body=b"", **options
    ):
        keys = options.get("keys") or self.keys()
        service = options.get("service", "s3")
        credentials = Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["Token"])
        request = AWSRequest(method, url, options.get("headers", {}), body)
        auth = options.get("auth") or (S3SigV4Auth if service == "s3" else SigV4Auth)
        auth(credentials, service, "us-east-1").add_auth(request)
        host, _, target = request.url.removeprefix("https://").partition("/")
        headers = [("Host", host), *request.headers.items()]
        return ApiRequest(
            method, f"/{target}", headers, "10.0.0.7", b"" if service == "s3" else body
        )

    def authorise(self, *args, **options):
        return Authorizer(ACCOUNT).authorise(self.request(*args, **options))

    def refused(self, *args, **options):
        with pytest.raises(AccessDenied) as denied:
            self.authorise(*args, **options)
        return denied.value.refusal


@pytest.fixture
def role():
    with mock_aws():
        yield Role(iam_backends[ACCOUNT]["aws"])


SSM = "https://ssm.us-east-1.amazonaws.com/"
EC2 = "https://ec2.us-east-1.amazonaws.com/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_what_the_policy_allows_is_allowed_and_nothing_else(role):
    role.may(allow("s3:GetObject", "arn:aws:s3:::bucket/recipe/*"))
    caller = role.authorise(url="https://s3.us-east-1.amazonaws.com/bucket/recipe/a%20b.gz")
    assert caller.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/server/i-1"
    assert role.refused(url="https://s3.us-east-1.amazonaws.com/bucket/other") is Refusal.DENIED
    url = "https://s3.us-east-1.amazonaws.com/bucket/recipe/x"
    assert role.refused("PUT", url) is Refusal.DENIED
    assert role.refused("DELETE", url) is Refusal.DENIED


def test_a_bucket_in_the_host_name_is_the_same_bucket(role):
    role.may(allow("s3:GetObject", "arn:aws:s3:::my.bucket/key"))
    role.authorise(url="https://my.bucket.s3.us-east-1.amazonaws.com/key")
    role.authorise(url="https://my.bucket.s3.amazonaws.com/key")
    role.authorise(url="https://s3.amazonaws.com/my.bucket/key")
    assert role.refused(url="https://other.s3.amazonaws.com/key") is Refusal.DENIED


@pytest.mark.parametrize(
    ("method", "target", "action"),
    [
        ("GET", "", "s3:ListBucket"),
        ("GET", "?list-type=2&prefix=a%2F", "s3:ListBucket"),
        ("HEAD", "", "s3:ListBucket"),
        ("GET", "?versions", "s3:ListBucketVersions"),
        ("GET", "?encryption", "s3:GetEncryptionConfiguration"),
        ("DELETE", "?encryption", "s3:PutEncryptionConfiguration"),
        ("DELETE", "?policy", "s3:DeleteBucketPolicy"),
        ("PUT", "", "s3:CreateBucket"),
    ],
)
def test_the_actions_on_a_bucket(role, method, target, action):
    role.may(allow(action, "arn:aws:s3:::bucket"))
    role.authorise(method, f"https://s3.us-east-1.amazonaws.com/bucket{target}")
    role.may(allow("s3:*", "arn:aws:s3:::bucket"), deny(action))
    assert role.refused(method, f"https://s3.us-east-1.amazonaws.com/bucket{target}")


@pytest.mark.parametrize(
    ("method", "target", "action"),
    [
        ("HEAD", "", "s3:GetObject"),
        ("GET", "?versionId=1", "s3:GetObjectVersion"),
        ("GET", "?tagging", "s3:GetObjectTagging"),
        ("GET", "?versionId=1&tagging", "s3:GetObjectVersionTagging"),
        ("PUT", "?partNumber=1&uploadId=2", "s3:PutObject"),
        ("DELETE", "?uploadId=2", "s3:AbortMultipartUpload"),
        ("POST", "?uploads", "s3:PutObject"),
    ],
)
def test_the_actions_on_an_object(role, method, target, action):
    role.may(allow(action, "arn:aws:s3:::bucket/key"))
    role.authorise(method, f"https://s3.us-east-1.amazonaws.com/bucket/key{target}")
    role.may(allow("s3:*"), deny(action))
    assert role.refused(method, f"https://s3.us-east-1.amazonaws.com/bucket/key{target}")


def test_a_copy_needs_to_read_its_source(role):
    headers = {"x-amz-copy-source": "/secret/key"}
    role.may(allow("s3:PutObject", "arn:aws:s3:::bucket/*"))
    assert role.refused("PUT", headers=headers) is Refusal.DENIED
    role.may(allow("s3:*", ["arn:aws:s3:::bucket/*", "arn:aws:s3:::secret/*"]))
    role.authorise("PUT", headers=headers)


def test_a_deny_beats_every_allow(role):
    role.may(allow("*"), deny("s3:getobject", "arn:aws:s3:::bucket/*"))
    assert role.refused() is Refusal.DENIED
    role.authorise("PUT")


def test_a_buckets_policy_counts_too(role):
    bucket = s3_backends[ACCOUNT]["aws"].create_bucket("bucket", "us-east-1")
    arn = f"arn:aws:iam::{ACCOUNT}:role/server"
    everything = ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]

    def policy(*statements):
        bucket.policy = json.dumps(document(*statements)).encode()

    policy(allow("s3:GetObject", everything, Principal={"AWS": arn}))
    role.authorise()
    policy(allow("s3:*", everything, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    assert role.refused() is Refusal.DENIED
    role.may(allow("s3:*"))
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    policy(deny("s3:*", everything, Principal="*", Condition=insecure))
    role.authorise()
    policy(deny("s3:*", everything, Principal={"AWS": "*"}))
    assert role.refused() is Refusal.DENIED


@pytest.mark.parametrize("action", ["CreateVpcEndpoint", "ModifyVpcEndpoint"])
def test_the_names_of_an_endpoint_take_a_right_of_route_53(role, action):
    body = f"Action={action}&Version=2016-11-15&PrivateDnsEnabled=".encode()
    asked = {"service": "ec2", "headers": FORM}
    role.may(allow(f"ec2:{action}"))
    role.authorise("POST", EC2, body + b"false", **asked)
    assert role.refused("POST", EC2, body + b"true", **asked) is Refusal.DENIED
    role.may(allow([f"ec2:{action}", "route53:AssociateVPCWithHostedZone"]))
    role.authorise("POST", EC2, body + b"true", **asked)


def test_a_boundary_must_allow_as_well(role):
    text = json.dumps(document(allow("s3:PutObject")))
    boundary = role.iam.create_policy("", "/", text, "edge", [])
    role.may(allow("s3:*"))
    role.iam.put_role_permissions_boundary("server", boundary.arn)
    role.authorise("PUT")
    assert role.refused() is Refusal.DENIED


def test_other_services_actions_and_resources(role):
    role.may(
        allow("ssm:GetParameter*", f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/app/*"),
        allow("ec2:Describe*"),
        allow("ec2:StopInstances", f"arn:aws:ec2:us-east-1:{ACCOUNT}:instance/i-1"),
        allow("route53:GetHostedZone", "arn:aws:route53:::hostedzone/Z1"),
    )
    target = {"X-Amz-Target": "AmazonSSM.GetParameter"}

    def parameter(name):
        return ("POST", SSM, json.dumps({"Name": name}).encode())

    role.authorise(*parameter("/app/x"), service="ssm", headers=target)
    assert role.refused(*parameter("/other"), service="ssm", headers=target) is Refusal.DENIED

    def ec2(form):
        return ("POST", EC2, form.encode())

    role.authorise(*ec2("Action=DescribeVolumes"), service="ec2", headers=FORM)
    role.authorise(*ec2("Action=StopInstances&InstanceId.1=i-1"), service="ec2", headers=FORM)
    both = "Action=StopInstances&InstanceId.1=i-1&InstanceId.2=i-2"
    assert role.refused(*ec2(both), service="ec2", headers=FORM) is Refusal.DENIED
    assert role.refused(*ec2("Action=Nothing"), service="ec2", headers=FORM) is Refusal.DENIED
    assert role.refused(*ec2("x=y"), service="ec2", headers=FORM) is Refusal.DENIED
    zone = "https://route53.amazonaws.com/2013-04-01/hostedzone/"
    role.authorise(url=zone + "Z1", service="route53")
    assert role.refused(url=zone + "Z2", service="route53") is Refusal.DENIED


@pytest.mark.parametrize("action", ["CreateLoadBalancer", "SetSecurityGroups"])
def test_a_load_balancers_groups_are_looked_at_in_the_callers_name(role, action):
    asked = (
        "POST",
        "https://elasticloadbalancing.us-east-1.amazonaws.com/",
        f"Action={action}&SecurityGroups.member.1=sg-1".encode(),
    )
    options = {"service": "elasticloadbalancing", "headers": FORM}

    role.may(allow("elasticloadbalancing:*"))
    assert role.refused(*asked, **options) is Refusal.DENIED
    role.may(allow(["elasticloadbalancing:*", "ec2:GetSecurityGroupsForVpc"]))
    role.authorise(*asked, **options)


def test_who_one_is_may_always_be_asked(role):
    role.may(deny("*"))
    url = "https://sts.us-east-1.amazonaws.com/?Action=GetCallerIdentity"
    role.authorise(url=url, service="sts")


def test_a_role_is_assumed_only_where_both_sides_agree(role):
    trust = document(allow("sts:AssumeRole") | {"Principal": {"AWS": role_arn("server")}})
    del trust["Statement"][0]["Resource"]
    role.create("trusting", trust)
    role.may(allow("sts:AssumeRole"))

    def assume(name):
        url = "https://sts.us-east-1.amazonaws.com/?Action=AssumeRole&RoleArn="
        return {"url": url + quote(role_arn(name), safe=""), "service": "sts"}

    role.authorise(**assume("trusting"))
    assert role.refused(**assume("server")) is Refusal.DENIED
    role.may(allow("s3:*"))
    assert role.refused(**assume("trusting")) is Refusal.DENIED


def role_arn(name):
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def test_a_request_for_one_service_cannot_be_signed_for_another(role):
    role.may(allow("*"))
    assert role.refused(service="ec2") is Refusal.WRONG_SIGNATURE
    assert role.refused("POST", EC2, service="s3") is Refusal.WRONG_SIGNATURE


def test_an_unsigned_request_and_unknown_keys_are_refused(role):
    role.may(allow("*"))
    keys = role.keys()
    unsigned = ApiRequest("GET", "/bucket/key", [("Host", "s3.amazonaws.com")], "10.0.0.7")
    with pytest.raises(AccessDenied) as denied:
        Authorizer(ACCOUNT).authorise(unsigned)
    assert denied.value.refusal is Refusal.UNSIGNED
    assert role.refused(keys=keys | {"AccessKeyId": "AKIAX"}) is Refusal.UNKNOWN_KEY
    assert role.refused(keys=keys | {"Token": None}) is Refusal.UNKNOWN_KEY
    assert role.refused(keys=keys | {"Token": "other"}) is Refusal.WRONG_TOKEN
    assert role.refused(keys=keys | {"SecretAccessKey": "guess"}) is Refusal.WRONG_SIGNATURE


@pytest.mark.parametrize("changed", ["method", "target", "header"])
def test_what_was_changed_on_the_way_no_longer_fits_its_signature(role, changed):
    role.may(allow("*"))
    request = role.request(headers={"x-amz-meta-colour": "red"})
    parts = [request.method, request.target, list(request.headers)]
    if changed == "method":
        parts[0] = "DELETE"
    elif changed == "target":
        parts[1] = "/bucket/other"
    else:
        parts[2] = [(k, "blue" if k == "x-amz-meta-colour" else v) for k, v in parts[2]]
    with pytest.raises(AccessDenied) as denied:
        Authorizer(ACCOUNT).authorise(ApiRequest(*parts, "10.0.0.7"))
    assert denied.value.refusal is Refusal.WRONG_SIGNATURE


def test_an_old_request_is_refused(role, monkeypatch):
    role.may(allow("*"))
    request = role.request()
    monkeypatch.setattr(signature, "SKEW", datetime.timedelta(seconds=-5))
    with pytest.raises(AccessDenied) as denied:
        Authorizer(ACCOUNT).authorise(request)
    assert denied.value.refusal is Refusal.WRONG_TIME


def test_a_presigned_address_is_good_until_it_expires(role, monkeypatch):
    role.may(allow("s3:GetObject"))
    request = role.request(auth=S3SigV4QueryAuth)
    Authorizer(ACCOUNT).authorise(request)
    later = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=3700)
    monkeypatch.setattr("workbench.rehearsal.iam.authorization._now", lambda: later)
    with pytest.raises(AccessDenied) as denied:
        Authorizer(ACCOUNT).authorise(request)
    assert denied.value.refusal is Refusal.WRONG_TIME


def test_keys_end_and_are_renewed_before(role):
    credentials = InstanceCredentials(ACCOUNT, "us-east-1")
    first = credentials("server", "i-1")
    assert credentials("server", "i-1") == first
    assert credentials("server", "i-2")["AccessKeyId"] != first["AccessKeyId"]
    (session,) = (
        each
        for each in sts_backends[ACCOUNT]["aws"].assumed_roles
        if each.access_key_id == first["AccessKeyId"]
    )
    session.expiration -= datetime.timedelta(hours=5, minutes=30)
    assert credentials("server", "i-1")["AccessKeyId"] != first["AccessKeyId"]
    role.may(allow("*"))
    role.authorise(keys=first)
    session.expiration -= datetime.timedelta(minutes=31)
    assert role.refused(keys=first) is Refusal.EXPIRED_TOKEN


def test_keys_are_made_anew_after_the_api_forgot_all(role):
    credentials = InstanceCredentials(ACCOUNT, "us-east-1")
    first = credentials("server", "i-1")
    sts_backends[ACCOUNT]["aws"].assumed_roles.clear()
    assert credentials("server", "i-1")["AccessKeyId"] != first["AccessKeyId"]


def test_a_role_that_ec2_may_not_assume_gives_no_keys(role):
    role.create("other", document(allow("sts:AssumeRole") | {"Principal": {"AWS": ACCOUNT}}))
    for name in ("other", "nowhere"):
        answer = InstanceCredentials(ACCOUNT, "us-east-1")(name, "i-1")
        assert answer["Code"] == "AssumeRoleUnauthorizedAccess"
        assert "SecretAccessKey" not in answer


def test_a_deleted_role_allows_nothing(role):
    role.may(allow("*"))
    keys = role.keys()
    role.iam.delete_role_policy("server", "p")
    role.iam.delete_role("server")
    assert role.refused(keys=keys) is Refusal.DENIED


CONTEXT = Context({"aws:PrincipalTag/team": "red", "aws:SourceIp": "10.0.0.7", "s3:max-keys": "5"})


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"StringEquals": {"AWS:principaltag/team": ["blue", "red"]}}, True),
        ({"StringNotEquals": {"aws:PrincipalTag/team": "red"}}, False),
        ({"StringNotEquals": {"aws:nowhere": "red"}}, True),
        ({"StringEquals": {"aws:nowhere": "red"}}, False),
        ({"StringEqualsIfExists": {"aws:nowhere": "red"}}, True),
        ({"StringLike": {"aws:PrincipalTag/team": "r?d*"}}, True),
        ({"StringNotLike": {"aws:PrincipalTag/team": "r?d*"}}, False),
        ({"ArnLike": {"aws:PrincipalTag/team": "bl*"}}, False),
        ({"Bool": {"aws:SourceIp": "x"}, "StringNotEquals": {"aws:nowhere": "red"}}, False),
    ],
)
def test_conditions(condition, expected):
    statement = allow("s3:GetObject", Condition=condition)
    decision = evaluate([document(statement)], "s3:GetObject", "arn:aws:s3:::b/k", CONTEXT)
    assert (decision is Decision.ALLOW) == expected


def test_a_condition_that_is_not_known_is_refused_by_its_name(role):
    condition = {"NumericLessThan": {"s3:max-keys": "5"}}
    role.may(allow("s3:GetObject", Condition=condition), allow("s3:PutObject"))
    role.authorise("PUT")
    with pytest.raises(AccessDenied, match="know the condition operator NumericLessThan"):
        role.authorise()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, Decision.ALLOW),
        ({"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"}, Decision.NOTHING),
        ({"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::b/*"}, Decision.NOTHING),
        ({"Effect": "Deny", "Action": "*", "NotResource": "arn:aws:s3:::c/*"}, Decision.DENY),
        ({"Effect": "Allow", "Action": "*"}, Decision.NOTHING),
        (allow("s3:GetObject", "arn:aws:s3:::b/${aws:PrincipalTag/team}/*"), Decision.ALLOW),
        (allow("s3:GetObject", "arn:aws:s3:::b/${aws:nowhere}*"), Decision.NOTHING),
        (allow("s3:GetObject", "arn.aws.s3...b*"), Decision.NOTHING),
    ],
)
def test_statements(statement, expected):
    resource = "arn:aws:s3:::b/red/key"
    assert evaluate([document(statement)], "s3:GetObject", resource, CONTEXT) is expected

"""AWS's endpoints as a machine sees them: real SDK clients over TLS, in front of moto's server."""

import http.client
import json
import os
import socket
import ssl
import subprocess
import threading
import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.exceptions import HTTPClientError
from moto.ec2.models import ec2_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import make_server

from workbench.errors import WorkbenchError
from workbench.rehearsal.endpoints.aws import AwsEndpoints
from workbench.rehearsal.endpoints.ca import ensure_ca
from workbench.rehearsal.endpoints.instance_credentials import InstanceCredentials
from workbench.rehearsal.iam.authorization import Authorizer

ACCOUNT, REGION = "123456789012", "us-east-1"
LIMIT = 20
HOST = f"s3.{REGION}.amazonaws.com"
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    },
}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": "arn:aws:s3:::workbench/open/*",
        },
        {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "ssm:GetParameter",
            "Resource": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/open",
        },
    ],
}


@pytest.fixture(scope="module")
def api():
    """Moto's server, as the rehearsal runs it, with a bucket, a parameter and a role."""
    # Of tests before these, in the same process.
    ec2_backends.clear()
    server = make_server(
        "127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{server.port}"
    administrator = {
        "endpoint_url": url,
        "region_name": REGION,
        "aws_access_key_id": "administrator",
        "aws_secret_access_key": "unchecked",
    }
    s3 = boto3.client("s3", **administrator)
    s3.create_bucket(Bucket="workbench")
    s3.put_object(Bucket="workbench", Key="open/big", Body=b"x" * 9_000_000)
    s3.put_object(Bucket="workbench", Key="secret", Body=b"s")
    boto3.client("ssm", **administrator).put_parameter(Name="/open", Value="v", Type="String")
    iam = boto3.client("iam", **administrator)
    iam.create_role(RoleName="server", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.put_role_policy(RoleName="server", PolicyName="p", PolicyDocument=json.dumps(POLICY))
    yield url
    boto3.client("s3", **administrator).close()
    urllib.request.urlopen(f"{url}/moto-api/reset", data=b"", timeout=LIMIT).close()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def authority(tmp_path):
    return ensure_ca(tmp_path)


@pytest.fixture
def endpoints(api, authority):
    application = DomainDispatcherApplication(create_backend_app)
    endpoints = AwsEndpoints(application, authority, Authorizer(ACCOUNT))
    endpoints.start("127.0.0.1", 0)
    yield endpoints
    endpoints.stop()


@pytest.fixture(autouse=True)
def names(endpoints, monkeypatch):
    """Let AWS's names point to the endpoint, as the rehearsal's DNS server does."""
    resolve = socket.getaddrinfo
    answering = [endpoints]

    def resolved(host, port, *args, **kwargs):
        if str(host).endswith(".amazonaws.com"):
            host, port = "127.0.0.1", answering[-1].port
        return resolve(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    return answering.append


@pytest.fixture
def keys():
    return InstanceCredentials(ACCOUNT, REGION)("server", "i-1")


@pytest.fixture
def client(authority, keys):
    """Make a client as it would be on the instance."""
    clients = []

    def client(service, style="path", **changes):
        options = {
            "region_name": REGION,
            "aws_access_key_id": keys["AccessKeyId"],
            "aws_secret_access_key": keys["SecretAccessKey"],
            "aws_session_token": keys["Token"],
            "verify": str(authority.cert_path),
            "config": Config(s3={"addressing_style": style}, retries={"total_max_attempts": 1}),
        }
        clients.append(boto3.client(service, **options | changes))
        return clients[-1]

    yield client
    for each in clients:
        each.close()


def refusal(call, **arguments):
    with pytest.raises(ClientError) as error:
        call(**arguments)
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_where_nothing_leads_to_a_service_no_answer_comes(api, authority, client, names):
    reached = []

    def reaches(source, host):
        reached.append((source, host))
        return host == f"s3.{REGION}.amazonaws.com"

    application = DomainDispatcherApplication(create_backend_app)
    endpoints = AwsEndpoints(application, authority, Authorizer(ACCOUNT), reaches)
    endpoints.start("127.0.0.1", 0)
    names(endpoints)
    try:
        assert client("s3", "virtual").get_object(Bucket="workbench", Key="open/big")
        with pytest.raises(HTTPClientError):
            client("ssm").get_parameter(Name="/open")
    finally:
        endpoints.stop()
    here = "127.0.0.1"
    assert reached == [(here, f"s3.{REGION}.amazonaws.com"), (here, f"ssm.{REGION}.amazonaws.com")]


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_objects_go_both_ways_under_names_of_all_kinds(client, style):
    s3 = client("s3", style)
    key = "open/a b+c/ü&=~.txt"
    s3.put_object(Bucket="workbench", Key=key, Body=b"y" * 9_000_000)
    assert s3.get_object(Bucket="workbench", Key=key)["Body"].read() == b"y" * 9_000_000
    assert s3.head_object(Bucket="workbench", Key=key)["ContentLength"] == 9_000_000


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_what_the_role_may_not_do_is_denied_as_s3_says_it(client, style):
    s3 = client("s3", style)
    denied = ("AccessDenied", 403)
    assert refusal(s3.get_object, Bucket="workbench", Key="secret") == denied
    assert refusal(s3.head_object, Bucket="workbench", Key="secret") == ("403", 403)
    assert refusal(s3.put_object, Bucket="workbench", Key="x", Body=b"y" * 9_000_000) == denied
    assert refusal(s3.list_objects_v2, Bucket="workbench") == denied
    assert refusal(s3.list_buckets) == denied


def test_who_may_not_list_is_not_told_that_an_object_is_missing(client):
    s3 = client("s3")
    missing = {"Bucket": "workbench", "Key": "open/missing"}
    assert refusal(s3.get_object, **missing) == ("AccessDenied", 403)
    assert refusal(s3.head_object, **missing) == ("403", 403)


def test_each_service_refuses_in_its_own_form(client):
    assert client("ssm").get_parameter(Name="/open")["Parameter"]["Value"] == "v"
    assert client("ec2").describe_instances()["Reservations"] == []
    assert client("sts").get_caller_identity()["Arn"].endswith(":assumed-role/server/i-1")
    assert refusal(client("ssm").get_parameter, Name="/x") == ("AccessDeniedException", 400)
    assert refusal(client("ec2").describe_volumes) == ("UnauthorizedOperation", 403)
    assert refusal(client("iam").list_users) == ("AccessDenied", 403)
    assert refusal(client("route53").list_hosted_zones) == ("AccessDenied", 403)
    assert refusal(client("backup").list_backup_vaults) == ("AccessDeniedException", 403)


def test_wrong_keys_are_refused_in_each_services_form(client):
    wrong = {"aws_secret_access_key": "guess"}
    s3 = client("s3", **wrong)
    assert refusal(s3.list_buckets) == ("SignatureDoesNotMatch", 403)
    assert refusal(client("ec2", **wrong).describe_instances) == ("AuthFailure", 401)
    ssm = client("ssm", **wrong)
    assert refusal(ssm.get_parameter, Name="/open") == ("InvalidSignatureException", 400)
    other = client("s3", aws_session_token="other")
    assert refusal(other.list_buckets) == ("InvalidToken", 400)
    administrator = {"aws_access_key_id": "administrator", "aws_session_token": None}
    assert refusal(client("s3", **administrator).list_buckets) == ("InvalidAccessKeyId", 403)


def test_a_bucket_with_dots_in_its_name_fits_no_certificate_as_in_aws(authority, endpoints):
    handshake(authority, endpoints, f"bucket.{HOST}")
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(authority, endpoints, f"with.dots.{HOST}")


def handshake(authority, endpoints, name):
    context = ssl.create_default_context(cafile=str(authority.cert_path))
    with socket.create_connection(("127.0.0.1", endpoints.port), timeout=LIMIT) as plain:
        context.wrap_socket(plain, server_hostname=name).close()


def test_curl_can_sign_for_it_as_the_bootstrap_does(authority, endpoints, keys):
    at = f"{HOST}:{endpoints.port}"
    settings = f'user = "{keys["AccessKeyId"]}:{keys["SecretAccessKey"]}"\n'
    settings += f'header = "x-amz-security-token: {keys["Token"]}"\n'
    command = [
        "curl",
        "-sS",
        "--noproxy",
        "*",
        "--max-time",
        str(LIMIT),
        "-K",
        "-",
        "-o",
        "/dev/null",
    ]
    command += ["--cacert", str(authority.cert_path), "--resolve", f"{at}:127.0.0.1"]
    command += ["--aws-sigv4", f"aws:amz:{REGION}:s3", "-w", "%{http_code} %{size_download}"]
    for path, expected in (("open/big", "200 9000000"), ("secret", "403 ")):
        url = f"https://{at}/workbench/{path}"
        done = subprocess.run([*command, url], input=settings, capture_output=True, text=True)
        assert done.stdout.startswith(expected), done.stderr


def test_a_presigned_address_needs_no_keys(client, authority):
    s3 = client("s3", config=Config(signature_version="s3v4"))
    url = s3.generate_presigned_url(
        "get_object", Params={"Bucket": "workbench", "Key": "open/big"}, ExpiresIn=60
    )
    context = ssl.create_default_context(cafile=str(authority.cert_path))
    with urllib.request.urlopen(url, context=context, timeout=LIMIT) as answer:
        assert len(answer.read()) == 9_000_000
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url.replace("big", "bug"), context=context, timeout=LIMIT)


@pytest.fixture
def connection(authority):
    """One TLS connection to S3's name, kept open from request to request."""
    context = ssl.create_default_context(cafile=str(authority.cert_path))
    connection = http.client.HTTPSConnection(HOST, context=context, timeout=LIMIT)
    yield connection
    connection.close()


def test_who_is_refused_is_not_asked_for_a_large_body(connection):
    connection.putrequest("PUT", "/workbench/x")
    for name, value in (("Content-Length", str(10**9)), ("Expect", "100-continue")):
        connection.putheader(name, value)
    connection.endheaders()
    # Its first line: who is asked for a body is told to continue.
    assert connection.sock.recv(100).startswith(b"HTTP/1.1 403 ")


def test_a_body_that_is_not_the_one_signed_is_not_stored(client):
    def falsify(request, **_):
        request.body = b"changed on the way"

    # Over TLS SDKs leave the body unsigned, unless told otherwise.
    signed = {"addressing_style": "path", "payload_signing_enabled": True}
    config = Config(
        s3=signed, request_checksum_calculation="when_required", retries={"total_max_attempts": 1}
    )
    s3 = client("s3", config=config)
    s3.meta.events.register("before-send.s3.PutObject", falsify)
    body = {"Bucket": "workbench", "Key": "open/signed", "Body": b"as it was signed!!"}
    assert refusal(s3.put_object, **body) == ("XAmzContentSHA256Mismatch", 400)
    assert refusal(client("s3").get_object, Bucket="workbench", Key="open/signed")[1] == 403


def test_a_name_that_is_not_of_aws_is_not_served(endpoints, authority):
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        handshake(authority, endpoints, "example.com")


def test_a_host_that_is_not_of_aws_is_misdirected(connection):
    connection.request("GET", "/", headers={"Host": "example.com"})
    assert connection.getresponse().status == 421


def test_an_address_that_is_taken_is_one_plain_sentence(api, authority, endpoints):
    second = AwsEndpoints(api, authority, Authorizer(ACCOUNT))
    with pytest.raises(WorkbenchError, match=r"AWS endpoint can't listen on 127\.0\.0\.1:"):
        second.start("127.0.0.1", endpoints.port)

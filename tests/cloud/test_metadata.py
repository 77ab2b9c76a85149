"""The metadata address, as an instance sees it."""

import http.client
import json
from dataclasses import replace

import pytest

from workbench.errors import WorkbenchError
from workbench.rehearsal.endpoints import metadata
from workbench.rehearsal.endpoints.instance_view import InstanceView
from workbench.rehearsal.endpoints.metadata import MetadataServer

LIMIT = 10
MAC = "02:42:ac:12:00:02"
VIEW = InstanceView(
    instance_id="i-0123456789abcdef0",
    image_id="ami-0123",
    instance_type="t3.medium",
    account_id="123456789012",
    region="us-east-1",
    availability_zone="us-east-1a",
    private_ip="10.0.0.7",
    private_dns="ip-10-0-0-7.ec2.internal",
    mac=MAC,
    public_ip="198.51.100.7",
    vpc_id="vpc-1",
    subnet_id="subnet-1",
    security_groups={"sg-1": "web", "sg-2": "ssh"},
    key_name="administrator",
    public_key="ssh-ed25519 AAAA administrator",
    profile_arn="arn:aws:iam::123456789012:instance-profile/p",
    profile_id="AIPA1",
    role_name="server",
    user_data=b"#!/bin/bash\necho \xc3\xa9\n",
    block_devices={"ami": "/dev/xvda", "root": "/dev/xvda"},
    hop_limit=2,
)
KEYS = {"AccessKeyId": "ASIA1", "SecretAccessKey": "s", "Token": "t", "Expiration": "2030"}


@pytest.fixture
def instances():
    """What EC2 knows, by source address; a test may change it."""
    return {"127.0.0.1": VIEW, "127.0.0.2": replace(VIEW, instance_id="i-other")}


@pytest.fixture
def server(instances):
    server = MetadataServer(instances.get, lambda role, instance: KEYS | {"Token": instance})
    server.start("127.0.0.1", 0)
    yield server
    server.stop()


@pytest.fixture
def call(server):
    def call(method, path, headers=None, source="127.0.0.1"):
        client = http.client.HTTPConnection(
            "127.0.0.1", server.port, timeout=LIMIT, source_address=(source, 0)
        )
        client.request(method, path, headers=headers or {})
        answer = client.getresponse()
        answer.content = answer.read()
        client.close()
        return answer

    return call


@pytest.fixture
def token(call):
    return lambda source="127.0.0.1": call(
        "PUT", "/latest/api/token", {metadata.TTL_HEADER: "60"}, source
    ).content.decode()


@pytest.fixture
def get(call, token):
    def get(path, source="127.0.0.1"):
        return call("GET", path, {metadata.TOKEN_HEADER: token(source)}, source)

    return get


def test_without_a_token_nothing_is_told(call):
    for path in ("/latest/meta-data/", "/latest/user-data", "/", "/nowhere"):
        assert call("GET", path).status == 401
    assert call("GET", "/latest/meta-data/", {metadata.TOKEN_HEADER: "made-up"}).status == 401
    assert call("GET", "/latest/meta-data/", {metadata.TOKEN_HEADER: "ü"}).status == 401


def test_an_instance_that_still_takes_requests_without_one_is_answered(call, instances):
    instances["127.0.0.1"] = replace(VIEW, http_tokens="optional")
    assert call("GET", "/latest/meta-data/instance-id").content == b"i-0123456789abcdef0"
    assert call("GET", "/latest/", {metadata.TOKEN_HEADER: "made-up"}).status == 401


@pytest.mark.parametrize("seconds", ["0", "21601", "-1", "1.5", "", None])
def test_a_token_is_for_one_second_to_six_hours(call, seconds):
    headers = {} if seconds is None else {metadata.TTL_HEADER: seconds}
    assert call("PUT", "/latest/api/token", headers).status == 400


def test_a_token_says_how_long_it_is_good(call):
    answer = call("PUT", "/latest/api/token", {metadata.TTL_HEADER: "21600"})
    assert (answer.status, answer.headers[metadata.TTL_HEADER]) == (200, "21600")


def test_a_token_ends_and_is_its_instances_alone(call, token, monkeypatch):
    own = token()
    assert call("GET", "/latest/", {metadata.TOKEN_HEADER: own}).status == 200
    assert call("GET", "/latest/", {metadata.TOKEN_HEADER: own}, "127.0.0.2").status == 401
    now = metadata.time.monotonic()
    monkeypatch.setattr(metadata.time, "monotonic", lambda: now + 61)
    assert call("GET", "/latest/", {metadata.TOKEN_HEADER: own}).status == 401


def test_a_request_through_a_proxy_gets_no_token(call):
    headers = {metadata.TTL_HEADER: "60", "X-Forwarded-For": "203.0.113.1"}
    assert call("PUT", "/latest/api/token", headers).status == 403


def test_only_the_token_is_put_and_nothing_posted(call):
    assert call("PUT", "/latest/user-data", {metadata.TTL_HEADER: "60"}).status == 405
    assert call("POST", "/latest/user-data").status == 405


def test_a_machine_that_ec2_does_not_know_and_one_that_is_switched_off(call, instances):
    assert call("PUT", "/latest/api/token", source="127.0.0.3").status == 404
    instances["127.0.0.1"] = replace(VIEW, http_endpoint=False)
    assert call("PUT", "/latest/api/token", {metadata.TTL_HEADER: "60"}).status == 403


def test_each_machine_is_told_of_itself(get):
    path = "/latest/meta-data/instance-id"
    assert get(path).content == b"i-0123456789abcdef0"
    assert get(path, "127.0.0.2").content == b"i-other"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("ami-id", "ami-0123"),
        ("instance-type", "t3.medium"),
        ("local-ipv4", "10.0.0.7"),
        ("public-ipv4", "198.51.100.7"),
        ("local-hostname", "ip-10-0-0-7.ec2.internal"),
        ("mac", MAC),
        ("placement/availability-zone", "us-east-1a"),
        ("placement/region", "us-east-1"),
        ("public-keys/", "0=administrator"),
        ("public-keys", "0=administrator"),
        ("public-keys/0/", "openssh-key"),
        ("public-keys/0/openssh-key", "ssh-ed25519 AAAA administrator"),
        ("security-groups", "web\nssh"),
        ("network/interfaces/macs/", MAC + "/"),
        (f"network/interfaces/macs/{MAC}/vpc-id", "vpc-1"),
        (f"network/interfaces/macs/{MAC}/security-group-ids", "sg-1\nsg-2"),
        ("services/domain", "amazonaws.com"),
        ("block-device-mapping/root", "/dev/xvda"),
        ("iam/", "info\nsecurity-credentials/"),
        ("iam/security-credentials/", "server"),
        ("iam/security-credentials", "server"),
    ],
)
def test_the_layout_is_ec2s(get, path, content):
    answer = get("/latest/meta-data/" + path)
    assert (answer.status, answer.content.decode()) == (200, content)
    assert answer.headers["Content-Type"] == "text/plain"


@pytest.mark.parametrize(
    "path",
    [
        "/latest/meta-data/spot",
        "/latest/meta-data/instance-id/",
        "/latest/meta-data/instance-id/x",
        "/latest/meta-data/tags/",
        "/latest/meta-data/iam/security-credentials/other",
        "/2030-01-01/meta-data/",
        "/latest/meta-data/../user-data",
    ],
)
def test_what_is_not_there_is_not_found(get, path):
    assert get(path).status == 404


def test_slashes_may_be_doubled_and_versions_dated(get):
    assert get("//2021-03-23//meta-data//instance-id").content == b"i-0123456789abcdef0"
    assert b"latest" in get("/").content.splitlines()


def test_the_roles_credentials_are_those_of_the_instance(get):
    document = json.loads(get("/latest/meta-data/iam/security-credentials/server").content)
    assert document["Code"] == "Success"
    assert (document["AccessKeyId"], document["Token"]) == ("ASIA1", VIEW.instance_id)


def test_without_a_profile_there_are_no_credentials(get, instances):
    instances["127.0.0.1"] = replace(VIEW, profile_arn=None, role_name=None)
    assert get("/latest/meta-data/iam/info").status == 404
    assert get("/latest/meta-data/iam/security-credentials/server").status == 404


def test_user_data_comes_as_it_is_or_not_at_all(get, instances):
    answer = get("/latest/user-data")
    assert answer.content == VIEW.user_data
    assert answer.headers["Content-Type"] == "application/octet-stream"
    instances["127.0.0.1"] = replace(VIEW, user_data=None)
    assert get("/latest/user-data").status == 404
    assert b"user-data" not in get("/latest/").content


def test_the_identity_document_names_the_instance(get):
    document = json.loads(get("/latest/dynamic/instance-identity/document").content)
    assert document["instanceId"] == VIEW.instance_id
    assert (document["region"], document["accountId"]) == ("us-east-1", "123456789012")


def test_tags_are_told_only_where_the_instance_lets_them(get, instances):
    instances["127.0.0.1"] = replace(VIEW, instance_tags={"Name": "lab"})
    assert get("/latest/meta-data/tags/instance/").content == b"Name"
    assert get("/latest/meta-data/tags/instance/Name").content == b"lab"


def test_everything_that_is_listed_can_be_read(get):
    """As cloud-init's Ec2 data source crawls it."""
    seen = []

    def crawl(path):
        answer = get(path)
        assert answer.status == 200, path
        seen.append(path)
        for line in answer.content.decode().splitlines() if path.endswith("/") else ():
            if line == "security-credentials/":
                continue
            index, separator, _ = line.partition("=")
            crawl(path + (f"{index}/openssh-key" if separator else line))

    crawl("/2021-03-23/meta-data/")
    crawl("/2021-03-23/dynamic/")
    assert f"/2021-03-23/meta-data/network/interfaces/macs/{MAC}/mac" in seen


def test_an_address_that_is_taken_is_one_plain_sentence(server):
    second = MetadataServer(lambda _: None, lambda _role, _instance: {})
    with pytest.raises(WorkbenchError, match=r"metadata service can't listen on 127\.0\.0\.1:"):
        second.start("127.0.0.1", server.port)


def test_stopping_twice_is_fine(server):
    server.stop()
    server.stop()

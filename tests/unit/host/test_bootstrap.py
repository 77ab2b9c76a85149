"""The user data: small, constant, without a secret, and its signature is what S3 expects."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from workbench.host.bootstrap import LARGEST_BYTES
from workbench.host.bootstrap import render_bootstrap

BUCKET, REGION = "a-bucket.of-mine", "eu-central-1"
KEYS = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "a/secret", "Token": "a/token=="}


def fetch_program(region: str = REGION) -> str:
    """Return the program that the user data writes, up to where it begins to work."""
    text = render_bootstrap(BUCKET, region)
    program = text.split("<<'END'\n")[1].split("\nEND\n")[0]
    source = 'open("/etc/workbench/source").read()'
    assert source in program
    return program.split("\nfor attempt")[0].replace(source, repr(f"{BUCKET} {region}"))


def fetch_functions(get: Callable[..., bytes]) -> dict[str, Any]:
    functions: dict[str, Any] = {}
    exec(fetch_program(), functions)
    functions["get"] = get
    return functions


def test_it_stays_far_below_what_ec2_takes() -> None:
    assert len(render_bootstrap("b" * 63, "ap-southeast-1").encode()) < LARGEST_BYTES


def test_it_is_a_shell_script_that_bash_can_read() -> None:
    text = render_bootstrap(BUCKET, REGION)
    assert text.startswith("#!/bin/bash\n")
    assert f"echo '{BUCKET} {REGION}'" in text
    subprocess.run(["bash", "-n"], input=text, text=True, check=True)


@pytest.mark.parametrize(
    ("bucket", "region"),
    [("it's", REGION), ("UPPER", REGION), (BUCKET, "us-east-1; reboot"), ("", REGION)],
)
def test_nothing_but_names_gets_into_the_script(bucket: str, region: str) -> None:
    with pytest.raises(ValueError, match=r"the name of a|must be text"):
        render_bootstrap(bucket, region)


def test_its_requests_are_signed_as_botocore_signs_them() -> None:
    seen: dict[str, Any] = {}

    def get(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> bytes:
        if url.startswith("https://"):
            seen.update(url=url, headers=headers)
            return b"content"
        if url.endswith("/api/token"):
            assert method == "PUT"
            return b"imds-token"
        assert headers == {"x-aws-ec2-metadata-token": "imds-token"}
        return b"my-role" if url.endswith("/security-credentials/") else json.dumps(KEYS).encode()

    assert fetch_functions(get)["s3"]("recipe/0a1b.tar.gz") == b"content"
    assert seen["url"] == f"https://s3.{REGION}.amazonaws.com/{BUCKET}/recipe/0a1b.tar.gz"
    assert seen["headers"]["authorization"] == _expected(seen["url"], seen["headers"])


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("eu-central-1", "s3.eu-central-1.amazonaws.com"),
        ("us-gov-west-1", "s3.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_s3_has_the_name_of_the_regions_partition(region: str, host: str) -> None:
    program: dict[str, Any] = {}
    exec(fetch_program(region), program)
    assert program["HOST"] == host


def test_how_long_it_took_is_not_by_the_time_which_may_be_set_meanwhile() -> None:
    text = render_bootstrap(BUCKET, REGION)
    assert "T0 = time.monotonic()" in text
    assert '"seconds": time.monotonic() - T0' in text
    assert "WORKBENCH_BEGAN=str(T0)" in text


def _expected(url: str, sent: dict[str, str]) -> str:
    request = AWSRequest("GET", url)
    for name in ("x-amz-content-sha256", "x-amz-date", "x-amz-security-token"):
        request.headers[name] = sent[name]
    request.context["timestamp"] = sent["x-amz-date"]
    credentials = Credentials(*KEYS.values())
    auth = S3SigV4Auth(credentials, "s3", REGION)
    auth.payload = lambda _: sent["x-amz-content-sha256"]  # type: ignore[method-assign]
    text = auth.string_to_sign(request, auth.canonical_request(request))
    signature = auth.signature(text, request)
    signed = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token"
    scope = f"{KEYS['AccessKeyId']}/{sent['x-amz-date'][:8]}/{REGION}/s3/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={signed}, Signature={signature}"

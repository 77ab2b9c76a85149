"""AWS clients from a stack's configuration."""

import json

import pytest
from botocore.loaders import JSONFileLoader

from workbench.engine import aws
from workbench.engine.aws import client
from workbench.engine.aws import read_region
from workbench.errors import ConfigError

REHEARSAL = {
    "aws:region": "eu-west-1",
    "aws:accessKey": "rehearsal",
    "aws:secretKey": "rehearsal",
    "aws:endpoints": json.dumps([{"ec2": "http://127.0.0.1:4567", "servicequotas": "http://x:1"}]),
}


def test_a_rehearsals_client_goes_to_the_rehearsal_whatever_the_environment_says(monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "there-is-none")
    ec2 = client(REHEARSAL, "ec2")
    assert ec2.meta.endpoint_url == "http://127.0.0.1:4567"
    assert ec2.meta.region_name == "eu-west-1"
    assert client(REHEARSAL, "service-quotas").meta.endpoint_url == "http://x:1"


def test_a_service_without_an_endpoint_never_goes_to_aws():
    with pytest.raises(ConfigError, match="names no sns"):
        client(REHEARSAL, "sns")


def test_a_client_for_aws_has_the_stacks_region(monkeypatch):
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    ec2 = client({"aws:region": "eu-central-1"}, "ec2")
    assert ec2.meta.endpoint_url == "https://ec2.eu-central-1.amazonaws.com"


def test_a_profile_that_is_not_there_is_a_config_error(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(ConfigError, match="nobody"):
        client({"aws:region": "eu-central-1", "aws:profile": "nobody"}, "ec2")


def test_all_clients_of_a_process_read_a_model_once(monkeypatch):
    read = []
    load = JSONFileLoader._load_file
    monkeypatch.setattr(
        JSONFileLoader, "_load_file", lambda *given: read.append(given[1]) or load(*given)
    )
    aws._loader.cache_clear()

    for region in ("eu-west-1", "us-east-1", "eu-west-1"):
        client({**REHEARSAL, "aws:region": region}, "ec2")
    models = [path for path in read if "/ec2/" in path and "service-2" in path]
    assert len(set(models)) == len(models) > 0


def test_no_region_is_a_config_error(monkeypatch, tmp_path):
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigError, match="no AWS region"):
        client({}, "ec2")


def test_endpoints_that_are_none_are_a_config_error():
    with pytest.raises(ConfigError, match="isn't a list"):
        client({**REHEARSAL, "aws:endpoints": "nonsense"}, "ec2")


def test_the_region_of_the_environment_is_the_providers(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert read_region({}) == "eu-west-3"
    assert client({"aws:accessKey": "k", "aws:secretKey": "s"}, "ec2").meta.region_name == (
        "eu-west-3"
    )
    assert read_region({"aws:region": "eu-central-1"}) == "eu-central-1"
    monkeypatch.delenv("AWS_REGION")
    assert read_region({}) == "us-east-1"


@pytest.mark.parametrize("key", ["aws:assumeRoles", "aws:assumeRole"])
def test_a_role_that_only_pulumi_would_assume_is_a_config_error(key):
    with pytest.raises(ConfigError, match=f"has {key}, which") as refused:
        client({"aws:region": "eu-west-1", key: '[{"roleArn":"arn:aws:iam::1:role/r"}]'}, "ec2")
    assert "role_arn in ~/.aws/config" in refused.value.hint

"""Where the rehearsal's AWS plugin calls, by the provider's configuration and the environment."""

import pytest

from workbench.errors import ConfigError
from workbench.rehearsal.provider.settings import read_settings

HERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:5", "AWS_REGION": "eu-west-1"}


def test_a_provider_that_says_nothing_follows_the_environment():
    settings = read_settings({}, HERE)
    assert settings.region == "eu-west-1"
    assert settings.endpoint("ec2") == "http://127.0.0.1:5"


def test_what_the_provider_says_comes_before_the_environment():
    given = {"region": "us-east-1", "endpoints": [{"ec2": "http://127.0.0.1:6"}]}
    settings = read_settings(given, HERE)
    assert settings.region == "us-east-1"
    assert settings.endpoint("ec2") == "http://127.0.0.1:6"
    assert settings.endpoint("s3") is None


def test_an_environment_that_is_for_aws_itself_is_refused():
    with pytest.raises(ConfigError, match="is not on this computer"):
        read_settings({}, HERE | {"AWS_ENDPOINT_URL": "https://ec2.us-east-1.amazonaws.com"})

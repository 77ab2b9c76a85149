"""Pulumi looks for a stack only in the account and the region that it is in."""

from types import SimpleNamespace

import pytest

from workbench.engine import aws
from workbench.engine.stacks import Stack
from workbench.engine.state import Place
from workbench.engine.state import State
from workbench.engine.whereabouts import refuse_elsewhere
from workbench.errors import ConfigError
from workbench.progress import Progress

OURS, OTHER = "111111111111", "222222222222"
# With keys alongside it, a profile needn't be there.
TEAM = {"aws:profile": "team", "aws:accessKey": "k", "aws:secretKey": "s"}
MADE = State(places=frozenset({Place(OURS, "eu-west-1")}))


@pytest.fixture
def signed_in(monkeypatch):
    """Give what the credentials are of, and whether AWS was asked for it."""
    identity = {"Account": OURS}
    sts = SimpleNamespace(get_caller_identity=lambda: identity)
    monkeypatch.setattr(aws, "client", lambda config, service: sts)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    return identity


@pytest.mark.parametrize("config", [{}, {"aws:region": "eu-west-1"}])
def test_where_it_was_made_it_may_be_looked_for_whatever_is_left_of_it(signed_in, config):
    refuse_elsewhere("prod", MADE, config)


def test_a_stack_that_is_nowhere_yet_may_be_made_anywhere(signed_in):
    signed_in.clear()
    refuse_elsewhere("prod", State(), {"aws:region": "us-east-1"})


def test_credentials_of_another_account_are_refused_with_both_numbers(signed_in):
    signed_in["Account"] = OTHER
    with pytest.raises(ConfigError, match=f"account {OURS}, and the credentials are .* {OTHER}"):
        refuse_elsewhere("prod", MADE, {})
    with pytest.raises(ConfigError, match="of the profile team") as refused:
        refuse_elsewhere("prod", MADE, TEAM)
    assert "pulumi config set aws:profile PROFILE --stack prod" in refused.value.hint


def test_another_region_is_refused_wherever_it_is_named(signed_in, monkeypatch):
    with pytest.raises(ConfigError, match="look for it in us-east-1") as refused:
        refuse_elsewhere("prod", MADE, {"aws:region": "us-east-1"})
    assert refused.value.hint == "pulumi config set aws:region eu-west-1 --stack prod"
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    with pytest.raises(ConfigError, match="look for it in us-west-2"):
        refuse_elsewhere("prod", MADE, {})


@pytest.mark.parametrize("operation", ["refresh", "destroy", "up"])
def test_no_operation_forgets_a_stack_that_is_elsewhere(
    signed_in, monkeypatch, tmp_path, operation
):
    signed_in["Account"] = OTHER
    stack = Stack("prod", tmp_path, Progress(quiet=True))
    # An "up" looks at what exists after one that was interrupted.
    pending = (("creating", SimpleNamespace()),)
    monkeypatch.setattr(stack, "state", lambda: State(pending=pending, places=MADE.places))
    stack.__dict__["_operations"] = None
    with pytest.raises(ConfigError, match="nothing was changed"):
        getattr(stack, operation)()

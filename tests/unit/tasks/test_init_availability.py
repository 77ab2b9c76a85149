"""The zone that init writes: AWS's choice, unless it is told another."""

import io
from typing import Any

import pytest
from rich.console import Console

from workbench.errors import ConfigError
from workbench.tasks.init.availability import ask_availability
from workbench.tasks.init.aws_account import Account
from workbench.tasks.init.interview import Interview

KEY = "workbench:availabilityZone"


class Region(Account):
    """A region with three zones, of which two offer the type."""

    def zones(self) -> list[str]:
        return ["us-east-1a", "us-east-1b", "us-east-1c"]

    def zones_that_offer(self, instance_type: str) -> list[str]:
        assert instance_type == "t3.medium"
        return ["us-east-1-atl-2a", "us-east-1b", "us-east-1c"]


def asked(given: str | None, **present: str) -> Any:
    interview = Interview("init", console=Console(file=io.StringIO()))
    account = Region({"aws:region": "us-east-1"})
    known = {f"workbench:{key}": value for key, value in present.items()}
    return ask_availability(interview, account, given, "t3.medium", known).as_config()[KEY]


def test_nobody_has_to_choose_and_what_was_chosen_stays() -> None:
    assert asked(None) is None
    assert asked("us-east-1c") == "us-east-1c"
    assert asked(None, availabilityZone="us-east-1b") == "us-east-1b"
    assert asked("any", availabilityZone="us-east-1b") is None
    # The stack was to be in another region before.
    assert asked(None, availabilityZone="eu-west-1b") is None


@pytest.mark.parametrize(
    ("zone", "present", "sentence", "hint"),
    [
        ("us-east-1z", {}, "no availability zone 'us-east-1z' in us-east-1", "us-east-1a   or"),
        (
            "us-east-1a",
            {},
            "doesn't offer t3.medium in us-east-1a",
            "us-east-1b   or us-east-1c, any",
        ),
        ("us-east-1b", {"subnetId": "subnet-1"}, "decides its zone", "workbench:subnetId SUBNET"),
    ],
)
def test_a_zone_that_would_not_do_is_refused(
    zone: str, present: dict[str, str], sentence: str, hint: str
) -> None:
    with pytest.raises(ConfigError, match=sentence) as refused:
        asked(zone, **present)
    assert hint in refused.value.hint

"""A time zone is one that the server knows."""

import zoneinfo

import pytest

from workbench.components.errors import ArgumentError
from workbench.components.time_zone import check_time_zone


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"])
def test_a_zones_name_is_taken(zone: str) -> None:
    assert check_time_zone(zone, "time_zone") == zone


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("Berlin", "For example: Europe/Berlin"),
        ("europe/berlin", "For example: Europe/Berlin"),
        ("New York", "For example: America/New_York"),
        ("US/Eastern", "of the form Area/City"),
        ("EST", "of the form Area/City"),
        ("Europe/Atlantis", "of the form Area/City"),
        ("Europe/../Berlin", "of the form Area/City"),
        ("", "text that isn't empty"),
        (2, "text that isn't empty"),
    ],
)
def test_anything_else_is_refused_with_what_was_probably_meant(value: object, said: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        check_time_zone(value, "workbench:timeZone")
    assert said in str(refused.value)
    assert "workbench:timeZone" in str(refused.value)


def test_a_computer_that_knows_no_zones_takes_their_form(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    assert check_time_zone("Europe/Berlin", "time_zone") == "Europe/Berlin"
    with pytest.raises(ArgumentError):
        check_time_zone("Berlin", "time_zone")

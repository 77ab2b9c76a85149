"""Each account has a host name that browsers take, and no two have the same."""

import pytest

from workbench.host.hub.host_names import host_name


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("ada", "ada.lab.example.org"),
        ("test-user", "test-user.lab.example.org"),
        ("r2d2", "r2d2.lab.example.org"),
        # As JupyterHub's own hook has them, where a name isn't a host name's.
        ("b_b", "u-bb--12fe6dd.lab.example.org"),
        ("_", "u-x--d2e2adf.lab.example.org"),
        ("ends-", "u-ends--9b2db42.lab.example.org"),
        ("two--dashes", "u-twodashe--a8e8003.lab.example.org"),
    ],
)
def test_a_host_name_is_the_accounts_where_it_can_be(name: str, host: str) -> None:
    assert host_name(name, "lab.example.org") == host


def test_an_account_can_not_be_named_for_anothers_host() -> None:
    taken = host_name("b_b", "x").partition(".")[0]
    assert host_name(taken, "x") != f"{taken}.x"


def test_a_service_has_a_name_that_no_person_can_have() -> None:
    assert host_name("culler", "x", kind="service") == "culler--service.x"
    assert host_name("culler--service", "x") != "culler--service.x"

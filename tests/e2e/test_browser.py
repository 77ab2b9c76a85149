"""The printed URL in a real browser: no warning once the CA is trusted, and people get in."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import Bench
from chromium import chromium
from chromium import trust
from playwright.sync_api import Error
from playwright.sync_api import Page


def opened(bench: Bench, home: Path) -> Iterator[Page]:
    state = bench.state()
    assert state.rehearsal
    assert state.address
    with chromium(home, state.rehearsal.browser[state.address.ip].values()) as browser:
        yield browser.new_page()


@pytest.fixture
def stranger(bench: Bench, tmp_path: Path) -> Iterator[Page]:
    """A browser that has never heard of the rehearsal's CA."""
    yield from opened(bench, tmp_path)


@pytest.fixture
def page(bench: Bench, tmp_path: Path) -> Iterator[Page]:
    """A browser in which a person has trusted the printed CA certificate."""
    trust(tmp_path, bench.status()["ca_certificate"])
    yield from opened(bench, tmp_path)


def test_the_browser_warns_before_the_ca_is_trusted(bench: Bench, stranger: Page) -> None:
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        stranger.goto(bench.status()["url"])


def test_the_landing_page_leads_to_both_services(bench: Bench, page: Page) -> None:
    page.goto(bench.status()["url"])
    page.get_by_role("link", name="JupyterHub").click()
    assert "/jupyter/hub/login" in page.url
    page.go_back()
    page.get_by_role("link", name="RStudio").click()
    assert "/rstudio/auth-sign-in" in page.url


def test_an_address_that_leads_nowhere_leads_back(bench: Bench, page: Page) -> None:
    url = bench.status()["url"]
    answer = page.goto(f"{url}nope/at/all")
    assert answer is not None
    assert answer.status == 404
    for header in ("strict-transport-security", "content-security-policy"):
        assert answer.header_value(header)
    page.get_by_role("link").click()
    page.get_by_role("link", name="JupyterHub").wait_for()
    assert page.url == url


def test_a_person_gets_to_jupyterlab(bench: Bench, page: Page) -> None:
    page.goto(bench.status()["jupyter_url"])
    page.get_by_label("Username").fill("test-user")
    page.get_by_label("Password").fill(bench.password())
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/jupyter/user/test-user/lab**", timeout=120_000)
    page.get_by_text("Notebook", exact=True).first.wait_for(timeout=120_000)

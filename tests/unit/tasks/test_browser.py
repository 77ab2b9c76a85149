"""A page's address, and the browser where there is one."""

import webbrowser

import pytest

from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.remote.stack_state import StackState
from workbench.tasks.status import browser
from workbench.tasks.status.browser import open_in_browser
from workbench.tasks.status.browser import page_url

URLS = {"url": "https://lab.test/", "jupyter_url": "https://lab.test/jupyter/"}


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what would be opened, on a computer without a display."""
    urls: list[str] = []

    def note(url: str) -> bool:
        urls.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", note)
    monkeypatch.setattr(browser.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    return urls


def test_each_page_has_its_address() -> None:
    state = StackState("prod", URLS)

    assert page_url(state, "landing") == "https://lab.test/"
    assert page_url(state, "jupyter") == "https://lab.test/jupyter/"


def test_an_unknown_page_is_told_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="landing, jupyter, rstudio"):
        page_url(StackState("prod", URLS), "hub")


def test_a_stack_without_a_workbench_has_none_to_open() -> None:
    with pytest.raises(WorkbenchError, match="workbench up --stack prod"):
        page_url(StackState("prod"), "landing")


def test_without_a_display_nothing_is_opened(opened: list[str]) -> None:
    assert not open_in_browser("https://lab.test/")
    assert opened == []


def test_with_a_display_the_page_is_opened(
    opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", ":0")

    assert open_in_browser("https://lab.test/")
    assert opened == ["https://lab.test/"]

"""People who have only a browser change their password there."""

import html
import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from chromium import chromium
from chromium import trust
from clients import Hub
from host_lab import DOMAIN
from host_lab import Lab
from host_lab import sign_in
from playwright.sync_api import Page

from workbench.host.people.passwords import RULE
from workbench.remote.passwords import generate_password

OLD, NEW = "Penguins-on-ice-42", "Krill-under-floes-43"
PAGE = f"https://{DOMAIN}/jupyter/hub/password"


@pytest.fixture
def ann(lab: Lab) -> Iterator[Hub]:
    """Give ann, signed in, with the old password and no wrong ones on her account."""
    lab.run("workbench-passwd ann", stdin=OLD + "\n")
    lab.run("systemctl restart jupyterhub")
    lab.wait_for(lambda: lab.run(f"curl -sk -o /dev/null -w '%{{http_code}}' {at(lab)}") == "200")
    hub = Hub(lab.site(), "ann")
    with hub.http:
        assert hub.sign_in(OLD).status_code == 302
        yield hub


@pytest.fixture
def page(lab: Lab, tmp_path: Path) -> Iterator[Page]:
    trust(tmp_path, str(lab.folder / "ca.pem"))
    rule = f"--host-resolver-rules=MAP {DOMAIN} 127.0.0.1"
    with chromium(tmp_path, [80, 443], rule, to=lab.address) as browser:
        yield browser.new_page()


def at(lab: Lab) -> str:
    return f"--resolve {DOMAIN}:443:{lab.address} https://{DOMAIN}/jupyter/hub/login"


def hashes(lab: Lab) -> tuple[str, str]:
    """Return ann's password hash on the server, and the one that the next server gets."""
    saved = "import json; print(*(p['password'] for p in json.load(open("
    saved += "'/data/workbench/accounts/accounts.json'))['people'] if p['name'] == 'ann'))"
    return lab.run("getent shadow ann | cut -d: -f2"), lab.run(f'python3 -c "{saved}"')


def test_no_generated_password_is_too_easy(lab: Lab) -> None:
    made = "".join(f"{generate_password()}\n" for _ in range(2000))
    said = lab.run(f"pwqcheck -1 --multi config={RULE}", stdin=made).splitlines()
    assert len(said) == 2000
    assert [line for line in said if not line.startswith("OK: ")] == []


def alert(text: str) -> str:
    found = re.search(r'role="alert">(.*?)</div>', text)
    assert found, text
    return html.unescape(found[1])


def fill(page: Page, current: str, new: str, again: str) -> None:
    page.get_by_label("Current password").fill(current)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password again").fill(again)
    page.get_by_role("button", name="Change password").click()


def look(page: Page, name: str) -> None:
    """Keep a picture where someone wants to look at it."""
    if folder := os.environ.get("WORKBENCH_TEST_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png")


def test_a_person_changes_the_password_in_the_browser(lab: Lab, ann: Hub, page: Page) -> None:
    page.goto(f"https://{DOMAIN}/")
    look(page, "landing")
    page.get_by_role("link", name="Change your password").click()
    page.get_by_label("Username").fill("ann")
    page.get_by_label("Password").fill(OLD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/hub/password")
    look(page, "password")
    for current, new, again, said in (
        ("Wrong-on-ice-42", NEW, NEW, "The current password is wrong."),
        (OLD, NEW, f"{NEW}4", "The two new passwords differ."),
        (OLD, "summer", "summer", "The password is too easy to guess"),
        (OLD, f"{OLD}3", f"{OLD}3", "it is too much like the old one"),
    ):
        fill(page, current, new, again)
        page.get_by_role("alert").get_by_text(said).wait_for()
    look(page, "refused")
    assert sign_in(lab, "ann", OLD) == 302
    fill(page, OLD, NEW, NEW)
    page.get_by_role("status").get_by_text("Your password is changed.").wait_for()
    look(page, "changed")

    assert len(set(hashes(lab))) == 1
    assert (sign_in(lab, "ann", OLD), sign_in(lab, "ann", NEW)) == (403, 302)
    # This browser stays signed in, with the page in the hub's menu; the other one is out.
    page.get_by_role("link", name="Continue").click()
    page.wait_for_url("**/hub/home")
    look(page, "home")
    page.get_by_role("link", name="Password").click()
    page.get_by_label("Current password").wait_for()
    answer = ann.http.get(f"{ann.base}/hub/home")
    assert answer.status_code == 302
    assert "/hub/login" in answer.headers["location"]


def test_another_page_can_not_change_a_password(lab: Lab, ann: Hub) -> None:
    before = hashes(lab)
    typed = {"password": OLD, "new_password": NEW, "new_password_again": NEW}
    assert ann.http.post(PAGE, data=typed).status_code == 403
    foreign = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert ann.http.post(PAGE, data=typed, headers=foreign).status_code == 403
    with lab.site().client() as stranger:
        assert stranger.post(PAGE, data=typed).status_code in (302, 403)
    assert hashes(lab) == before


def test_nobody_guesses_a_password_at_an_open_browser(lab: Lab, ann: Hub) -> None:
    for name in [name for name in ann.http.cookies if name.startswith("workbench-known-")]:
        ann.http.cookies.delete(name)
    page = ann.http.get(PAGE)
    found = re.search(r'name="_xsrf" value="([^"]+)"', page.text)
    assert found
    typed = {"new_password": NEW, "new_password_again": NEW, "_xsrf": found[1]}

    def guess(number: int) -> int:
        data = {**typed, "password": f"wrong-{number}"}
        return ann.http.post(PAGE, data=data).status_code

    # A right sign-in here before counts no other address's wrong ones, but its own.
    with ThreadPoolExecutor(16) as threads:
        answers = Counter(threads.map(guess, range(16)))
    assert answers == {403: 10, 429: 6}
    refused = ann.http.post(PAGE, data={**typed, "password": OLD})
    assert refused.status_code == 429
    assert "Too many wrong passwords" in alert(refused.text)
    assert int(refused.headers["Retry-After"]) <= 300
    assert sign_in(lab, "ann", OLD) == 429

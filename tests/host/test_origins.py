"""With a host name for each person, a page that one of them wrote can't act as another.

In a real browser: it decides what a page may do to another origin.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import chromium
from chromium import trust
from clients import Hub
from host_lab import DOMAIN
from host_lab import Lab
from playwright.sync_api import BrowserContext
from playwright.sync_api import Error
from playwright.sync_api import Page

HUB = f"https://{DOMAIN}/jupyter"
HOSTILE = f"https://ada.{DOMAIN}/jupyter/user/ada/hostile"
OWN = f"https://bob.{DOMAIN}/jupyter/user/bob"
PASSWORD = "Penguins-on-ice-42"
PEOPLE = [{"name": name, "public_keys": [], "administrator": False} for name in ("ada", "bob")]
RESOLVER = f"--host-resolver-rules=MAP *.{DOMAIN} 127.0.0.1, MAP {DOMAIN} 127.0.0.1"
CONFIGURATION = """
import sys
sys.path.insert(0, "/home/ada/.jupyter")
c.ServerApp.jpserver_extensions = {"hostile": True}
"""
# As JupyterLab does it: the cookie's proof, a kernel, and its channels.
RUN = """async ([own, code]) => {
  const xsrf = document.cookie.match(/_xsrf=([^;]+)/)[1];
  const made = await fetch(`${own}/api/kernels`,
    {method: "POST", body: "{}", headers: {"X-XSRFToken": xsrf}});
  const ident = (await made.json()).id;
  const channel = new WebSocket(
    `${own.replace("https:", "wss:")}/api/kernels/${ident}/channels`);
  const header = {msg_id: "1", msg_type: "execute_request", session: "1", username: "",
    version: "5.3"};
  const content = {code, silent: false, store_history: false};
  channel.onopen = () => channel.send(JSON.stringify(
    {header, parent_header: {}, metadata: {}, content, channel: "shell"}));
  return await new Promise((done) => {
    channel.onmessage = ({data}) => {
      const {msg_type, content} = JSON.parse(data);
      if (msg_type == "stream") done(content.text);
    };
    channel.onerror = () => done("refused");
  });
}"""

READ = """async (url) => {
  const xsrf = document.cookie.match(/_xsrf=([^;]+)/)[1];
  return await (await fetch(url, {headers: {"X-XSRFToken": xsrf}})).text();
}"""


@pytest.fixture(scope="module")
def people(lab: Lab) -> Iterator[None]:
    """Have ada and bob, host names for both, and ada's page."""
    lab.publish(users=[*lab.first["users"], *PEOPLE], host_name_per_user=True)
    lab.converge()
    for person in ("ada", "bob"):
        lab.run(f"workbench-passwd {person}", stdin=PASSWORD + "\n")
    lab.run("install -d -o ada -g ada /home/ada/.jupyter")
    lab.run("cat > /home/ada/.jupyter/jupyter_server_config.py", stdin=CONFIGURATION)
    page = (Path(__file__).parent / "hostile.py").read_text()
    lab.run("cat > /home/ada/.jupyter/hostile.py", stdin=page)
    lab.run("runuser -u bob -- sh -c 'echo of bob alone > ~/secret.txt'")
    ada = Hub(lab.site(), "ada")
    with ada.http:
        assert ada.sign_in(PASSWORD).status_code == 302
        ada.start_server()
        yield
    lab.run("systemctl stop 'jupyter-*-singleuser.service'; rm -r /home/ada/.jupyter")
    lab.publish(**lab.first)
    lab.converge()


@pytest.fixture(scope="module")
def browser(
    lab: Lab, people: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BrowserContext]:
    """Give bob's browser, in which he has signed in and has his Jupyter server."""
    home = tmp_path_factory.mktemp("bob")
    trust(home, str(lab.folder / "ca.pem"))
    with chromium(home, [80, 443], RESOLVER, to=lab.address) as browser:
        page = browser.new_page()
        page.goto(f"{HUB}/")
        page.get_by_label("Username").fill("bob")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{OWN}/lab**", timeout=120_000)
        page.close()
        yield browser


@pytest.fixture
def bob(browser: BrowserContext) -> Iterator[Page]:
    """Give a page of bob's browser, at his own JupyterLab."""
    page = browser.new_page()
    page.goto(f"{OWN}/lab")
    yield page
    page.close()


def tokens(lab: Lab) -> str:
    """Return what the hub's database has of tokens that the hostile page asks for."""
    script = (
        "import sqlite3; print(sqlite3.connect('/data/workbench/jupyterhub/jupyterhub.sqlite')"
        """.execute("select count(*) from api_tokens where note like 'ada%'").fetchone()[0])"""
    )
    return lab.run("python3 -", stdin=script)


def test_lab_and_its_kernels_work_at_a_persons_own_host_name(bob: Page) -> None:
    bob.get_by_text("Notebook", exact=True).first.wait_for(timeout=120_000)
    assert bob.evaluate(RUN, [OWN, "print(6 * 7)"]) == "42\n"


def test_a_hostile_page_can_not_act_as_its_visitor(lab: Lab, bob: Page) -> None:
    # Where they are his own, the same requests are answered.
    assert "of bob alone" in bob.evaluate(READ, f"{OWN}/api/contents/secret.txt")
    kernels = lab.run("pgrep -c -u bob -f ipykernel || true")

    bob.goto(HOSTILE)
    # The browser gave ada's server nothing that opens the hub, or bob's server.
    sent = bob.locator("#sent").inner_text()
    assert "login" not in sent
    assert "user-bob" not in sent
    told: dict[str, Any] = bob.evaluate("([hub, own]) => act(hub, own)", [HUB, OWN])
    assert told.keys() == {"who", "page", "files", "token", "kernel", "terminal", "events"}
    blind = {"token", "kernel"}
    assert {told[name] for name in told.keys() - blind} == {"refused"}
    # Sent, and the page sees no answer: the server's is a refusal.
    assert {told[name].strip() for name in blind} <= {"opaque 0", "refused"}
    assert tokens(lab) == "0"
    assert lab.run("pgrep -c -u bob -f ipykernel || true") == kernels


def test_a_hostile_page_sees_nothing_of_a_window_that_it_opens(bob: Page) -> None:
    bob.goto(HOSTILE)
    with bob.expect_popup() as opened:
        bob.evaluate(f"() => {{ window.other = window.open('{HUB}/hub/token'); }}")
    opened.value.wait_for_url(f"{HUB}/hub/token")
    with pytest.raises(Error, match=r"SecurityError|Blocked a frame"):
        bob.evaluate("() => window.other.document.body.innerText")


def test_a_hostile_page_plants_no_cookie_that_signs_its_visitor_in_as_another(bob: Page) -> None:
    bob.goto(HOSTILE)
    # Each way that a page has to name the cookie; a browser keeps none of them.
    for more in (f"; Domain={DOMAIN}", f"; Domain={DOMAIN}; Path=/jupyter/hub/"):
        cookie = f"__Host-jupyterhub-hub-login=ada{more}; Secure"
        bob.evaluate("(cookie) => { document.cookie = cookie; }", cookie)
    kept = [cookie for cookie in bob.context.cookies(HUB) if "hub-login" in cookie["name"]]
    assert [cookie["domain"] for cookie in kept] == [DOMAIN]
    assert kept[0]["value"] != "ada"
    bob.goto(f"{HUB}/hub/home")
    assert bob.get_by_text("bob").first.is_visible()


@pytest.mark.parametrize("path", ["/hub/login", "/hub/logout", "/hub/spawn"])
def test_a_hostile_page_sends_no_form_to_the_hub(bob: Page, path: str) -> None:
    bob.goto(HOSTILE)
    with bob.expect_navigation() as sent:
        bob.evaluate(
            """(url) => { const form = document.createElement("form"); form.method = "post";
            form.action = url; document.body.append(form); form.submit(); }""",
            f"{HUB}{path}",
        )
    assert sent.value
    assert sent.value.status == 403


def test_rstudio_is_at_a_host_of_its_own(lab: Lab, people: None) -> None:
    with lab.site().client() as http:
        answer = http.get(f"https://{DOMAIN}/rstudio/")
        assert answer.headers["location"] == f"https://rstudio.{DOMAIN}/rstudio/"
        shown = http.get(f"https://rstudio.{DOMAIN}/rstudio/", follow_redirects=True)
        assert (shown.status_code, shown.url.host) == (200, f"rstudio.{DOMAIN}")
        assert "<form" in shown.text
        # A forwarded port is kept.
        forwarded = {"Host": f"{DOMAIN}:8443"}
        answer = http.get(f"https://{DOMAIN}/rstudio/", headers=forwarded)
        assert answer.headers["location"] == f"https://rstudio.{DOMAIN}:8443/rstudio/"


def test_a_persons_host_shows_none_of_the_hubs_pages(lab: Lab, people: None) -> None:
    with lab.site().client() as http:
        for path in ("/", "/jupyter/hub/login", "/jupyter/user/bob/lab", "/rstudio/"):
            answer = http.get(f"https://ada.{DOMAIN}{path}")
            assert answer.status_code == 302
            assert answer.headers["location"] == f"https://{DOMAIN}{path}"

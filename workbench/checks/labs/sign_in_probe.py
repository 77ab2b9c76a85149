"""Sign in at JupyterHub as a browser does, with an account that is there for this alone.

Runs on a lab's server, by root, with Python's standard library; ``checks/labs/hub.py`` sends it.
Prints what happened, as JSON: the answers to a wrong password and to the right one, the account
that JupyterLab came as, or what JupyterHub said instead.
"""

import contextlib
import json
import pwd
import re
import secrets
import subprocess
import time
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.parse import urlsplit
from urllib.request import HTTPCookieProcessor
from urllib.request import HTTPRedirectHandler
from urllib.request import Request
from urllib.request import build_opener

HUB = "http://127.0.0.1:8000"
ACCOUNT = "lab-check"
# By this an account of that name is known as this program's.
MARK = "made by labs.check"
# Seconds.
TIMEOUT, SPAWN_LIMIT, END_LIMIT, INTERVAL = 30.0, 200.0, 20.0, 0.5
REDIRECT = 302


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *args, **kwargs):  # type: ignore[no-untyped-def]
        """Follow nothing."""


class Browser:
    """Cookies, and the pages that they open."""

    def __init__(self) -> None:
        self.jar = CookieJar()
        self._follow = build_opener(HTTPCookieProcessor(self.jar))
        self._stay = build_opener(HTTPCookieProcessor(self.jar), _Stay())

    def open(self, path: str) -> tuple[int, str, str]:
        """Follow a link; return the status, the path it ended at, and the page."""
        try:
            with self._follow.open(f"{HUB}{path}", timeout=TIMEOUT) as answer:
                return answer.status, urlsplit(answer.url).path, answer.read().decode()
        except HTTPError as error:
            return error.code, urlsplit(error.url or path).path, error.read().decode()

    def send(self, method: str, path: str, data: bytes | None = None, **headers: str) -> int:
        """Send a request, and follow no redirect; return the status."""
        request = Request(f"{HUB}{path}", data, headers, method=method)  # noqa: S310
        try:
            with self._stay.open(request, timeout=TIMEOUT) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code

    def sign_in(self, password: str) -> int:
        """Fill in the form; 302 where it lets the account in, 403 where not."""
        _, _, page = self.open("/hub/login")
        found = re.search(r'name="_xsrf"\s+value="([^"]+)"', page)
        form = {"username": ACCOUNT, "password": password, "_xsrf": found[1] if found else ""}
        return self.send("POST", "/hub/login", urlencode(form).encode())

    def end_server(self) -> None:
        """Have the hub end the account's server: one that is killed, it would still expect."""
        self.open("/hub/home")
        tokens = [c.value for c in self.jar if c.name == "_xsrf" and c.path.startswith("/hub")]
        headers = {"X-XSRFToken": (tokens or [""])[-1] or "", "Referer": f"{HUB}/hub/home"}
        self.send("DELETE", f"/hub/api/users/{ACCOUNT}/server", None, **headers)


def probe() -> dict[str, object]:
    """Return what became of it."""
    password = secrets.token_urlsafe(16)
    with _account(password):
        refused = Browser().sign_in(secrets.token_urlsafe(16))
        browser = Browser()
        let_in = browser.sign_in(password)
        said: dict[str, object] = {"wrong": refused, "right": let_in}
        if refused == REDIRECT or let_in != REDIRECT:
            return said
        try:
            return said | _spawn(browser)
        finally:
            browser.end_server()


def _spawn(browser: Browser) -> dict[str, object]:
    """Open JupyterLab, as the browser does once it is let in."""
    end, status, page = time.monotonic() + SPAWN_LIMIT, 0, ""
    path = "/hub/spawn"
    while time.monotonic() < end:
        status, at, page = browser.open(path)
        if status >= 400:
            break
        if at.startswith(f"/user/{ACCOUNT}/"):
            return {"at": at, "owner": _owner()}
        path = f"/hub/spawn-pending/{ACCOUNT}" if "spawn" in at else at
        time.sleep(INTERVAL)
    told = re.search(r'<p class="lead">\s*(.*?)\s*</p>|<p>\s*(Spawn.*?)\s*</p>', page, re.S)
    words = (told[1] or told[2] or "") if told else ""
    return {"failed": f"{status} {' '.join(re.sub('<[^>]*>', ' ', words).split())}".strip()}


def _owner() -> str:
    """Return as whom the account's server runs."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, KeyError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            environment = (folder / "environ").read_bytes().split(b"\0")
            if (
                any(b"singleuser" in word for word in words)
                and f"JUPYTERHUB_USER={ACCOUNT}".encode() in environment
            ):
                return pwd.getpwuid(folder.stat().st_uid).pw_name
    return ""


@contextlib.contextmanager
def _account(password: str):  # type: ignore[no-untyped-def]
    """Have the account open for a while.

    It stays, locked: of one that is gone, JupyterHub would complain at each of its starts.
    """
    try:
        entry = pwd.getpwnam(ACCOUNT)
    except KeyError:
        _run("useradd", "--create-home", "--shell", "/bin/bash", "--comment", MARK, ACCOUNT)
        entry = pwd.getpwnam(ACCOUNT)
    if entry.pw_gecos != MARK:
        raise SystemExit(f"there is an account {ACCOUNT} that the check didn't create")
    try:
        _run("chpasswd", text=f"{ACCOUNT}:{password}\n")
        yield
    finally:
        _run("usermod", "--password", "!", ACCOUNT)
        _await_end(str(entry.pw_uid))


def _await_end(uid: str) -> None:
    """Wait until nothing of the account runs; end what remains."""
    end = time.monotonic() + END_LIMIT
    while _run("pgrep", "--uid", uid, check=False) == 0:
        if time.monotonic() > end:
            _run("pkill", "--signal", "KILL", "--uid", uid, check=False)
        time.sleep(INTERVAL)


def _run(*words: str, text: str = "", check: bool = True) -> int:
    done = subprocess.run(words, input=text, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise SystemExit(f"{words[0]}: {done.stderr.strip()}")
    return done.returncode


if __name__ == "__main__":
    print(json.dumps(probe()))

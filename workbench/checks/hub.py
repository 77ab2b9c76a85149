"""A person at JupyterHub: signs in, gets a server, runs code in a kernel."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import httpx

from workbench.checks.http import client
from workbench.checks.http import site
from workbench.checks.kernel import execute
from workbench.checks.target import Target
from workbench.errors import WaitTimeoutError
from workbench.errors import WorkbenchError
from workbench.waiting import wait_for

# Starting a user's server takes some seconds; a small instance needs more for the first one.
SPAWN_LIMIT = 120.0
INTERVAL = 0.3
TOKEN_SECONDS = 600


@dataclass(frozen=True)
class Session:
    """A signed-in person with a token of their own."""

    target: Target
    http: httpx.Client
    user: str
    token: str

    @property
    def base(self) -> str:
        """The hub's URL."""
        return f"{site(self.target)}/jupyter"

    @property
    def headers(self) -> dict[str, str]:
        """What proves who asks."""
        return {"Authorization": f"token {self.token}"}

    @cached_property
    def host(self) -> str:
        """The host name of the person's own Jupyter server, which may be another than the hub's."""
        server = _json(self.hub("GET", f"users/{self.user}"))["server"]
        return urlsplit(server).hostname or self.target.names[0]

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask the person's own Jupyter server."""
        url = f"https://{self.host}/jupyter/user/{self.user}/api/{path}"
        return self.http.request(method, url, headers=self.headers, **options)

    def hub(self, method: str, path: str) -> httpx.Response:
        """Ask the hub."""
        return self.http.request(method, f"{self.base}/hub/api/{path}", headers=self.headers)

    def run(self, language: str, code: str) -> str:
        """Start a kernel for ``language``, run code in it, and return what it printed."""
        specs = _json(self.api("GET", "kernelspecs"))["kernelspecs"]
        name = next((n for n, s in specs.items() if s["spec"]["language"] == language), None)
        if name is None:
            raise WorkbenchError(f"JupyterHub offers no {language} kernel, only {sorted(specs)}.")
        kernel = _json(self.api("POST", "kernels", json={"name": name}))["id"]
        try:
            path = f"/jupyter/user/{self.user}/api/kernels/{kernel}"
            return execute(self.target, self.host, path, self.headers, code)
        finally:
            self.api("DELETE", f"kernels/{kernel}")


def post_sign_in(http: httpx.Client, base: str, user: str, password: str) -> httpx.Response:
    """Fill in the hub's sign-in form; 302 when it lets the person in, 403 when not."""
    page = http.get(f"{base}/hub/login")
    if page.status_code != httpx.codes.OK:
        raise WorkbenchError(f"{base}/hub/login answers {page.status_code}.")
    form = {"username": user, "password": password}
    form.update(re.findall(r'name="(_xsrf)"\s+value="([^"]+)"', page.text))
    return http.post(f"{base}/hub/login", data=form)


@contextmanager
def session(target: Target, user: str, password: str) -> Iterator[Session]:
    """Sign in and have a Jupyter server running; stop it after if it wasn't before."""
    with client(target, timeout=30) as http:
        base = f"{site(target)}/jupyter"
        answer = post_sign_in(http, base, user, password)
        if answer.status_code != httpx.codes.FOUND:
            raise WorkbenchError(f"JupyterHub refuses {user} with the password this computer has.")
        token, ident = _make_token(http, base, user)
        signed_in = Session(target, http, user, token)
        # From here on the token alone says who asks: cookies would ask for their own proof.
        http.cookies.clear()
        started = _ensure_server(signed_in)
        try:
            yield signed_in
        finally:
            if started:
                signed_in.hub("DELETE", f"users/{user}/server")
            signed_in.hub("DELETE", f"users/{user}/tokens/{ident}")


def _make_token(http: httpx.Client, base: str, user: str) -> tuple[str, str]:
    http.get(f"{base}/hub/home")
    headers = {"Referer": f"{base}/hub/home"}
    for cookie in http.cookies.jar:
        # A person's own server has one, too, at another path.
        if cookie.name == "_xsrf" and "/hub" in cookie.path:
            headers["X-XSRFToken"] = str(cookie.value)
    made = _json(
        http.post(
            f"{base}/hub/api/users/{user}/tokens",
            json={"note": "workbench check", "expires_in": TOKEN_SECONDS},
            headers=headers,
        )
    )
    return made["token"], made["id"]


def _ensure_server(session: Session) -> bool:
    """Return whether the person's server had to be started."""
    # While the hub stops a server, or looks for it, it starts none; one that starts is someone's.
    if _has_server(session):
        return False
    answer = session.hub("POST", f"users/{session.user}/server")
    if answer.status_code not in (201, 202):
        raise WorkbenchError(f"The hub can't start a server for {session.user}: {_said(answer)}")
    if not _has_server(session):
        raise WorkbenchError(f"The Jupyter server of {session.user} stopped while starting.")
    return True


def _has_server(session: Session) -> bool:
    """Return whether the person has a server, once nothing is pending with it."""
    state: dict[str, Any] = {}

    def settled() -> bool:
        # The hub names no server whose start, stop or check is in progress.
        state.update(_json(session.hub("GET", f"users/{session.user}")))
        return not state.get("pending")

    if not wait_for(settled, SPAWN_LIMIT, INTERVAL):
        raise WaitTimeoutError(
            f"The hub is still at the {state['pending']} of {session.user}'s Jupyter server after"
            f" {SPAWN_LIMIT:.0f} s."
        )
    return bool(state.get("server"))


def _json(answer: httpx.Response) -> Any:
    if answer.is_error:
        raise WorkbenchError(f"{answer.request.url.path} answers {_said(answer)}")
    return answer.json()


def _said(answer: httpx.Response) -> str:
    return f"{answer.status_code} {' '.join(answer.text.split())[:200]}"

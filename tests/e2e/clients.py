"""Real clients of a workbench: a browser's sign-ins over HTTPS, kernels over the websocket.

They share no code with the package, so that a mistake there can't hide itself here.
"""

import asyncio
import contextlib
import json
import re
import ssl
import time
import uuid
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Site:
    """A workbench as seen from this computer: its names, where they answer, whom to trust."""

    url: str
    ip: str
    ports: dict[str, int]
    ca_certificate: str
    # The address of this computer that requests come from.
    source: str | None = None

    @property
    def name(self) -> str:
        return str(urlsplit(self.url).hostname)

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_certificate)

    def client(self) -> httpx.Client:
        """Return a client that finds every name of the site at its Elastic IP, chain verified."""
        return httpx.Client(
            transport=_AtAddress(self),
            timeout=60,
            headers={"User-Agent": BROWSER},
            follow_redirects=False,
        )


class _AtAddress(httpx.BaseTransport):
    """Send requests to the Elastic IP, as if DNS had said so, keeping name, SNI and chain check."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._http = httpx.HTTPTransport(verify=site.tls(), local_address=site.source)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        port = self._site.ports["443" if request.url.scheme == "https" else "80"]
        # A request of its own: the client keeps cookies by the first one's name.
        sent = httpx.Request(
            request.method,
            request.url.copy_with(host=self._site.ip, port=port),
            headers=request.headers,
            stream=request.stream,
            extensions=dict(request.extensions) | {"sni_hostname": request.url.host},
        )
        return self._http.handle_request(sent)

    def close(self) -> None:
        self._http.close()


@dataclass
class Hub:
    """A person at JupyterHub's pages."""

    site: Site
    user: str
    http: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.http = self.site.client()
        self.base = f"https://{self.site.name}/jupyter"

    def sign_in(self, password: str) -> httpx.Response:
        page = self.http.get(f"{self.base}/hub/login", follow_redirects=True)
        assert page.status_code == 200, page.text
        xsrf = self.http.cookies.get("_xsrf", path="/jupyter/hub/") or _form_xsrf(page.text)
        return self.http.post(
            f"{self.base}/hub/login",
            params={"_xsrf": xsrf},
            data={"username": self.user, "password": password, "_xsrf": xsrf},
        )

    def change_password(self, current: str, new: str) -> httpx.Response:
        """Fill in the page on which a person who is signed in changes the password."""
        page = self.http.get(f"{self.base}/hub/password", follow_redirects=True)
        assert page.status_code == 200, page.text
        typed = {"password": current, "new_password": new, "new_password_again": new}
        return self.http.post(
            f"{self.base}/hub/password", data={**typed, "_xsrf": _form_xsrf(page.text)}
        )

    def start_server(self, limit: float = 120) -> None:
        """Follow the redirects from the spawn page until the user's own server answers."""
        end = time.monotonic() + limit
        url = f"{self.base}/hub/spawn"
        while time.monotonic() < end:
            page = self.http.get(url, follow_redirects=True)
            if f"/jupyter/user/{self.user}/" in str(page.url.path) and page.status_code == 200:
                return
            # A server that died is running to the hub until it looks, and then isn't (424).
            ended = page.status_code == 424
            url = f"{self.base}/hub/spawn" if ended else f"{self.base}/user/{self.user}/lab"
        raise AssertionError(
            f"no server for {self.user} within {limit} s: {page.url} {page.text[:500]}"
        )

    def xsrf(self) -> str:
        """Return what shows the person's server that a request is its own page's."""
        path = f"/jupyter/user/{self.user}/"
        for cookie in self.http.cookies.jar:
            if cookie.name == "_xsrf" and cookie.path == path:
                return str(cookie.value)
        raise AssertionError("the user's server set no _xsrf cookie")

    def run(self, kernel: str, code: str, limit: float = 180) -> str:
        """Start a kernel, run code through its websocket, return what it printed."""
        api = f"{self.base}/user/{self.user}/api"
        headers = {"X-XSRFToken": self.xsrf(), "Referer": f"{self.base}/user/{self.user}/lab"}
        made = self.http.post(f"{api}/kernels", json={"name": kernel}, headers=headers)
        assert made.status_code == 201, made.text
        ident = made.json()["id"]
        try:
            return self._execute(f"{api}/kernels/{ident}/channels", code, limit)
        finally:
            self.http.delete(f"{api}/kernels/{ident}", headers=headers)

    def begin(self, kernel: str, code: str) -> None:
        """Start code in a kernel, and close the browser while it runs."""
        api = f"{self.base}/user/{self.user}/api"
        headers = {"X-XSRFToken": self.xsrf(), "Referer": f"{self.base}/user/{self.user}/lab"}
        made = self.http.post(f"{api}/kernels", json={"name": kernel}, headers=headers)
        assert made.status_code == 201, made.text
        url = f"{api}/kernels/{made.json()['id']}/channels"
        cookie = self.http.build_request("GET", url).headers["Cookie"]
        asyncio.run(self._begin(url, cookie, _execute_request(code)))

    async def _begin(self, url: str, cookie: str, message: dict[str, Any]) -> None:
        async with asyncio.timeout(180), self.channels(url, cookie, 180) as channels:
            await channels.send(json.dumps(message))
            while json.loads(await channels.recv())["msg_type"] != "execute_input":
                pass

    def _execute(self, url: str, code: str, limit: float) -> str:
        cookie = self.http.build_request("GET", url).headers["Cookie"]
        return asyncio.run(self._converse(url, cookie, _execute_request(code), limit))

    async def _converse(self, url: str, cookie: str, message: dict[str, Any], limit: float) -> str:
        async with asyncio.timeout(limit):
            while True:
                # As JupyterLab: Jupyter breaks off where a kernel takes over a minute to start.
                with contextlib.suppress(ConnectionClosed):
                    return await self._converse_once(url, cookie, message, limit)

    def channels(self, url: str, cookie: str, limit: float) -> connect:
        """Open a websocket of a kernel or a terminal."""
        return connect(
            url.replace("https://", "wss://"),
            host=self.site.ip,
            port=self.site.ports["443"],
            ssl=self.site.tls(),
            server_hostname=self.site.name,
            additional_headers={"Cookie": cookie},
            origin=Origin(f"https://{self.site.name}"),
            open_timeout=limit,
            ping_interval=None,
            proxy=None,
        )

    async def _converse_once(
        self, url: str, cookie: str, message: dict[str, Any], limit: float
    ) -> str:
        printed = ""
        async with self.channels(url, cookie, limit) as channels:
            await channels.send(json.dumps(message))
            while True:
                reply = json.loads(await channels.recv())
                if reply["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                    continue
                kind, content = reply["msg_type"], reply["content"]
                if kind == "stream":
                    printed += content["text"]
                elif kind in ("execute_result", "display_data"):
                    printed += content["data"]["text/plain"]
                elif kind == "error":
                    raise AssertionError("\n".join(content["traceback"]))
                elif kind == "status" and content["execution_state"] == "idle":
                    return printed


def _execute_request(code: str) -> dict[str, Any]:
    ident = uuid.uuid4().hex
    return {
        "header": {
            "msg_id": ident,
            "msg_type": "execute_request",
            "username": "",
            "session": ident,
            "version": "5.3",
        },
        "parent_header": {},
        "metadata": {},
        "content": {"code": code, "silent": False, "store_history": False},
        "channel": "shell",
    }


def _form_xsrf(page: str) -> str:
    found = re.search(r'name="_xsrf"\s+value="([^"]+)"', page)
    assert found, "the sign-in form holds no _xsrf"
    return found[1]

"""The instance metadata address, 169.254.169.254, as a machine sees it (IMDSv2)."""

import base64
import hashlib
import hmac
import json
import logging
import secrets
import socket
import time
from collections.abc import Callable
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote
from urllib.parse import urlsplit

from workbench.rehearsal.endpoints.instance_view import InstanceView
from workbench.rehearsal.endpoints.instance_view import Tree
from workbench.rehearsal.endpoints.instance_view import identity_document
from workbench.rehearsal.endpoints.instance_view import metadata_tree
from workbench.rehearsal.endpoints.web import Handler
from workbench.rehearsal.endpoints.web import WebServer

log = logging.getLogger(__name__)

METADATA_ADDRESS = "169.254.169.254"
PORT = 80
# The dated layouts that cloud-init asks for, oldest and newest; the content is the same here.
VERSIONS = (
    "2009-04-04",
    "2011-01-01",
    "2016-09-02",
    "2018-09-24",
    "2019-10-01",
    "2020-10-27",
    "2021-01-03",
    "2021-03-23",
    "2021-07-15",
    "2022-09-24",
    "2024-04-11",
    "latest",
)
LONGEST_TOKEN = 21_600
TOKEN_HEADER = "X-aws-ec2-metadata-token"  # noqa: S105 (a header's name)
TTL_HEADER = "X-aws-ec2-metadata-token-ttl-seconds"
ROLE_PATH = ("meta-data", "iam", "security-credentials")

Lookup = Callable[[str], InstanceView | None]
# (role name, instance id) → AccessKeyId, SecretAccessKey, Token, Expiration, LastUpdated.
Credentials = Callable[[str, str], Mapping[str, str]]


class MetadataServer:
    """Answer each machine, told apart by its source address, with what EC2 knows of it.

    ``credentials`` returns a role's keys for an instance. Start with the bridge's name as
    ``device``, so that several rehearsals answer at the same address.
    """

    def __init__(self, lookup: Lookup, credentials: Credentials) -> None:
        self.lookup = lookup
        self.credentials = credentials
        self.tokens = Tokens()
        self._server: WebServer | None = None

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._server is None:
            raise RuntimeError("the metadata server has not been started")
        return self._server.port

    def start(
        self, address: str = METADATA_ADDRESS, port: int = PORT, device: str | None = None
    ) -> None:
        """Listen; raise a WorkbenchError that names who holds the address if it is taken."""
        self._server = WebServer("the instance metadata service", _MetadataHandler, self)
        self._server.start(address, port, device)

    def stop(self) -> None:
        """Stop listening. Twice is fine."""
        if self._server is not None:
            self._server.stop()


class Tokens:
    """Session tokens that only the instance they were made for can use."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def create(self, instance_id: str, seconds: int) -> str:
        """Return a token that is good for that many seconds."""
        content = f"{int(time.time()) + seconds}:{secrets.token_hex(8)}".encode()
        token = self._sign(instance_id, content) + content
        return base64.urlsafe_b64encode(token).decode().rstrip("=")

    def valid(self, instance_id: str, token: str) -> bool:
        """Whether a token was made here for that instance and has not expired."""
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
            expires = int(raw[32:].partition(b":")[0])
        except ValueError:
            return False
        genuine = hmac.compare_digest(raw[:32], self._sign(instance_id, raw[32:]))
        return genuine and expires > time.time()

    def _sign(self, instance_id: str, content: bytes) -> bytes:
        return hmac.digest(self._key, instance_id.encode() + b"\0" + content, hashlib.sha256)


class _MetadataHandler(Handler):
    """One connection of one machine."""

    server_version = "EC2ws"
    owner: MetadataServer

    def handle_request(self) -> None:
        """Answer as EC2 does: 404 for no instance, 403 when switched off, 401 without a token."""
        self.discard_body()
        view = self.owner.lookup(self.client_address[0])
        if view is None:
            # Nothing EC2 knows of has this address (a machine that is being removed).
            self._refuse(HTTPStatus.NOT_FOUND)
        elif not view.http_endpoint:
            self._refuse(HTTPStatus.FORBIDDEN)
        elif self.command == "PUT":
            self._put(view)
        elif self.command in ("GET", "HEAD"):
            self._get(view)
        else:
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED)

    def _put(self, view: InstanceView) -> None:
        seconds = self.headers.get(TTL_HEADER, "")
        if _parts(self.path) != ("latest", "api", "token"):
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED)
        elif "X-Forwarded-For" in self.headers:
            # EC2 refuses what came through a proxy: a reverse proxy is how tokens were stolen.
            self._refuse(HTTPStatus.FORBIDDEN)
        elif not seconds.isdecimal() or not 1 <= int(seconds) <= LONGEST_TOKEN:
            self._refuse(HTTPStatus.BAD_REQUEST)
        else:
            self._limit_hops(view.hop_limit)
            token = self.owner.tokens.create(view.instance_id, int(seconds))
            self._answer(token.encode(), headers={TTL_HEADER: seconds})

    def _limit_hops(self, hops: int) -> None:
        # A container behind one more router must not get a token: EC2 does it by the packets'
        # time to live, and so the answer is lost on the way, as there.
        self.connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, max(1, min(hops, 64)))

    def _get(self, view: InstanceView) -> None:
        token = self.headers.get(TOKEN_HEADER)
        allowed = view.http_tokens == "optional" if token is None else self._valid(view, token)
        if not allowed:
            self._refuse(HTTPStatus.UNAUTHORIZED)
            return
        version, *rest = _parts(self.path) or ("",)
        if not version:
            self._answer("\n".join(VERSIONS).encode())
        elif version not in VERSIONS:
            self._refuse(HTTPStatus.NOT_FOUND)
        else:
            self._get_content(view, tuple(rest))

    def _valid(self, view: InstanceView, token: str) -> bool:
        return self.owner.tokens.valid(view.instance_id, token)

    def _get_content(self, view: InstanceView, path: tuple[str, ...]) -> None:
        if path == ("user-data",):
            if view.user_data:
                self._answer(view.user_data, "application/octet-stream")
            else:
                self._refuse(HTTPStatus.NOT_FOUND)
        elif path[:3] == ROLE_PATH and len(path) == 4 and path[3] == view.role_name:
            self._answer_credentials(view, path[3])
        else:
            slash = self.path.partition("?")[0].endswith("/")
            content = _find(view, path, slash=slash)
            if content is None:
                self._refuse(HTTPStatus.NOT_FOUND)
            else:
                self._answer(content.encode())

    def _answer_credentials(self, view: InstanceView, role: str) -> None:
        keys = self.owner.credentials(role, view.instance_id)
        # A role that EC2 may not assume has another code, with the reason.
        document = {"Code": "Success", "Type": "AWS-HMAC", **keys}
        self._answer(json.dumps(document, indent=2).encode(), "application/json")

    def _answer(
        self,
        body: bytes,
        content_type: str = "text/plain",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.answer(HTTPStatus.OK, body, {"Content-Type": content_type, **(headers or {})})

    def _refuse(self, status: HTTPStatus) -> None:
        page = _PAGE.format(status=status.value, phrase=status.phrase)
        self.answer(status, page.encode(), {"Content-Type": "text/html"})


_PAGE = """<?xml version="1.0" encoding="iso-8859-1"?>
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head><title>{status} - {phrase}</title></head>
 <body><h1>{status} - {phrase}</h1></body>
</html>
"""


def _parts(path: str) -> tuple[str, ...]:
    # EC2 takes doubled slashes for one: clients join addresses carelessly.
    return tuple(unquote(part) for part in urlsplit("//host" + path).path.split("/") if part)


def _root(view: InstanceView) -> Tree:
    data: Any = metadata_tree(view)
    if view.role_name is not None:
        data.setdefault("iam", {})["security-credentials"] = {view.role_name: ""}
    root: Tree = {
        "dynamic": {"instance-identity": {"document": identity_document(view)}},
        "meta-data": data,
    }
    if view.user_data:
        root["user-data"] = ""
    return root


def _find(view: InstanceView, path: tuple[str, ...], *, slash: bool) -> str | None:
    found: Tree | str = _root(view)
    for part in path:
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    if isinstance(found, str):
        return None if slash else found
    if path == ROLE_PATH:  # the role's name, though what is below it is a leaf
        return "\n".join(found)
    if path == ("meta-data", "public-keys"):
        return "\n".join(f"{index}={view.key_name or 'key'}" for index in found)
    return _listing(found)


def _listing(tree: Tree) -> str:
    return "\n".join(name + ("/" if isinstance(tree[name], dict) else "") for name in sorted(tree))

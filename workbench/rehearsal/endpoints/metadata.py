"""The instance metadata address, 169.254.169.254, as a machine sees it (IMDSv2)."""

import base64
import hashlib
import hmac
import json
import secrets
import socket
import time
from collections.abc import Callable
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Request
from werkzeug.wrappers import Response

from workbench.rehearsal.endpoints.instance_view import InstanceView
from workbench.rehearsal.endpoints.instance_view import Tree
from workbench.rehearsal.endpoints.instance_view import identity_document
from workbench.rehearsal.endpoints.instance_view import metadata_tree
from workbench.rehearsal.network.web import WebServer

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


class MetadataServer(WebServer):
    """Answer each machine, told apart by its source address, with what EC2 knows of it.

    ``credentials`` returns a role's keys for an instance. Start with the bridge's name as
    ``device``, so that several rehearsals answer at the same address.
    """

    def __init__(self, lookup: Lookup, credentials: Credentials) -> None:
        self._lookup = lookup
        self._credentials = credentials
        self._tokens = Tokens()
        super().__init__("the instance metadata service", Request.application(self._answer))

    def start(
        self,
        address: str = METADATA_ADDRESS,
        port: int = PORT,
        device: str | None = None,
        *,
        other: bool = False,
    ) -> None:
        """Listen; raise a WorkbenchError that names who holds the address if it is taken."""
        super().start(address, port, device, other=other)

    def _answer(self, request: Request) -> Response:
        """Answer as EC2 does: 404 for no instance, 403 when switched off, 401 without a token."""
        view = self._lookup(request.remote_addr or "")
        if view is None:
            # Nothing EC2 knows of has this address (a machine that is being removed).
            return _refused(HTTPStatus.NOT_FOUND)
        if not view.http_endpoint:
            return _refused(HTTPStatus.FORBIDDEN)
        if request.method == "PUT":
            return self._put(view, request)
        if request.method in ("GET", "HEAD"):
            return self._get(view, request)
        return _refused(HTTPStatus.METHOD_NOT_ALLOWED)

    def _put(self, view: InstanceView, request: Request) -> Response:
        seconds = request.headers.get(TTL_HEADER, "")
        if _parts(request) != ("latest", "api", "token"):
            return _refused(HTTPStatus.METHOD_NOT_ALLOWED)
        if "X-Forwarded-For" in request.headers:
            # EC2 refuses what came through a proxy: a reverse proxy is how tokens were stolen.
            return _refused(HTTPStatus.FORBIDDEN)
        if not seconds.isdecimal() or not 1 <= int(seconds) <= LONGEST_TOKEN:
            return _refused(HTTPStatus.BAD_REQUEST)
        # A container behind one more router must not get a token: EC2 does it by the packets'
        # time to live, and so the answer is lost on the way, as there.
        hops = max(1, min(view.hop_limit, 64))
        request.environ["werkzeug.socket"].setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)
        token = self._tokens.create(view.instance_id, int(seconds))
        return Response(token, headers={TTL_HEADER: seconds}, content_type="text/plain")

    def _get(self, view: InstanceView, request: Request) -> Response:
        token = request.headers.get(TOKEN_HEADER)
        if token is None and view.http_tokens != "optional":
            return _refused(HTTPStatus.UNAUTHORIZED)
        if token is not None and not self._tokens.valid(view.instance_id, token):
            return _refused(HTTPStatus.UNAUTHORIZED)
        version, *path = _parts(request) or ("",)
        if not version:
            return Response("\n".join(VERSIONS), content_type="text/plain")
        if version not in VERSIONS:
            return _refused(HTTPStatus.NOT_FOUND)
        return self._content(view, tuple(path), slash=request.path.endswith("/"))

    def _content(self, view: InstanceView, path: tuple[str, ...], *, slash: bool) -> Response:
        if path == ("user-data",) and view.user_data:
            return Response(view.user_data, content_type="application/octet-stream")
        if path[:3] == ROLE_PATH and len(path) == 4 and path[3] == view.role_name:
            keys = self._credentials(path[3], view.instance_id)
            # A role that EC2 may not assume has another code, with the reason.
            document = {"Code": "Success", "Type": "AWS-HMAC", **keys}
            return Response(json.dumps(document, indent=2), content_type="application/json")
        content = None if path == ("user-data",) else _find(view, path, slash=slash)
        if content is None:
            return _refused(HTTPStatus.NOT_FOUND)
        return Response(content, content_type="text/plain")


class Tokens:
    """Session tokens that only the instance they were made for can use."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def create(self, instance_id: str, seconds: int) -> str:
        """Return a token that is good for that many seconds."""
        content = f"{int(time.monotonic()) + seconds}:{secrets.token_hex(8)}".encode()
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
        return genuine and expires > time.monotonic()

    def _sign(self, instance_id: str, content: bytes) -> bytes:
        return hmac.digest(self._key, instance_id.encode() + b"\0" + content, hashlib.sha256)


_PAGE = """<?xml version="1.0" encoding="iso-8859-1"?>
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head><title>{status} - {phrase}</title></head>
 <body><h1>{status} - {phrase}</h1></body>
</html>
"""


def _refused(status: HTTPStatus) -> Response:
    page = _PAGE.format(status=status.value, phrase=status.phrase)
    return Response(page, status, content_type="text/html")


def _parts(request: Request) -> tuple[str, ...]:
    # EC2 takes doubled slashes for one: clients join addresses carelessly.
    return tuple(part for part in request.path.split("/") if part)


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

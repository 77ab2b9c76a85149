"""AWS's endpoints as a machine sees them: TLS under AWS's own names, in front of the API."""

import contextlib
import hashlib
import http.client
import logging
from http import HTTPStatus
from typing import IO
from urllib.parse import urlsplit

from workbench.rehearsal.endpoints.bodies import TooLargeError
from workbench.rehearsal.endpoints.bodies import receive
from workbench.rehearsal.endpoints.ca import CertificateAuthority
from workbench.rehearsal.endpoints.certificates import EndpointCertificates
from workbench.rehearsal.endpoints.certificates import endpoint_of
from workbench.rehearsal.endpoints.web import Handler
from workbench.rehearsal.endpoints.web import WebServer
from workbench.rehearsal.iam.authorization import Authorizer
from workbench.rehearsal.iam.authorization import Caller
from workbench.rehearsal.iam.refusals import AccessDenied
from workbench.rehearsal.iam.refusals import Refusal
from workbench.rehearsal.iam.refusals import render
from workbench.rehearsal.iam.request import S3_HOST
from workbench.rehearsal.iam.request import ApiRequest
from workbench.rehearsal.network.dns import AWS_ENDPOINT_ADDRESS

log = logging.getLogger(__name__)

PORT = 443
CHUNK = 256 * 1024
# S3 takes 5 GiB in one request; other services a few MiB.
LARGEST_OBJECT = 5 * 1024**3
LARGEST_CALL = 16 * 1024**2
# How long the API may take for one call (seconds).
LIMIT = 300.0
# Headers that are about one connection, not about the message (RFC 9110, 7.6.1).
HOP_BY_HOP = frozenset(
    ("connection", "expect", "keep-alive", "proxy-connection", "te", "trailer", "upgrade")
)


class AwsEndpoints:
    """Answer as ``*.amazonaws.com`` does: check who asks and what they may, then pass it on.

    ``api_url`` is where the API itself listens, on loopback and in plain HTTP.
    """

    def __init__(
        self, api_url: str, authority: CertificateAuthority, authorizer: Authorizer
    ) -> None:
        split = urlsplit(api_url)
        self.api = (split.hostname or "127.0.0.1", split.port or 80)
        self.authorizer = authorizer
        self._server = WebServer(
            "the AWS endpoint", _EndpointHandler, self, EndpointCertificates(authority).context
        )

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.port

    def start(
        self, address: str = AWS_ENDPOINT_ADDRESS, port: int = PORT, device: str | None = None
    ) -> None:
        """Listen; raise a WorkbenchError that names who holds the address if it is taken."""
        self._server.start(address, port, device)

    def stop(self) -> None:
        """Stop listening. Twice is fine."""
        self._server.stop()


class _EndpointHandler(Handler):
    server_version = "AmazonEC2"
    owner: AwsEndpoints

    def handle_expect_100(self) -> bool:
        # Said when the body is read: who isn't allowed need not send it.
        return True

    def handle_request(self) -> None:
        """Check a request, pass it on, and pass the answer back."""
        self._body_read = False
        request = self._request(b"")
        if endpoint_of(request.host) is None:
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
            return
        is_s3 = S3_HOST.fullmatch(request.host) is not None
        try:
            if is_s3:
                caller = self.owner.authorizer.authorise(request)
            with self._body(LARGEST_OBJECT if is_s3 else LARGEST_CALL) as body:
                if is_s3:
                    _check_digest(request, body)
                else:
                    request = self._request(body.read())
                    body.seek(0)
                    caller = self.owner.authorizer.authorise(request)
                self._forward(request, body, caller)
        except AccessDenied as denied:
            self._deny(denied)
        except TooLargeError:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def _request(self, body: bytes) -> ApiRequest:
        source = self.client_address[0]
        return ApiRequest(self.command, self.path, self.headers.items(), source, body)

    def _body(self, limit: int) -> IO[bytes]:
        self._body_read = True
        if self.headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        return receive(self.rfile, self.headers, limit)

    def _deny(self, denied: AccessDenied) -> None:
        log.info("refused %s %s: %s", self.command, self.path.partition("?")[0], denied.message)
        self._finish_body()
        self.answer(*_ordered(render(denied)))

    def _refuse(self, status: HTTPStatus) -> None:
        self._finish_body()
        self.answer(status, b"", {"Content-Type": "text/plain", "Connection": "close"})
        self.close_connection = True

    def _finish_body(self) -> None:
        if self._body_read:
            return
        if self.headers.get("Expect"):
            self.close_connection = True  # it may come all the same, or not
        else:
            self.discard_body()

    def _forward(self, request: ApiRequest, body: IO[bytes], caller: Caller) -> None:
        api = http.client.HTTPConnection(*self.owner.api, timeout=LIMIT)
        with contextlib.closing(api):
            try:
                self._send(api, body)
                answer = api.getresponse()
            except OSError as error:
                log.warning("the API did not answer: %s", error)
                self.answer(HTTPStatus.SERVICE_UNAVAILABLE, b"", {})
                return
            if answer.status == HTTPStatus.NOT_FOUND:
                _check_may_know(self.owner.authorizer, caller, request)
            self._pass_back(answer)

    def _send(self, api: http.client.HTTPConnection, body: IO[bytes]) -> None:
        api.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP | {"content-length", "transfer-encoding"}:
                api.putheader(name, value)
        length = body.seek(0, 2)
        body.seek(0)
        if length or "Content-Length" in self.headers:
            api.putheader("Content-Length", str(length))
        api.putheader("Connection", "close")
        api.endheaders()
        while chunk := body.read(CHUNK):
            api.send(chunk)

    def _pass_back(self, answer: http.client.HTTPResponse) -> None:
        has_body = self.command != "HEAD" and answer.status not in (204, 304)
        chunked = has_body and answer.length is None and self.request_version != "HTTP/1.0"
        if answer.length is None and not chunked:
            self.close_connection = True  # which is what ends the body, then
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.headers.items():
            if name.lower() not in HOP_BY_HOP | {"transfer-encoding"}:
                self.send_header(name, value)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if has_body:
            self._pass_body(answer, chunked=chunked)

    def _pass_body(self, answer: http.client.HTTPResponse, *, chunked: bool) -> None:
        while chunk := answer.read(CHUNK):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunked else chunk)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")
        elif answer.length:  # what it promised and didn't send
            # Cut short: only the end of the connection tells the client.
            self.close_connection = True


def _check_digest(request: ApiRequest, body: IO[bytes]) -> None:
    """Raise AccessDenied unless the body is the one that was signed."""
    signed = request.header("x-amz-content-sha256")
    if signed is None or len(signed) != 64:  # UNSIGNED-PAYLOAD, STREAMING-…
        return
    digest = hashlib.file_digest(body, "sha256").hexdigest()  # type: ignore[arg-type]
    body.seek(0)
    if digest != signed.lower():
        message = "The provided 'x-amz-content-sha256' header does not match what was computed."
        raise AccessDenied(Refusal.WRONG_DIGEST, message, "s3")


def _check_may_know(authorizer: Authorizer, caller: Caller, request: ApiRequest) -> None:
    """Raise AccessDenied where S3 doesn't say who asks that an object isn't there."""
    if caller.service != "s3" or request.method not in ("GET", "HEAD"):
        return
    bucket, key = request.s3_object
    if key and not authorizer.allows(caller, "s3:ListBucket", f"arn:aws:s3:::{bucket}", request):
        message = (
            f"User: {caller.arn} is not authorized to perform: s3:ListBucket on resource: "
            f"arn:aws:s3:::{bucket} because no identity-based policy allows the "
            "s3:ListBucket action"
        )
        raise AccessDenied(Refusal.DENIED, message, "s3")


def _ordered(
    rendered: tuple[int, dict[str, str], bytes],
) -> tuple[int, bytes, dict[str, str]]:
    status, headers, body = rendered
    return status, body, headers

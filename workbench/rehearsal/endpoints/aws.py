"""AWS's endpoints as a machine sees them: TLS under AWS's own names, in front of the API."""

import hashlib
import logging
import socket
from collections.abc import Callable
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from workbench.rehearsal.endpoints.ca import CertificateAuthority
from workbench.rehearsal.endpoints.certificates import EndpointCertificates
from workbench.rehearsal.endpoints.certificates import endpoint_of
from workbench.rehearsal.iam.authorization import Authorizer
from workbench.rehearsal.iam.authorization import Caller
from workbench.rehearsal.iam.refusals import AccessDenied
from workbench.rehearsal.iam.refusals import Refusal
from workbench.rehearsal.iam.refusals import refused
from workbench.rehearsal.iam.request import S3_HOST
from workbench.rehearsal.iam.request import ApiRequest
from workbench.rehearsal.network.dns import AWS_ENDPOINT_ADDRESS
from workbench.rehearsal.network.web import Environ
from workbench.rehearsal.network.web import WebServer
from workbench.rehearsal.network.web import read_body

log = logging.getLogger(__name__)

PORT = 443
# Where S3's name without a region points to.
OLDEST_REGION = "us-east-1"
# S3 takes 5 GiB in one request; other services a few MiB.
LARGEST_OBJECT = 5 * 1024**3
LARGEST_CALL = 16 * 1024**2


class AwsEndpoints(WebServer):
    """Answer as ``*.amazonaws.com`` does: check who asks and what they may, then pass it on.

    ``api`` is the API itself, a WSGI application. ``reaches`` says whether anything leads from the
    machine at an address to the endpoint by a name: from where nothing does, no answer comes.
    """

    def __init__(
        self,
        api: Any,
        authority: CertificateAuthority,
        authorizer: Authorizer,
        reaches: Callable[[str, str], bool] = lambda _source, _host: True,
    ) -> None:
        self._api = api
        self._authorizer = authorizer
        self._reaches = reaches
        super().__init__("the AWS endpoint", self._serve, EndpointCertificates(authority).context)

    def start(
        self,
        address: str = AWS_ENDPOINT_ADDRESS,
        port: int = PORT,
        device: str | None = None,
        *,
        other: bool = False,
    ) -> None:
        """Listen; raise a WorkbenchError that names who holds the address if it is taken."""
        super().start(address, port, device, other=other)

    def _serve(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        try:
            answer = self._answer(environ)
        except AccessDenied as denied:
            place = environ["PATH_INFO"]
            log.info("refused %s %s: %s", environ["REQUEST_METHOD"], place, denied.message)
            answer = refused(denied)
        except RequestEntityTooLarge as error:
            answer = Response(status=error.code)
        return answer(environ, start_response)

    def _answer(self, environ: Environ) -> Response:
        """Check a request and return the API's answer."""
        request = ApiRequest.of(environ)
        if endpoint_of(request.host) is None:
            return Response(status=HTTPStatus.MISDIRECTED_REQUEST)
        if not self._reaches(request.source_ip, _regional(request.host)):
            log.info("nothing leads from %s to %s", request.source_ip, request.host)
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError
        if S3_HOST.fullmatch(request.host):
            # Before the body, which may be large: it isn't asked for where it can't be kept.
            caller = self._authorizer.authorise(request)
            _check_digest(request, read_body(environ, LARGEST_OBJECT))
        else:
            request = ApiRequest.of(environ, read_body(environ, LARGEST_CALL))
            caller = self._authorizer.authorise(request)
        content, status, headers = run_wsgi_app(self._api, environ)
        answer = Response(content, status, headers)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            _check_may_know(self._authorizer, caller, request)
        return answer


def _regional(host: str) -> str:
    """Return a service's name in its region, which endpoints in a VPC go by, for any of S3's."""
    match = S3_HOST.fullmatch(host)
    return host if match is None else f"s3.{match['region'] or OLDEST_REGION}.amazonaws.com"


def _check_digest(request: ApiRequest, body: bytes) -> None:
    """Raise AccessDenied unless the body is the one that was signed."""
    signed = request.header("x-amz-content-sha256")
    if signed is None or len(signed) != 64:  # UNSIGNED-PAYLOAD, STREAMING-…
        return
    if hashlib.sha256(body).hexdigest() != signed.lower():
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

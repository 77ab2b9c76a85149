"""Hold what this computer asks of the API to the policies of the user whose keys it signs with.

The rehearsal's own keys are nobody's at first, and may do everything. A user's, made with
``aws iam create-access-key``, may do what the user's policies allow, as on AWS; and the keys of
the user ``rehearsal`` are the rehearsal's own.
"""

from typing import Any

from werkzeug.wrappers import Response

from workbench.rehearsal.api.bodies import read_body
from workbench.rehearsal.iam.authorization import Authorizer
from workbench.rehearsal.iam.refusals import AccessDenied
from workbench.rehearsal.iam.refusals import render
from workbench.rehearsal.iam.request import ApiRequest

# S3's bodies may be large, and its signature holds their digest; others are nowhere near this.
_LARGEST_CALL = 16 * 1024**2
_S3 = "/s3/aws4_request"


def refuse(environ: dict[str, Any], authorizer: Authorizer) -> Response | None:
    """Return AWS's refusal of a request, None where it may pass."""
    signed = environ.get("HTTP_AUTHORIZATION", "")
    if not signed:
        return None
    body = b"" if _S3 in signed else read_body(environ, _LARGEST_CALL)
    request = ApiRequest(
        environ["REQUEST_METHOD"],
        environ.get("REQUEST_URI") or environ.get("RAW_URI") or environ["PATH_INFO"],
        _headers(environ),
        environ.get("REMOTE_ADDR", ""),
        body,
    )
    try:
        authorizer.authorise_here(request)
    except AccessDenied as denied:
        status, headers, answer = render(denied)
        return Response(answer, status, headers)
    return None


def _headers(environ: dict[str, Any]) -> list[tuple[str, str]]:
    plain = [
        (name, environ[name]) for name in ("CONTENT_TYPE", "CONTENT_LENGTH") if name in environ
    ]
    sent = [(name[5:], value) for name, value in environ.items() if name.startswith("HTTP_")]
    return [(name.replace("_", "-"), str(value)) for name, value in (*plain, *sent)]

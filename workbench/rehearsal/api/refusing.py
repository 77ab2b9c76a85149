"""Hold what this computer asks of the API to the policies of the user whose keys it signs with.

The rehearsal's own keys are nobody's at first, and may do everything. A user's, made with
``aws iam create-access-key``, may do what the user's policies allow, as on AWS; and the keys of
the user ``rehearsal`` are the rehearsal's own.
"""

from werkzeug.wrappers import Response

from workbench.rehearsal.iam.authorization import Authorizer
from workbench.rehearsal.iam.refusals import AccessDenied
from workbench.rehearsal.iam.refusals import refused
from workbench.rehearsal.iam.request import ApiRequest
from workbench.rehearsal.network.web import Environ
from workbench.rehearsal.network.web import read_body

# S3's bodies may be large, and its signature holds their digest; others are nowhere near this.
_LARGEST_CALL = 16 * 1024**2
_S3 = "/s3/aws4_request"


def refuse(environ: Environ, authorizer: Authorizer) -> Response | None:
    """Return AWS's refusal of a request, None where it may pass."""
    signed = environ.get("HTTP_AUTHORIZATION", "")
    if not signed:
        return None
    body = b"" if _S3 in signed else read_body(environ, _LARGEST_CALL)
    try:
        authorizer.authorise_here(ApiRequest.of(environ, body))
    except AccessDenied as denied:
        return refused(denied)
    return None

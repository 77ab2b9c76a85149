"""What AWS answers to a request that it doesn't allow, in each service's own form."""

import json
import uuid
from enum import Enum
from functools import lru_cache
from xml.sax.saxutils import escape

import botocore.session
from botocore.exceptions import UnknownServiceError
from werkzeug.wrappers import Response

# Where the name that a request is signed for isn't the SDK's name of the service.
SDK_NAMES = {
    "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
    "elasticfilesystem": "efs",
    "email": "ses",
    "states": "stepfunctions",
    "tagging": "resourcegroupstaggingapi",
}


class Refusal(Enum):
    """Why a request isn't allowed."""

    DENIED = "denied"
    UNSIGNED = "unsigned"
    UNKNOWN_KEY = "unknown key"
    WRONG_TOKEN = "wrong token"  # noqa: S105 (no secret)
    EXPIRED_TOKEN = "expired token"  # noqa: S105 (no secret)
    WRONG_SIGNATURE = "wrong signature"
    WRONG_TIME = "wrong time"
    WRONG_DIGEST = "wrong digest"


class AccessDenied(Exception):
    """AWS refuses the request; ``service`` is the name it was signed for."""

    def __init__(self, refusal: Refusal, message: str, service: str) -> None:
        super().__init__(message)
        self.refusal = refusal
        self.message = message
        self.service = service


# By the form of a service's errors: the code and the HTTP status of each refusal.
S3 = {
    Refusal.DENIED: ("AccessDenied", 403),
    Refusal.UNSIGNED: ("AccessDenied", 403),
    Refusal.UNKNOWN_KEY: ("InvalidAccessKeyId", 403),
    Refusal.WRONG_TOKEN: ("InvalidToken", 400),
    Refusal.EXPIRED_TOKEN: ("ExpiredToken", 400),
    Refusal.WRONG_SIGNATURE: ("SignatureDoesNotMatch", 403),
    Refusal.WRONG_TIME: ("RequestTimeTooSkewed", 403),
    Refusal.WRONG_DIGEST: ("XAmzContentSHA256Mismatch", 400),
}
EC2 = {
    Refusal.DENIED: ("UnauthorizedOperation", 403),
    Refusal.UNSIGNED: ("MissingAuthenticationToken", 400),
    Refusal.UNKNOWN_KEY: ("AuthFailure", 401),
    Refusal.WRONG_TOKEN: ("AuthFailure", 401),
    Refusal.EXPIRED_TOKEN: ("RequestExpired", 400),
    Refusal.WRONG_SIGNATURE: ("AuthFailure", 401),
    Refusal.WRONG_TIME: ("RequestExpired", 400),
}
JSON = {
    Refusal.DENIED: ("AccessDeniedException", 400),
    Refusal.UNSIGNED: ("MissingAuthenticationTokenException", 400),
    Refusal.UNKNOWN_KEY: ("UnrecognizedClientException", 400),
    Refusal.WRONG_TOKEN: ("UnrecognizedClientException", 400),
    Refusal.EXPIRED_TOKEN: ("ExpiredTokenException", 400),
    Refusal.WRONG_SIGNATURE: ("InvalidSignatureException", 400),
    Refusal.WRONG_TIME: ("InvalidSignatureException", 400),
}
REST_JSON = {refusal: (code, 403) for refusal, (code, _) in JSON.items()}
QUERY = {
    Refusal.DENIED: ("AccessDenied", 403),
    Refusal.UNSIGNED: ("MissingAuthenticationToken", 403),
    Refusal.UNKNOWN_KEY: ("InvalidClientTokenId", 403),
    Refusal.WRONG_TOKEN: ("InvalidClientTokenId", 403),
    Refusal.EXPIRED_TOKEN: ("ExpiredToken", 403),
    Refusal.WRONG_SIGNATURE: ("SignatureDoesNotMatch", 403),
    Refusal.WRONG_TIME: ("SignatureDoesNotMatch", 403),
}


def refused(denied: AccessDenied) -> Response:
    """Return the answer that the service's SDKs expect of a refusal."""
    request_id = str(uuid.uuid4())
    protocol = service_protocol(denied.service)
    if denied.service in ("s3", "s3express"):
        return _xml(S3, denied, S3_ERROR, {"x-amz-request-id": request_id})
    if protocol == "ec2":
        return _xml(EC2, denied, EC2_ERROR, {"x-amzn-RequestId": request_id})
    if protocol in ("json", "rest-json", "smithy-rpc-v2-cbor"):
        code, status = _row(REST_JSON if protocol == "rest-json" else JSON, denied)
        body = json.dumps({"__type": code, "message": denied.message})
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "x-amzn-ErrorType": code,
            "x-amzn-RequestId": request_id,
        }
        return Response(body, status, headers)
    return _xml(QUERY, denied, QUERY_ERROR, {"x-amzn-RequestId": request_id})


@lru_cache(maxsize=64)
def service_model(signing_name: str) -> object | None:
    """Return botocore's model of the service a request is signed for, None if unknown."""
    name = SDK_NAMES.get(signing_name, signing_name)
    try:
        return botocore.session.get_session().get_service_model(name)
    except UnknownServiceError:
        return None


def service_protocol(signing_name: str) -> str:
    """Return the protocol a service's errors are in ("query" when the service is unknown)."""
    return str(getattr(service_model(signing_name), "protocol", "query"))


S3_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}'
    "</Message><RequestId>{id}</RequestId><HostId>rehearsal</HostId></Error>"
)
EC2_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error><Code>{code}</Code>'
    "<Message>{message}</Message></Error></Errors><RequestID>{id}</RequestID></Response>"
)
QUERY_ERROR = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse><Error><Type>Sender</Type>'
    "<Code>{code}</Code><Message>{message}</Message></Error><RequestId>{id}</RequestId>"
    "</ErrorResponse>"
)


def _xml(
    table: dict[Refusal, tuple[str, int]],
    denied: AccessDenied,
    template: str,
    headers: dict[str, str],
) -> Response:
    code, status = _row(table, denied)
    (request_id,) = headers.values()
    message = denied.message
    if code == "UnauthorizedOperation":
        message = f"You are not authorized to perform this operation. {message}"
    body = template.format(code=code, message=escape(message), id=request_id)
    return Response(body, status, {"Content-Type": "application/xml", **headers})


def _row(table: dict[Refusal, tuple[str, int]], denied: AccessDenied) -> tuple[str, int]:
    return table.get(denied.refusal) or table[Refusal.WRONG_SIGNATURE]

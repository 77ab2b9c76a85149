"""Read and check the signature of a request (AWS Signature Version 4).

https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
"""

import datetime
import hashlib
import hmac
import re
from dataclasses import dataclass
from urllib.parse import quote
from urllib.parse import unquote_to_bytes

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from workbench.rehearsal.iam.refusals import AccessDenied
from workbench.rehearsal.iam.refusals import Refusal
from workbench.rehearsal.iam.request import ApiRequest

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
# How far the two clocks may be apart; a presigned address may live for a week at most.
SKEW = datetime.timedelta(minutes=15)
LONGEST_LIFE = 604_800
UNRESERVED = "-_.~"


@dataclass(frozen=True)
class Signature:
    """What a request says of its signature."""

    key_id: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    token: str | None
    presigned: bool
    seconds: int = 0


def read_signature(request: ApiRequest) -> Signature | None:
    """Return the signature of a request, None when it has none that can be read."""
    authorization = request.header("Authorization")
    if authorization is not None:
        return _from_header(request, authorization)
    if request.query.get("X-Amz-Algorithm") == ALGORITHM:
        return _from_query(request.query)
    return None


def check_signature(
    request: ApiRequest, signed: Signature, credentials: Credentials, now: datetime.datetime
) -> None:
    """Raise AccessDenied unless the signature is of these credentials and of this time."""
    _check_time(signed, now)
    if "host" not in signed.signed_headers:
        raise _mismatch(signed)
    auth = SigV4Auth(credentials, signed.service, signed.region)
    aws_request = AWSRequest(method=request.method)
    aws_request.context["timestamp"] = signed.timestamp
    text = auth.string_to_sign(aws_request, _canonical(request, signed))
    if not hmac.compare_digest(auth.signature(text, aws_request), signed.signature):
        raise _mismatch(signed)


def payload_digest(request: ApiRequest, signed: Signature) -> str:
    """Return what the signature covers of the body: its SHA-256, or that it isn't covered."""
    if signed.presigned and signed.service == "s3":
        return request.header("x-amz-content-sha256") or UNSIGNED_PAYLOAD
    if signed.service == "s3":
        return request.header("x-amz-content-sha256") or hashlib.sha256(b"").hexdigest()
    return hashlib.sha256(request.body).hexdigest()


def _from_header(request: ApiRequest, authorization: str) -> Signature | None:
    algorithm, _, rest = authorization.strip().partition(" ")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    scope = _scope(fields.get("Credential", ""))
    timestamp = request.header("X-Amz-Date") or ""
    if algorithm != ALGORITHM or not scope:
        return None
    return Signature(
        *scope,
        signed_headers=tuple(fields.get("SignedHeaders", "").lower().split(";")),
        signature=fields.get("Signature", ""),
        timestamp=timestamp,
        token=request.header("X-Amz-Security-Token"),
        presigned=False,
    )


def _from_query(query: dict[str, str]) -> Signature | None:
    scope = _scope(query.get("X-Amz-Credential", ""))
    seconds = query.get("X-Amz-Expires", "")
    if not scope or not seconds.isdecimal():
        return None
    return Signature(
        *scope,
        signed_headers=tuple(query.get("X-Amz-SignedHeaders", "").lower().split(";")),
        signature=query.get("X-Amz-Signature", ""),
        timestamp=query.get("X-Amz-Date", ""),
        token=query.get("X-Amz-Security-Token"),
        presigned=True,
        seconds=min(int(seconds), LONGEST_LIFE),
    )


def _scope(credential: str) -> tuple[str, str, str, str] | None:
    """Return the key's number, the date, the region and the service that a credential names."""
    parts = credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request":
        return None
    key_id, date, region, service, _ = parts
    return key_id, date, region, service


def _check_time(signed: Signature, now: datetime.datetime) -> None:
    try:
        then = datetime.datetime.strptime(signed.timestamp, "%Y%m%dT%H%M%SZ")
    except ValueError:
        raise _mismatch(signed) from None
    then = then.replace(tzinfo=datetime.UTC)
    life = datetime.timedelta(seconds=signed.seconds) if signed.presigned else SKEW
    if not signed.timestamp.startswith(signed.date) or not then - SKEW <= now <= then + life:
        raise AccessDenied(
            Refusal.WRONG_TIME,
            f"The request was signed at {signed.timestamp}, too far from the present time.",
            signed.service,
        )


def _canonical(request: ApiRequest, signed: Signature) -> str:
    headers = [f"{name}:{_plain(request.header(name))}\n" for name in signed.signed_headers]
    return "\n".join(
        [
            request.method,
            _canonical_path(request.raw_path, signed.service),
            _canonical_query(request.raw_query),
            "".join(headers),
            ";".join(signed.signed_headers),
            payload_digest(request, signed),
        ]
    )


def _canonical_path(path: str, service: str) -> str:
    # Whatever a client escaped and left, AWS escapes its own way; twice for all but S3.
    once = quote(unquote_to_bytes(path), safe="/" + UNRESERVED)
    if service == "s3":
        return once
    # Other services' paths are also made plain: no "//", no "/./".
    segments = [part for part in once.split("/") if part not in ("", ".")]
    plain = "/" + "/".join(segments)
    if once.endswith("/") and segments:
        plain += "/"
    return quote(plain, safe="/" + UNRESERVED)


def _canonical_query(query: str) -> str:
    pairs = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if part and name != "X-Amz-Signature":
            pairs.append((_escaped(name), _escaped(value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _escaped(text: str) -> str:
    return quote(unquote_to_bytes(text), safe=UNRESERVED)


def _plain(value: str | None) -> str:
    return re.sub(r"\s+", " ", (value or "").strip())


def _mismatch(signed: Signature) -> AccessDenied:
    return AccessDenied(
        Refusal.WRONG_SIGNATURE,
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
        signed.service,
    )

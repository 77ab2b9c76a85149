"""A request to AWS's API as it came over the wire, and what its address says."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from functools import cached_property
from urllib.parse import parse_qsl
from urllib.parse import unquote

from workbench.rehearsal.network.web import HEADERS
from workbench.rehearsal.network.web import Environ

# s3.amazonaws.com, s3.us-east-1…, s3.dualstack.us-east-1…, s3-us-west-2… (the old form).
S3_HOST = re.compile(
    r"(?:(?P<bucket>.+)\.)?s3(?:[.-](?:dualstack\.)?(?P<region>[a-z]{2}(?:-[a-z]+)+-\d))?"
    r"\.amazonaws\.com"
)


@dataclass(frozen=True)
class ApiRequest:
    """One request; ``target`` is path and query as sent, ``source_ip`` who sent it.

    ``body`` is empty for S3, whose bodies may be large and whose signature holds their digest.
    """

    method: str
    target: str
    headers: Iterable[tuple[str, str]]
    source_ip: str
    body: bytes = field(default=b"", repr=False)

    @classmethod
    def of(cls, environ: Environ, body: bytes = b"") -> "ApiRequest":
        """Return a request that the rehearsal's web server took."""
        return cls(
            environ["REQUEST_METHOD"],
            environ["RAW_URI"],
            environ[HEADERS],
            environ.get("REMOTE_ADDR", ""),
            body,
        )

    def header(self, name: str) -> str | None:
        """Return a header's value (joined by commas where it came more than once)."""
        wanted = name.lower()
        found = [value for key, value in self.headers if key.lower() == wanted]
        return ",".join(found) if found else None

    @property
    def host(self) -> str:
        """The host asked for, without a port and in lower case."""
        return (self.header("Host") or "").partition(":")[0].lower()

    @property
    def raw_path(self) -> str:
        """The path as sent."""
        return self.target.partition("?")[0] or "/"

    @property
    def path(self) -> str:
        """The path with its escapes undone."""
        return unquote(self.raw_path)

    @property
    def raw_query(self) -> str:
        """The query as sent."""
        return self.target.partition("?")[2]

    @cached_property
    def query(self) -> dict[str, str]:
        """The query's parameters, the first of each name."""
        return _parameters(self.raw_query)

    @cached_property
    def form(self) -> dict[str, str]:
        """The parameters of the query and of a form in the body."""
        kind = self.header("Content-Type") or ""
        if not kind.startswith("application/x-www-form-urlencoded"):
            return self.query
        return self.query | _parameters(self.body.decode("utf-8", errors="replace"))

    @property
    def s3_object(self) -> tuple[str, str]:
        """The bucket and the key that an S3 request is about, either may be empty."""
        match = S3_HOST.fullmatch(self.host)
        path = self.path.removeprefix("/")
        if match is not None and match["bucket"]:
            return match["bucket"], path
        bucket, _, key = path.partition("/")
        return bucket, key


def _parameters(text: str) -> dict[str, str]:
    pairs = parse_qsl(text, keep_blank_values=True)
    return dict(reversed(pairs))

"""The AWS API of a rehearsal: moto in this process, made strict, on a loopback port."""

import logging
import os
import threading
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

# Read while moto is imported or first used: a rehearsal has the images it has, and AWS's
# managed policies.
os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
os.environ["MOTO_IAM_LOAD_MANAGED_POLICIES"] = "true"

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends
from moto.iam import models as iam_models
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.wrappers import Response

from workbench.rehearsal import liveness
from workbench.rehearsal.api import price_list
from workbench.rehearsal.api import strictness
from workbench.rehearsal.api.chosen_refusals import refusal
from workbench.rehearsal.iam.authorization import Authorizer
from workbench.rehearsal.iam.refusals import AccessDenied
from workbench.rehearsal.iam.refusals import refused
from workbench.rehearsal.iam.request import ApiRequest
from workbench.rehearsal.network.web import Environ
from workbench.rehearsal.network.web import WebServer
from workbench.rehearsal.network.web import read_body

log = logging.getLogger(__name__)

# An EC2 request is a form; nothing of it comes near this, in bytes.
_LARGEST_FORM = 1 << 20
# S3's bodies may be large, and its signature holds their digest; others are nowhere near this.
_LARGEST_CALL = 16 * 1024**2
_S3 = "/s3/aws4_request"
# Calls that change nothing, by the first word of their name.
_READING = ("Describe", "Get", "List", "Head")

# AWS Backup's jobs make EC2's snapshots, load balancers its network interfaces.
_LOCKED = ("ec2", "backup", "elasticloadbalancing")


class Api:
    """The API's server.

    ``lock`` keeps EC2's state whole; ``changed`` is set when the state may differ, and
    ``unsaved`` is true until who saves it says otherwise.

    moto isn't made for threads: every EC2 request, and whoever reads or changes EC2's state
    alongside it, holds ``lock``. ``console`` returns an instance's console output by its ID.
    """

    def __init__(self, region: str, console: Callable[[str], str] = lambda _: "") -> None:
        strictness.make_strict(console)
        # Every request looks through the partitions, and each reads AWS's managed policies.
        iam: Any = iam_models
        iam.PARTITION_NAMES = ["aws"]
        self.region = region
        self.lock = threading.RLock()
        self.changed = threading.Event()
        self.unsaved = False
        self._authorizer = Authorizer(DEFAULT_ACCOUNT_ID)
        self._application = DomainDispatcherApplication(create_backend_app)
        self._server = WebServer("the AWS API", self)

    @property
    def balancing(self) -> Any:
        """The state of Elastic Load Balancing: moto's backend of the rehearsal's region."""
        return elbv2_backends[DEFAULT_ACCOUNT_ID][self.region]

    @property
    def ec2(self) -> Any:
        """EC2's state: moto's backend of the rehearsal's region."""
        return ec2_backends[DEFAULT_ACCOUNT_ID][self.region]

    def start(self, port: int = 0) -> str:
        """Listen on 127.0.0.1, on a free port if ``port`` is 0 or taken; return the URL."""
        self._server.start("127.0.0.1", port, other=True)
        return f"http://127.0.0.1:{self._server.port}"

    def stop(self) -> None:
        """Stop listening."""
        self._server.stop()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        if environ.get("PATH_INFO") == liveness.PATH:
            start_response("200 OK", [("Content-Length", "0")])
            return []
        denied = _refuse(environ, self._authorizer)
        if denied is not None:
            return denied(environ, start_response)
        signed = environ.get("HTTP_AUTHORIZATION", "")
        if price_list.SIGNED in signed:
            target = environ.get("HTTP_X_AMZ_TARGET", "")
            listed = price_list.answer(target, read_body(environ, _LARGEST_FORM))
            return listed(environ, start_response)
        if not any(f"/{service}/aws4_request" in signed for service in _LOCKED):
            answer = self._application(environ, start_response)
            if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
                self.note_change()
            return answer  # type: ignore[no-any-return]
        action = _read_action(environ)
        if "/ec2/aws4_request" in signed and (chosen := refusal(self.region, action)) is not None:
            return Response(chosen, 400, mimetype="text/xml")(environ, start_response)
        with self.lock:
            answer = self._application(environ, start_response)
        if not action.startswith(_READING):
            self.note_change()
        return answer  # type: ignore[no-any-return]

    def note_change(self) -> None:
        """Say that the state may differ now: wake who follows it, and have it saved."""
        self.unsaved = True
        self.changed.set()


def _read_action(environ: Environ) -> str:
    """Return the name of the EC2 call, and leave the body to be read again."""
    body = read_body(environ, _LARGEST_FORM)
    return parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]


def _refuse(environ: Environ, authorizer: Authorizer) -> Response | None:
    """Return AWS's refusal of a request that this computer sends, None where it may pass.

    The rehearsal's own keys are nobody's at first, and may do everything. A user's, made with
    ``aws iam create-access-key``, may do what the user's policies allow, as on AWS; and the keys of
    the user ``rehearsal`` are the rehearsal's own.
    """
    signed = environ.get("HTTP_AUTHORIZATION", "")
    if not signed:
        return None
    body = b"" if _S3 in signed else read_body(environ, _LARGEST_CALL)
    try:
        authorizer.authorise_here(ApiRequest.of(environ, body))
    except AccessDenied as denied:
        return refused(denied)
    return None

"""Say in one sentence why a command stopped: the one place where errors become text."""

import errno
import os
import sys
import time
import traceback
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.folding import fold_to_terminal
from workbench.places import state_dir
from workbench.remote.selection import select_stack
from workbench.tasks.command_name import as_typed
from workbench.terminal import escape

INTERRUPTED = 130
DEBUG = "WORKBENCH_DEBUG"

# botocore's codes for credentials that are missing, wrong or too old.
_BAD_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}


# botocore reads the credentials of `aws login` with a part of its own that few have installed.
LOGIN = "MissingDependencyException"
NO_LOGIN = "Python can't read the credentials of aws login by itself; the aws command gives them."
_ROOM = "df -h   shows which disk is full; WORKBENCH_STATE_DIR names another place"
_RIGHTS = "WORKBENCH_STATE_DIR and WORKBENCH_CACHE_DIR name other places to write to"
_FULL = {errno.ENOSPC: _ROOM, errno.EDQUOT: _ROOM}
_COMPUTER = {
    **_FULL,
    errno.EACCES: _RIGHTS,
    errno.EPERM: _RIGHTS,
    errno.EROFS: _RIGHTS,
}


@dataclass(frozen=True)
class Failure:
    """The text a command ends with, and its exit code."""

    text: str
    exit_code: int


def explain(error: BaseException, stack: str | None = None) -> Failure:
    """Return how a command that met ``error`` ends; ``stack`` is its option, where it had one."""
    failure = _explain(error, select_stack(stack))
    return Failure(_fold(as_typed(escape(failure.text))), failure.exit_code)


def _explain(error: BaseException, stack: str) -> Failure:
    if isinstance(error, WorkbenchError):
        return Failure(_with_debug(str(error), error), error.exit_code)
    if isinstance(error, KeyboardInterrupt):
        return Failure(_interrupted(error), INTERRUPTED)
    if is_of_aws(error):
        return Failure(_with_debug(explain_aws(error, stack), error), 1)
    if isinstance(error, BrokenPipeError):
        return Failure("", 1)
    # Where no file was refused, missing rights are a mistake of ours.
    if isinstance(error, OSError) and (
        error.errno in _COMPUTER if error.filename else error.errno in _FULL
    ):
        return Failure(_with_debug(_computer(error), error), 1)
    return Failure(_unexpected(error), 1)


def _fold(text: str) -> str:
    """Break sentences between words, as the terminal wouldn't; commands stay whole."""
    if sys.stderr is None or not sys.stderr.isatty():
        return text
    return fold_to_terminal(text)


def _computer(error: OSError) -> str:
    """Say what this computer refused: no mistake of ours, and nothing that a traceback explains."""
    where = f" ({error.filename})" if error.filename else ""
    return f"This computer refused: {error.strerror}{where}.\n  {_COMPUTER[error.errno or 0]}"


def _interrupted(error: KeyboardInterrupt) -> str:
    said = str(error)
    return said or "Interrupted. What was created so far is kept; the same command continues."


def is_of_aws(error: BaseException) -> bool:
    """Whether AWS's API, or what calls it, raised this; without a look into boto's modules."""
    return type(error).__module__.partition(".")[0] == "botocore"


def explain_aws(error: BaseException, stack: str) -> str:
    """Return what AWS, or the way to it, refused, and what to type."""
    said, hint = _aws(error)
    return f"{said}\n  {hint or f'workbench doctor --stack {stack}'}"


def cut_off_by_aws(error: BaseException, what_exists: str, hint: str) -> WorkbenchError:
    """Return what ends a command that AWS interrupted: what exists, and how to continue."""
    said, fix = _aws(error)
    exists = f"{what_exists[0].upper()}{what_exists[1:]}."
    return WorkbenchError(f"{said}\n{exists}", "\n  ".join(filter(None, (fix, hint))))


def login_hint(profile: str | None, then: str = "export AWS_PROFILE=workbench") -> str:
    """Return what makes a profile with the credentials of ``aws login``, and renews them."""
    given = f"aws configure export-credentials --profile {profile or 'default'} --format process"
    return f'aws configure set credential_process "{given}" --profile workbench && {then}'


def _aws(error: BaseException) -> tuple[str, str]:
    """Return a sentence, and what to type where that is known."""
    kind = type(error).__name__
    response = getattr(error, "response", None) or {}
    code = response.get("Error", {}).get("Code", "")
    if kind in ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound"):
        return f"AWS credentials are missing: {error}.", "aws configure   (or set AWS_PROFILE)"
    if kind == LOGIN:
        return NO_LOGIN, login_hint(os.environ.get("AWS_PROFILE"))
    if code in _BAD_CREDENTIALS:
        return (
            f"AWS refused the credentials ({code}): they are wrong or have expired.",
            "aws sts get-caller-identity",
        )
    if code == "UnauthorizedOperation" or "AccessDenied" in code:
        return (
            f"AWS doesn't allow this to the signed-in identity: {error}",
            "aws sts get-caller-identity",
        )
    if kind in ("EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError"):
        return f"The AWS API doesn't answer: {error}", ""
    return f"AWS refused the request: {error}", ""


def _unexpected(error: BaseException) -> str:
    """Keep the traceback of a mistake of ours in a file, and say where."""
    details = "".join(traceback.format_exception(error))
    if os.environ.get(DEBUG):
        return details
    log = state_dir() / "logs" / f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    first = str(error).strip().partition("\n")[0]
    what = f"An unexpected error: {type(error).__name__}: {first}"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(escape(details), encoding="utf-8")
    except OSError:
        return f"{what}\n  {DEBUG}=1 and the same command show where"
    return f"{what}\n  Details, for a report: {log}"


def _with_debug(text: str, error: BaseException) -> str:
    if not os.environ.get(DEBUG):
        return text
    return "".join(traceback.format_exception(error)) + text

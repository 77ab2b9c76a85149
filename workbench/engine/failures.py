"""Say in one sentence why the engine failed, from what it reported itself."""

import re
from collections.abc import Sequence

from workbench.engine.damage import StateDamagedError
from workbench.engine.events import Diagnostic
from workbench.engine.events import plain_text
from workbench.errors import WorkbenchError
from workbench.rehearsal.names import DEFAULT
from workbench.rehearsal.names import rehearsal_of
from workbench.rehearsal.names import with_name


class StackMissingError(WorkbenchError):
    """There is no stack of that name yet."""

    @classmethod
    def named(cls, stack: str) -> "StackMissingError":
        """Return the error for a stack, with what makes one of its kind."""
        task = "init" if rehearsal_of(stack) is None else "up"
        return cls(f"There is no stack {stack} yet.", f"workbench {task} --stack {stack}")


class StackLockedError(WorkbenchError):
    """Another update of the same stack runs, or ended without unlocking it."""


class StackChangesError(WorkbenchError):
    """There are changes where none were expected."""


class StackOperationError(WorkbenchError):
    """The program, a resource or the engine reported an error."""


class PassphraseError(StackOperationError):
    """The passphrase is missing, or isn't the one that the stack's secrets have."""


class InterruptedUpdateError(WorkbenchError):
    """The person stopped an operation (128 + SIGINT, as shells say it)."""

    exit_code = 130


# What the engine or AWS says: a sign, what it means, a hint.
_KNOWN = (
    (
        "PULUMI_ACCESS_TOKEN must be set",
        "Pulumi doesn't know where to keep the stack's state.",
        "Type `pulumi login --local` to keep it on this computer, `pulumi login s3://BUCKET` for"
        " a bucket, or `pulumi login` for Pulumi Cloud.",
    ),
    (
        "no Pulumi.yaml project file found",
        "There is no Pulumi.yaml here.",
        "Change to the project's folder and try again.",
    ),
    (
        "no space left on device",
        "The disk is full, so Pulumi couldn't record what it did.",
        "Free up space, then run the same command again: it first checks what exists now.",
    ),
    (
        "not eligible for Free Tier",
        "The account is on AWS's Free plan, which doesn't start instances of this type. What was"
        " made before is kept, and some of it costs.",
        "workbench init --stack {stack} --instance-type m7i-flex.large"
        "   then the same command again; or upgrade the plan\n"
        "  aws ec2 describe-instance-types --filters Name=free-tier-eligible,Values=true"
        " --query 'InstanceTypes[].InstanceType'   lists the types it starts",
    ),
)

_WRONG_PASSPHRASE = ("incorrect passphrase", "message authentication failed")
_LOST = "workbench recover --new-passphrase --stack {stack}   sets a new one if it is lost"
# The last one is how the engine begins where it reads outputs.
_DAMAGED = ("failed to load checkpoint", "unexpected end of JSON input", "error: place 1: ")

# The Pulumi AWS provider's way of saying that there is one error.
_BULLET = re.compile(r"^(?:\d+ errors? occurred:)?\s*(?:\*\s*)?", re.MULTILINE)
# Said by the engine after the error that matters.
_ECHOES = ("update failed", "preview failed", "refresh failed", "destroy failed")
_TRACEBACK = "Program failed with an unhandled exception"
_FRAME = re.compile(r'File "(?P<file>[^"]+)", line (?P<line>\d+)')
# More errors than this are only counted.
MOST_ERRORS = 3


def explain(
    stack: str, errors: Sequence[Diagnostic], stderr: str, what: str, details: str
) -> WorkbenchError:
    """Return the error for a failed operation.

    ``what`` is what was attempted ("up"), ``details`` says where to find more.
    """
    said_all = "\n".join([stderr, *(each.message for each in errors)])
    if any(sign in said_all for sign in _DAMAGED):
        return StateDamagedError.named(stack)
    if (refused := _passphrase(stack, said_all)) is not None:
        return refused
    for sign, message, hint in _KNOWN:
        if sign in said_all:
            return StackOperationError(message, hint.replace("{stack}", stack))
    sentences = list(dict.fromkeys(_sentence(each) for each in errors if not _is_echo(each)))
    if not sentences:
        sentences = [_from_stderr(stderr) or f"pulumi {what} failed and gave no reason."]
    more = len(sentences) - MOST_ERRORS
    if more > 0:
        sentences = [*sentences[:MOST_ERRORS], f"(and {more} more)"]
    # A rehearsal's provider, which doesn't know whose it is, may say what to type.
    said = with_name("\n".join(sentences), rehearsal_of(stack) or DEFAULT)
    return StackOperationError(said, details)


def _passphrase(stack: str, said: str) -> PassphraseError | None:
    lost = _LOST.replace("{stack}", stack)
    if any(sign in said for sign in _WRONG_PASSPHRASE):
        return PassphraseError(
            "The passphrase doesn't fit the stack's secrets.",
            f"Set PULUMI_CONFIG_PASSPHRASE to the one the stack was created with.\n  {lost}",
        )
    if "passphrase must be set" in said:
        return PassphraseError(
            "The stack's secrets have a passphrase, and none is set.",
            "Set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE, and try again."
            f"\n  {lost}",
        )
    return None


def _sentence(error: Diagnostic) -> str:
    if error.message.startswith(_TRACEBACK):
        return _exception(error.message)
    message = _BULLET.sub("", error.message).strip()
    if error.resource is None:
        return message
    return f"{error.resource}: {message}"


def _exception(message: str) -> str:
    """Return a traceback's last line, and where in the program it came from."""
    last = message.strip().splitlines()[-1].strip()
    frames = list(_FRAME.finditer(message))
    where = f" ({frames[0]['file']}, line {frames[0]['line']})" if frames else ""
    return f"The program stopped with {last}{where}"


def _is_echo(error: Diagnostic) -> bool:
    return error.message.strip().lower() in _ECHOES


def _from_stderr(stderr: str) -> str:
    lines = [plain_text(line) for line in stderr.splitlines()]
    found = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    useful = [line for line in found if line.lower() not in _ECHOES]
    return "\n".join(useful or [line for line in lines if line][-1:])

"""Turn AWS's refusals into one plain sentence, and tell which of them mean 'it is gone'."""

from botocore.exceptions import BotoCoreError
from botocore.exceptions import ClientError
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.exceptions import HTTPClientError

from workbench.errors import WorkbenchError

# Codes that mean "there is no such thing", besides `…NotFound` and `NoSuch…`.
_GONE = {
    "404",
    "NotFoundException",
    "ResourceNotFoundException",
    "NoSuchTagSet",
    "ServerSideEncryptionConfigurationNotFoundError",
    "OwnershipControlsNotFoundError",
}
# Codes that mean "something else still holds it", which passes when that thing has gone.
_HELD = {
    "DependencyViolation",
    "DeleteConflict",
    "VolumeInUse",
    "InvalidIPAddress.InUse",
    "IncorrectState",
    "Resource.AlreadyAssociated",
}


class ProviderError(WorkbenchError):
    """AWS or the rehearsal's plugin can't do what the program asks."""


class InitializationError(ProviderError):
    """The object exists in AWS, but what follows its creation failed; ``id`` keeps hold of it."""

    def __init__(self, cause: WorkbenchError, identifier: str) -> None:
        super().__init__(cause.message, cause.hint)
        self.id = identifier


class HeldError(Exception):
    """Something else still holds an object, which passes when that has gone; AWS's is the cause."""


def code_of(error: ClientError) -> str:
    """Return AWS's error code."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def is_gone(error: ClientError) -> bool:
    """Return whether the refusal says that the object doesn't exist."""
    code = code_of(error)
    return code in _GONE or code.endswith("NotFound") or code.startswith("NoSuch")


def is_held(error: ClientError) -> bool:
    """Return whether the refusal passes once what still uses the object has gone."""
    return code_of(error) in _HELD


def explain(error: Exception, doing: str) -> WorkbenchError:
    """Return ``error`` as one sentence; ``doing`` says what was being done, as 'create X'."""
    if isinstance(error, WorkbenchError):
        return error
    if isinstance(error, ClientError):
        detail = error.response.get("Error", {}).get("Message") or "no reason given"
        return ProviderError(
            f"AWS refused to {doing}: {str(detail).rstrip('.')} "
            f"({error.operation_name}: {code_of(error)})."
        )
    if isinstance(error, BotoConnectionError | HTTPClientError):
        return ProviderError(
            f"Can't {doing}: the rehearsal's AWS API does not answer ({error}).",
            "Start it: workbench rehearsal.start",
        )
    if isinstance(error, BotoCoreError):
        return ProviderError(f"Can't {doing}: {' '.join(str(error).split())}")
    return ProviderError(f"Can't {doing}: {type(error).__name__}: {error}")

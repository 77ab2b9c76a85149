"""Doctor's look at AWS: whose credentials, are they good, and is it the stack's region."""

from typing import Any

from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.errors import WorkbenchError
from workbench.tasks.doctor.known_stack import KnownStack
from workbench.tasks.errors import LOGIN
from workbench.tasks.errors import NO_LOGIN
from workbench.tasks.errors import login_hint

# botocore's names for them, of which some are only raised when they are used.
MISSING = ("NoCredentialsError", "PartialCredentialsError")
SSO = ("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError")
SILENT = (
    "EndpointConnectionError",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "ProxyConnectionError",
)
# What AWS calls them.
EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
WRONG = ("InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch")
CLOCK = "date -u; curl -sI https://sts.amazonaws.com | grep -i ^date"


def check_credentials(known: KnownStack) -> Outcome:
    """Ask AWS who this is."""
    try:
        identity = known.aws("sts").get_caller_identity()
    except WorkbenchError:
        raise
    except Exception as error:  # botocore's have no base of their own that names the cause
        return _refused(error, known)
    return passed(f"{identity['Arn']}{_profile(known)}")


def _profile(known: KnownStack) -> str:
    profile = known.provider().get("aws:profile")
    return f" (profile {profile})" if profile else ""


def _refused(error: Exception, known: KnownStack) -> Outcome:
    kind, response = type(error).__name__, getattr(error, "response", None) or {}
    code = str(response.get("Error", {}).get("Code", ""))
    profile = known.provider().get("aws:profile")
    named = f" --profile {profile}" if profile else ""
    if kind in MISSING:
        return failed(f"there are no AWS credentials: {error}", f"aws configure{named}")
    if kind == LOGIN:
        then = "pulumi config set aws:profile workbench --stack {stack}"
        return failed(NO_LOGIN, login_hint(profile, then) if profile else login_hint(None))
    if kind in SSO:
        return failed(f"the AWS sign-in has ended: {error}", f"aws sso login{named}")
    if kind in SILENT:
        return _silent(error, known)
    if code in EXPIRED:
        return failed(f"the AWS credentials have expired ({code})", f"aws sso login{named}")
    if code == "SignatureDoesNotMatch" and "Signature" in str(error) and "current" in str(error):
        return failed(f"this computer's clock is wrong, says AWS: {error}", CLOCK)
    if code in WRONG:
        return failed(f"AWS doesn't know these credentials ({code})", f"aws configure{named}")
    return failed(f"{kind}: {error}", f"aws sts get-caller-identity{named}")


def _silent(error: Exception, known: KnownStack) -> Outcome:
    region = known.provider().get("aws:region")
    if region and region not in _regions():
        return failed(
            f"aws:region is {region!r}, which AWS doesn't have",
            "pulumi config set aws:region REGION --stack {stack}",
        )
    return failed(
        f"AWS doesn't answer; is there a network? {error}", "curl -sI https://aws.amazon.com"
    )


def _regions() -> list[str]:
    import boto3

    session = boto3.session.Session()
    partitions: Any = session.get_available_partitions()
    return [r for p in partitions for r in session.get_available_regions("ec2", partition_name=p)]


def check_region(known: KnownStack) -> Outcome:
    """Check that the configuration's region is the one that the server was made in."""
    has, configured = known.state.outputs.get("region"), known.state.config.get("aws:region")
    if has and configured and has != configured:
        return failed(
            f"the server is in {has}, but aws:region in the configuration is {configured}",
            f"pulumi config set aws:region {has} --stack {{stack}}",
        )
    return passed(f"region {configured or has or 'of the environment'}")

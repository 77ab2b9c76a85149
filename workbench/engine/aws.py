"""AWS clients that go where the stack's own provider goes: to AWS, or to a rehearsal."""

import functools
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

from workbench.errors import ConfigError

if TYPE_CHECKING:
    from botocore.config import Config

# In seconds; without them a client waits a minute, five times over.
CONNECT_TIMEOUT = 10
READ_TIMEOUT = 60
QUICK_TIMEOUT = 4

ROLES = ("aws:assumeRoles", "aws:assumeRole", "aws:assumeRoleWithWebIdentity")
WRITE_ANEW = "workbench up   writes it again for a rehearsal"

# botocore's settings by (name in the file, variables, default, converter): none of the first two.
_NO_PROFILES = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


def client(stack_config: Mapping[str, str], service: str, *, quick: bool = False) -> Any:
    """Return a boto3 client for ``service`` in the stack's account and region.

    ``quick`` is for what can be done without: it waits for seconds, and tries once.

    ``stack_config`` is what ``Stack.get_config`` returns. It honours aws:region, aws:profile,
    aws:accessKey, aws:secretKey, aws:token and aws:endpoints; what isn't there comes from the
    environment, as for the provider. Raises ConfigError where a profile doesn't exist, there is
    no region, or a role is to be assumed.
    """
    from botocore.exceptions import NoRegionError

    refuse_roles(stack_config)
    endpoint = find_endpoint(stack_config, service)
    try:
        return _session(stack_config).client(
            service, endpoint_url=endpoint, config=_client_config(endpoint, quick=quick)
        )
    except NoRegionError as error:
        raise ConfigError(
            "The stack's configuration names no AWS region.", "pulumi config set aws:region REGION"
        ) from error


def read_region(stack_config: Mapping[str, str]) -> str | None:
    """Return the region that the provider would work in, if anything names one."""
    region: str | None = _session(stack_config).region_name
    return region


def presign(
    stack_config: Mapping[str, str], service: str, url: str, operation: str, seconds: int
) -> str:
    """Return the address of a GET, signed in its query and of use for some seconds.

    For what no client of boto3 calls. Raises botocore's NoCredentialsError where there are none.
    """
    from botocore.exceptions import NoCredentialsError
    from botocore.model import ServiceId
    from botocore.signers import RequestSigner

    refuse_roles(stack_config)
    session = _session(stack_config)
    credentials = session.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    signer = RequestSigner(
        ServiceId(service), session.region_name, service, "v4", credentials, session.events
    )
    request = {"method": "GET", "url": url, "body": {}, "headers": {}, "context": {}}
    return str(signer.generate_presigned_url(request, operation, expires_in=seconds))


def read_setting(stack_config: Mapping[str, str], name: str) -> Any:
    """Return a setting of AWS's tools, such as ``ca_bundle``, of environment or profile."""
    return _core(stack_config).get_config_variable(name)


def refuse_roles(stack_config: Mapping[str, str]) -> None:
    """Raise where the provider has a role's rights, and maybe account, and we would have others."""
    found = next((key for key in ROLES if stack_config.get(key)), None)
    if found:
        raise ConfigError(
            f"The stack's configuration has {found}, which Pulumi follows and workbench's own calls"
            " to AWS can't.",
            "Use a profile with role_arn in ~/.aws/config instead, and:\n"
            f"  pulumi config rm {found}; pulumi config set aws:profile PROFILE",
        )


@functools.cache
def _loader(data_path: str | None) -> Any:
    """Return what reads botocore's models: once, for all clients of this process.

    That of EC2 alone is two megabytes of JSON.
    """
    from botocore.loaders import create_loader

    return create_loader(data_path)


def _session(stack_config: Mapping[str, str]) -> Any:
    import boto3

    return boto3.session.Session(
        botocore_session=_core(stack_config),
        aws_access_key_id=stack_config.get("aws:accessKey"),
        aws_secret_access_key=stack_config.get("aws:secretKey"),
        aws_session_token=stack_config.get("aws:token"),
        # As the provider; botocore itself only knows AWS_DEFAULT_REGION.
        region_name=stack_config.get("aws:region") or os.environ.get("AWS_REGION"),
    )


def _core(stack_config: Mapping[str, str]) -> Any:
    """Return botocore's session, without the stack's own keys."""
    import botocore.session
    from botocore.exceptions import ProfileNotFound

    access_key = stack_config.get("aws:accessKey")
    # Given keys are all that is needed: a profile named in the environment, which may not even
    # exist, has no say then.
    core = botocore.session.Session(
        session_vars=_NO_PROFILES if access_key else None,
        profile=None if access_key else stack_config.get("aws:profile"),
    )
    try:
        core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
    except ProfileNotFound as error:
        raise ConfigError(
            f"{error}.", "aws configure list-profiles   shows the profiles there are"
        ) from error
    return core


def find_endpoint(stack_config: Mapping[str, str], service: str) -> str | None:
    """Return the service's address in aws:endpoints; boto3 has hyphens where Pulumi has none."""
    text = stack_config.get("aws:endpoints")
    if not text:
        return None
    key = service.replace("-", "")
    try:
        found = [entry[key] for entry in json.loads(text) if key in entry]
    except (ValueError, TypeError) as error:
        raise ConfigError(
            "aws:endpoints in the stack's configuration isn't a list of objects.",
            WRITE_ANEW,
        ) from error
    if not found:
        # Never to AWS by accident: a stack with endpoints of its own isn't there.
        raise ConfigError(f"aws:endpoints in the stack's configuration names no {key}.", WRITE_ANEW)
    return str(found[0])


def _client_config(endpoint: str | None, *, quick: bool) -> "Config":
    from botocore.config import Config

    style = {"addressing_style": "path"} if endpoint else {}
    return Config(
        connect_timeout=QUICK_TIMEOUT if quick else CONNECT_TIMEOUT,
        read_timeout=QUICK_TIMEOUT if quick else READ_TIMEOUT,
        retries={"mode": "standard", "max_attempts": 1 if endpoint or quick else 5},
        s3=style,  # type: ignore[arg-type]
    )

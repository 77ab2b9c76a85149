"""The ProxyCommand that is a tunnel through an EC2 Instance Connect Endpoint, and its end."""

import shlex
import sys
from collections.abc import Mapping

from workbench.engine.aws import refuse_roles
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.remote_server import UnreachableError
from workbench.remote.tunnel import TOLD


class TunnelError(WorkbenchError):
    """AWS opens no tunnel to the server, and won't at the next try."""


PROGRAM = "workbench.tunnel_program"


def tunnel_command(endpoint: str, instance: str, stack: str, config: Mapping[str, str]) -> str:
    """Return the ProxyCommand; raise ConfigError where it had to hold a secret.

    It names all by itself: OpenSSH runs it wherever a person is.
    """
    refuse_roles(config)
    # -P: not a folder of the person's that has the name of one of ours.
    words = [sys.executable, "-P", "-m", PROGRAM, endpoint, instance]
    rehearsal = rehearsal_of(stack)
    if rehearsal is not None:
        options = {"rehearsal": str(rehearsal_dir(rehearsal))}
    elif config.get("aws:secretKey"):
        raise ConfigError(
            "The stack's configuration has aws:secretKey, and a tunnel through an Instance Connect"
            " endpoint takes its credentials from a profile or the environment.",
            "pulumi config rm aws:accessKey; pulumi config rm aws:secretKey\n"
            "  pulumi config set aws:profile PROFILE",
        )
    else:
        options = {option: config[key] for option, key in TOLD.items() if config.get(key)}
    line = shlex.join(words).replace("%", "%%")
    given = {"stack": stack, **options}
    told = " ".join(f"--{name} {shlex.quote(text)}" for name, text in given.items())
    return f"{line} %p {told.replace('%', '%%')}"


def tunnel_failure(exit_code: int, said: str) -> WorkbenchError:
    """Return what the program ended with, from its exit code and what it said."""
    message, _, hint = said.strip().partition("\n")
    if exit_code == UnreachableError.exit_code:
        return UnreachableError(message, hint.strip())
    error = TunnelError(message, hint.strip())
    error.exit_code = exit_code
    return error

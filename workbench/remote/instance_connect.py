"""The command line of the tunnel through an EC2 Instance Connect Endpoint, written and read."""

import shlex
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from workbench.engine.aws import refuse_roles
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.rehearsal.description import read_folder
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.remote_server import UnreachableError
from workbench.remote.tunnel import SERVICE
from workbench.remote.tunnel import Way


class TunnelError(WorkbenchError):
    """AWS opens no tunnel to the server, and won't at the next try."""


PROGRAM = "workbench.tasks.ssh.instance_connect"
# What the program is told of the stack's configuration, by the name of its option.
TOLD = {"region": "aws:region", "profile": "aws:profile", "endpoints": "aws:endpoints"}


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


def read_way(told: Namespace) -> Way:
    """Return where the command line says that the tunnel leads."""
    if told.rehearsal:
        described = read_folder(Path(told.rehearsal))
        if described is None or not described.alive:
            name = Path(told.rehearsal).name
            raise WorkbenchError(
                f"The rehearsal {name!r} is not running.",
                f"workbench rehearsal.start --name {name}",
            )
        config, tunnel_config = described.provider("ec2"), described.provider(SERVICE)
    else:
        given = vars(told)
        config = {key: given[option] for option, key in TOLD.items() if given[option]}
        tunnel_config = config
    return Way(told.endpoint, told.instance, told.port, told.stack, config, tunnel_config)


def tunnel_failure(exit_code: int, said: str) -> WorkbenchError:
    """Return what the program ended with, from its exit code and what it said."""
    message, _, hint = said.strip().partition("\n")
    if exit_code == UnreachableError.exit_code:
        return UnreachableError(message, hint.strip())
    error = TunnelError(message, hint.strip())
    error.exit_code = exit_code
    return error

"""The program that a ProxyCommand starts: input and output are a tunnel to the server.

``python -m workbench.tunnel_program ENDPOINT INSTANCE PORT --stack STACK …``; its credentials are
those of the profile that is named, or of the environment, as in every command. It is started for
each connection: what takes long to import is only imported where it is needed.
"""

import argparse
import signal
import sys
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.rehearsal.description import read_folder
from workbench.remote.tunnel import SERVICE
from workbench.remote.tunnel import TOLD
from workbench.remote.tunnel import Way
from workbench.remote.tunnel import run_tunnel

# As of what is needed and isn't there: credentials, a right. Nobody is let in by trying again.
REFUSED = 3


def main() -> int:
    """Open the tunnel; on failure say why in one sentence, and return how to end."""
    # Ctrl-C is for who uses the tunnel, whose end is this program's.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = parse(sys.argv[1:])
    try:
        run_tunnel(read_way(told), 0, 1)
    except Exception as error:
        return _explain(error, told.stack)
    return 0


def parse(words: list[str]) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="workbench.tunnel_program")
    parser.add_argument("endpoint")
    parser.add_argument("instance")
    parser.add_argument("port", type=int)
    for option in ("stack", *TOLD, "rehearsal"):
        parser.add_argument(f"--{option}", default="")
    return parser.parse_args(words)


def read_way(told: argparse.Namespace) -> Way:
    """Return where the tunnel is to lead."""
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


def _explain(error: Exception, stack: str) -> int:
    from workbench.tasks.errors import explain
    from workbench.tasks.errors import is_of_aws

    failure = explain(error, stack)
    print(failure.text, file=sys.stderr, flush=True)
    return REFUSED if is_of_aws(error) and not _is_of_the_network(error) else failure.exit_code


def _is_of_the_network(error: Exception) -> bool:
    from botocore.exceptions import ConnectionError as BotoConnectionError
    from botocore.exceptions import HTTPClientError

    return isinstance(error, BotoConnectionError | HTTPClientError)


if __name__ == "__main__":
    sys.exit(main())

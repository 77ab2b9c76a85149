"""The program that a ProxyCommand starts: input and output are a tunnel to the server.

``python -m workbench.tasks.ssh.instance_connect ENDPOINT INSTANCE PORT --stack STACK …``; its
credentials are those of the profile that is named, or of the environment, as in every command.
"""

import argparse
import signal
import sys

from workbench.remote.instance_connect import read_way
from workbench.remote.tunnel import run_tunnel
from workbench.tasks.errors import explain
from workbench.tasks.errors import is_of_aws

# As of what is needed and isn't there: credentials, a right. Nobody is let in by trying again.
REFUSED = 3


def main() -> int:
    """Open the tunnel; on failure say why in one sentence, and return how to end."""
    # Ctrl-C is for who uses the tunnel, whose end is this program's.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = _parse()
    try:
        run_tunnel(read_way(told), 0, 1)
    except Exception as error:
        failure = explain(error, told.stack)
        print(failure.text, file=sys.stderr, flush=True)
        return REFUSED if is_of_aws(error) and not _is_of_the_network(error) else failure.exit_code
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="workbench.tasks.ssh.instance_connect")
    parser.add_argument("endpoint")
    parser.add_argument("instance")
    parser.add_argument("port", type=int)
    for option in ("stack", "region", "profile", "endpoints", "rehearsal"):
        parser.add_argument(f"--{option}", default="")
    return parser.parse_args()


def _is_of_the_network(error: Exception) -> bool:
    from botocore.exceptions import ConnectionError as BotoConnectionError
    from botocore.exceptions import HTTPClientError

    return isinstance(error, BotoConnectionError | HTTPClientError)


if __name__ == "__main__":
    sys.exit(main())

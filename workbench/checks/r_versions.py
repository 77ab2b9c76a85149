"""The versions of R that a server has, as the recipe noted them."""

from typing import Any

from workbench.checks.target import Target
from workbench.terminal import read_json

R = "/var/lib/workbench/r.json"


def read_r_versions(target: Target) -> list[dict[str, Any]]:
    """Return the versions, the default one first: ``version``, ``title`` and ``standin``.

    A server that has not converged since there are several has none.
    """
    answer = target.server().run(f"cat {R} 2>/dev/null || echo '[]'")
    return list(read_json(answer.stdout)) if answer.ok else []

"""Wait until the services answer: a converge that says "done" means that they can be used."""

import time
import urllib.error
import urllib.request

from . import jupyterhub
from . import proxy
from . import rstudio
from .planning import planning
from .pyinfra_typed import Commands
from .pyinfra_typed import operation
from .pyinfra_typed import step
from .settings import Settings

SECONDS = 90.0
# In a plan: a unit that was just started may still answer.
PLAN_SECONDS = 10.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Take a redirect as the answer that it is."""

    def redirect_request(self, *_: object) -> None:
        return None


_open = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect()).open


@step("Services answer")
def health(settings: Settings) -> None:
    """Wait for every service's own answer."""
    hub = f"http://127.0.0.1:{jupyterhub.PORT}{jupyterhub.BASE}hub/api"
    answers(hub, jupyterhub.UNIT, name="JupyterHub")
    answers(f"http://127.0.0.1:{rstudio.PORT}/auth-sign-in", rstudio.UNIT, name="RStudio Server")
    answers("http://127.0.0.1:80/", proxy.UNIT, name="Caddy")


@operation
def answers(url: str, unit: str) -> Commands:
    """Wait for an HTTP answer; fail with the unit's log when there is none."""
    if planning.would_start(unit):
        return
    limit = time.monotonic() + (PLAN_SECONDS if planning.is_active else SECONDS)
    while not _answers(url):
        if time.monotonic() > limit:
            yield (
                f"echo '{unit} does not answer at {url} after {SECONDS:.0f} seconds; its log:'; "
                f"systemctl --no-pager --lines=0 status {unit}; "
                f"journalctl --no-pager --output=cat -n 30 -u {unit}; exit 1"
            )
            return
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        _open(url, timeout=10).close()
    except urllib.error.HTTPError as error:
        # A redirect is an answer; what a service that is not ready gives (404, 503) isn't.
        return error.code < 400
    except OSError:
        return False
    return True

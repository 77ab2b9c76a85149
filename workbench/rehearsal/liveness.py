"""Ask a rehearsal's API whether it answers: what says whether its process is left alone."""

import http.client
from collections.abc import Callable
from urllib.parse import urlsplit

from workbench.rehearsal.description import Description
from workbench.waiting import wait_for

# The API answers here itself, with no look at what it holds: a question that costs much, or fails
# by what is in the cloud, would tell nothing of the process. What begins so is moto's own, never
# a bucket's.
PATH = "/moto-api/workbench-alive"
# Seconds for one answer: a busy computer is slow.
ANSWER_LIMIT = 15.0
# Seconds until a process that lives and doesn't answer is held to be dead, and between questions.
PATIENCE = 30.0
INTERVAL = 0.5


def answers(described: Description) -> bool:
    """Return whether a rehearsal's API answers."""
    place = urlsplit(described.api_url)
    api = http.client.HTTPConnection(place.hostname or "", place.port, timeout=ANSWER_LIMIT)
    try:
        api.request("GET", PATH, headers={"Connection": "close"})
        # One that runs since before an update may not know the path: it answers all the same.
        return api.getresponse().status < http.HTTPStatus.INTERNAL_SERVER_ERROR
    except (OSError, http.client.HTTPException):
        return False
    finally:
        api.close()


def answers_in_time(described: Description, tell: Callable[[str], object]) -> bool:
    """Return whether a rehearsal's API answers before it is held to be dead.

    While its process is alive, it is asked again: who hears that it doesn't answer ends it.
    ``tell`` is told each time what is waited for.
    """

    def answer() -> bool:
        if answers(described):
            return True
        if described.alive:
            tell(f"the rehearsal {described.name!r} doesn't answer; waiting for it")
        return False

    return wait_for(answer, lambda: PATIENCE if described.alive else 0.0, INTERVAL)

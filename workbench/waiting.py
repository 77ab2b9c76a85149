"""Wait for something: what is asked, how long at most, and what is shown meanwhile."""

from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")
Exceptions = type[BaseException] | tuple[type[BaseException], ...]


def wait_for(
    ask: Callable[[], Answer],
    limit: float | Callable[[], float],
    interval: float = 1.0,
    *,
    again: Exceptions = (),
    waiting: Callable[[], object] | None = None,
) -> Answer:
    """Ask until the answer counts as true, and return it; at the limit, return the last answer.

    ``limit`` and ``interval`` are in seconds; a limit that is only known once it was asked is a
    function. An exception of ``again`` is no answer yet; at the limit it is raised. ``waiting`` is
    called before each pause, to show what is waited for.
    """
    # Only here: it takes longer to import than most commands to run.
    from tenacity import RetryCallState
    from tenacity import Retrying
    from tenacity import retry_if_exception_type
    from tenacity import retry_if_not_result
    from tenacity import stop_after_delay
    from tenacity import wait_fixed

    def show(_: RetryCallState) -> None:
        if waiting is not None:
            waiting()

    attempts = Retrying(
        retry=retry_if_not_result(bool) | retry_if_exception_type(again),
        stop=lambda state: stop_after_delay(limit() if callable(limit) else limit)(state),
        wait=wait_fixed(interval),
        before_sleep=show,
        retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
    )
    return attempts(ask)

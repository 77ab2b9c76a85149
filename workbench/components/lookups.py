"""Questions to AWS whose failure is a person's mistake, answered in a sentence."""

import re
from collections.abc import Callable
from typing import TypeVar

from workbench.components.errors import ArgumentError

T = TypeVar("T")

# What engine, plugin and AWS's client say when AWS gave no answer: then it said nothing about the
# question, either.
_UNASKED = re.compile(
    r"does not answer|request send failed|dial tcp|no valid credential|failed to refresh cached"
    r"|get credentials|No valid credential|InvalidClientTokenId|ExpiredToken|AuthFailure"
)


def look_up(ask: Callable[[], T], sentence: str, hint: str = "") -> T:
    """Return what AWS answers; when it refuses, raise ``sentence`` with AWS's own reason.

    ``ask`` must be a lookup in its direct form: what an output form raises can't be caught, and
    would reach the terminal as a traceback.
    """
    try:
        return ask()
    except Exception as error:
        unasked = next((line for line in str(error).splitlines() if _UNASKED.search(line)), None)
        if unasked:
            raise ArgumentError(f"AWS can't be asked: {unasked.strip('* ').rstrip('.')}.") from None
        raise ArgumentError(f"{sentence} ({_reason(error)}).", hint) from None


def _reason(error: Exception) -> str:
    # Engine, plugin and AWS's client each put their own names before AWS's answer.
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = next((line for line in lines if "api error " in line), lines[-1])
    for wrapping in (" returned an error: ", "api error "):
        text = text.rpartition(wrapping)[2]
    return text.strip("* ").rstrip(".")

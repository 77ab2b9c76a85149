"""Evaluate the Condition block of an IAM policy's statement.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

import datetime
import ipaddress
import operator
import re
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import lru_cache
from typing import Any

VARIABLE = re.compile(r"\$\{([^}]+)\}")
ESCAPES = {"*": "*", "?": "?", "$": "$"}


@dataclass(frozen=True)
class Context:
    """The keys that a request can be judged by; their names are not case-sensitive."""

    values: Mapping[str, str] = field(default_factory=dict)

    def get(self, key: str) -> str | None:
        """Return a key's value, or None when the request has none."""
        wanted = key.lower()
        return next((value for name, value in self.values.items() if name.lower() == wanted), None)

    def fill(self, text: str) -> str | None:
        """Put values in for ``${aws:PrincipalArn}`` and the like; None if one is missing."""
        missing = False

        def value(match: re.Match[str]) -> str:
            nonlocal missing
            name, _, default = match[1].partition(",")
            if name in ESCAPES:
                return ESCAPES[name]
            found = self.get(name.strip())
            if found is None and default:
                found = default.strip().strip("'")
            missing = missing or found is None
            return found or ""

        filled = VARIABLE.sub(value, text)
        return None if missing else filled


def holds(block: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether every condition holds; an operator that isn't known here never does."""
    return all(
        _holds(name, key, expected if isinstance(expected, list) else [expected], context)
        for name, keys in block.items()
        for key, expected in keys.items()
    )


def matches(pattern: str, value: str, *, ignore_case: bool = False) -> bool:
    """Whether a value fits a pattern with ``*`` and ``?``."""
    return _expression(pattern, ignore_case).fullmatch(value) is not None


@lru_cache(maxsize=1024)
def _expression(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    parts = ({"*": ".*", "?": "."}.get(character) or re.escape(character) for character in pattern)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def _holds(name: str, key: str, expected: list[Any], context: Context) -> bool:
    quantifier, _, plain = name.rpartition(":")
    base = plain.removesuffix("IfExists")
    actual = context.get(key)
    if base == "Null":
        return (actual is None) == (str(expected[0]).lower() == "true")
    if base not in OPERATORS:
        return False
    negated, compare = OPERATORS[base]
    if actual is None:
        # A key that isn't there differs from everything, and "all of none" is true.
        return negated or base != plain or quantifier == "ForAllValues"
    filled = (context.fill(str(each)) for each in expected)
    found = any(each is not None and _compare(compare, actual, each) for each in filled)
    return found != negated


def _compare(compare: Callable[[str, str], bool], actual: str, expected: str) -> bool:
    try:
        return compare(actual, expected)
    except ValueError:  # no number, no date, no address: then it can't be that
        return False


def _like(actual: str, expected: str) -> bool:
    return matches(expected, actual)


def _same_case(actual: str, expected: str) -> bool:
    return actual.lower() == expected.lower()


def _in_block(actual: str, expected: str) -> bool:
    return ipaddress.ip_address(actual) in ipaddress.ip_network(expected, strict=False)


def _numbers(compare: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    return lambda actual, expected: bool(compare(float(actual), float(expected)))


def _dates(compare: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    return lambda actual, expected: bool(compare(_date(actual), _date(expected)))


def _date(text: str) -> datetime.datetime:
    if text.isdecimal():
        return datetime.datetime.fromtimestamp(int(text), datetime.UTC)
    found = datetime.datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)


# By name: whether it is negated, and the comparison of (actual, expected).
OPERATORS: dict[str, tuple[bool, Callable[[str, str], bool]]] = {
    "StringEquals": (False, operator.eq),
    "StringNotEquals": (True, operator.eq),
    "StringEqualsIgnoreCase": (False, _same_case),
    "StringNotEqualsIgnoreCase": (True, _same_case),
    "StringLike": (False, _like),
    "StringNotLike": (True, _like),
    "ArnEquals": (False, _like),
    "ArnLike": (False, _like),
    "ArnNotEquals": (True, _like),
    "ArnNotLike": (True, _like),
    "Bool": (False, _same_case),
    "IpAddress": (False, _in_block),
    "NotIpAddress": (True, _in_block),
    "NumericEquals": (False, _numbers(operator.eq)),
    "NumericNotEquals": (True, _numbers(operator.eq)),
    "NumericLessThan": (False, _numbers(operator.lt)),
    "NumericLessThanEquals": (False, _numbers(operator.le)),
    "NumericGreaterThan": (False, _numbers(operator.gt)),
    "NumericGreaterThanEquals": (False, _numbers(operator.ge)),
    "DateEquals": (False, _dates(operator.eq)),
    "DateNotEquals": (True, _dates(operator.eq)),
    "DateLessThan": (False, _dates(operator.lt)),
    "DateLessThanEquals": (False, _dates(operator.le)),
    "DateGreaterThan": (False, _dates(operator.gt)),
    "DateGreaterThanEquals": (False, _dates(operator.ge)),
}

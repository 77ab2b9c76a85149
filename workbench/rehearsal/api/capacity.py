"""Instance types that this rehearsal has no capacity for, by a parameter anyone may set.

On AWS that happens by itself: a type that is offered, and there isn't one free in the zone just
now. In a rehearsal it is had by ``aws ssm put-parameter --name /rehearsal/no-capacity
--type StringList --value t3.large,m7i.large:us-east-1a`` (in every zone, in one), and ends with
``aws ssm delete-parameter``.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from werkzeug.exceptions import HTTPException

from workbench.rehearsal.api.parameters import read_parameter
from workbench.rehearsal.iam.refusals import EC2_ERROR

PARAMETER = "/rehearsal/no-capacity"


class InsufficientCapacityError(HTTPException):
    """EC2's answer: a server's error, so that clients try again first.

    Not one of moto's own errors: those are always the client's.
    """

    code = 500

    def __init__(self, message: str) -> None:
        super().__init__(
            EC2_ERROR.format(
                code="InsufficientInstanceCapacity", message=message, id=str(uuid.uuid4())
            )
        )

    def get_headers(self, *_: Any, **__: Any) -> list[tuple[str, str]]:
        """Return EC2's, where werkzeug's say HTML."""
        return [("Content-Type", "text/xml;charset=UTF-8")]


def check_capacity(region: str, instance_type: str, zone: str, message: str) -> None:
    """Raise where a type has no capacity in a zone; ``message`` is EC2's for the call."""
    if set(read_parameter(region, PARAMETER)) & {instance_type, f"{instance_type}:{zone}"}:
        raise InsufficientCapacityError(message)


def zones_with_capacity(region: str, instance_type: str, zones: Iterable[str]) -> list[str]:
    """Return the zones in which a type has capacity."""
    missing = set(read_parameter(region, PARAMETER))
    if instance_type in missing:
        return []
    return [each for each in zones if f"{instance_type}:{each}" not in missing]

"""The contract's checks of single values, whose refusals Pulumi shows with no traceback."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from typing import TypeVar

from workbench.components.errors import ArgumentError
from workbench.host.contract import values
from workbench.host.contract.values import KEY_PAIR_TYPES
from workbench.host.contract.values import LONGEST_NAME
from workbench.host.contract.values import MAKE_A_KEY
from workbench.host.contract.values import shown

__all__ = ["KEY_PAIR_TYPES", "LONGEST_NAME", "MAKE_A_KEY", "refusing", "shown"]

P = ParamSpec("P")
T = TypeVar("T")


def refusing(check: Callable[P, T]) -> Callable[P, T]:
    """Return a check of the contract that raises ArgumentError."""

    @wraps(check)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return check(*args, **kwargs)
        except values.UnusableValueError as error:
            raise ArgumentError(error.message, error.hint) from None

    return checked


check_text = refusing(values.check_text)
check_flag = refusing(values.check_flag)
check_number = refusing(values.check_number)
check_name = refusing(values.check_name)
check_domain = refusing(values.check_domain)
check_record_name = refusing(values.check_record_name)
check_network = refusing(values.check_network)
check_networks = refusing(values.check_networks)
check_texts = refusing(values.check_texts)
check_certificate = refusing(values.check_certificate)
check_certificates = refusing(values.check_certificates)
check_public_key = refusing(values.check_public_key)
check_public_keys = refusing(values.check_public_keys)
check_person_name = refusing(values.check_person_name)
check_instance_type = refusing(values.check_instance_type)
check_bucket = refusing(values.check_bucket)
check_url = refusing(values.check_url)
check_email = refusing(values.check_email)
check_sha256 = refusing(values.check_sha256)

"""A server that lets nobody in while it boots isn't taken for one that refuses the key."""

from types import SimpleNamespace
from typing import Any

import pytest

from workbench.remote import ssh_target as connection


def connected(banner: bytes | None, *, has_transport: bool = True) -> Any:
    handler = SimpleNamespace(banner=banner)
    transport = SimpleNamespace(auth_handler=handler) if has_transport else None
    return SimpleNamespace(client=SimpleNamespace(get_transport=lambda: transport))


@pytest.mark.parametrize(
    ("banner", "starting"),
    [
        (b"System is booting up. Unprivileged users are not permitted to log in yet.\n", True),
        (b"System is going down. Unprivileged users are not permitted to log in anymore.\n", True),
        (b"Authorized use only.\n", False),
        (None, False),
    ],
)
def test_the_systems_own_words_tell_a_boot(banner: bytes | None, starting: bool) -> None:
    assert connection._is_starting(connected(banner)) is starting


def test_without_a_transport_nothing_was_said() -> None:
    assert connection._is_starting(connected(None, has_transport=False)) is False

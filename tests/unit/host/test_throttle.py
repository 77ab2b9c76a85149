"""Guessers wait, by address, by name, and by a name from an address; owners get in."""

import os
import socket
from types import SimpleNamespace
from typing import Any

import pytest

from workbench.host.hub.throttle import KEPT
from workbench.host.hub.throttle import Attempt
from workbench.host.hub.throttle import Counts
from workbench.host.hub.throttle import Throttle
from workbench.host.hub.throttle import subscriber
from workbench.host.hub.visitors import visitor


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock)


HOME, ELSEWHERE = "198.51.100.7", "203.0.113.9"
ADA = Attempt("ada", HOME)


def guess(throttle: Throttle, attempts: list[Attempt]) -> int:
    """Get the passwords wrong that are looked at; return how many were."""
    looked_at = 0
    for attempt in attempts:
        if not throttle.wait(attempt):
            looked_at += 1
            throttle.was_wrong(attempt)
    return looked_at


def test_a_name_has_ten_guesses_from_an_address_in_five_minutes(
    throttle: Throttle, clock: Clock
) -> None:
    assert guess(throttle, [ADA] * 50) == 10
    assert throttle.wait(ADA) == 300
    clock.now = 301
    assert guess(throttle, [ADA] * 50) == 10


def test_an_address_has_fifty_guesses_whatever_the_names(throttle: Throttle) -> None:
    assert guess(throttle, [Attempt(f"name{i}", HOME) for i in range(200)]) == 50
    assert throttle.wait(Attempt("ada", HOME))
    assert not throttle.wait(Attempt("ada", ELSEWHERE))


def test_a_name_has_a_hundred_guesses_of_strangers_in_an_hour(
    throttle: Throttle, clock: Clock
) -> None:
    many = [Attempt("ada", f"192.0.2.{i}") for i in range(200)]
    assert guess(throttle, many * 5) == 100
    clock.now = 301
    assert guess(throttle, many) == 0
    clock.now = 3601
    assert guess(throttle, many) == 100


def test_one_guessers_guesses_do_not_keep_the_owner_out_elsewhere(throttle: Throttle) -> None:
    guess(throttle, [Attempt("ada", ELSEWHERE)] * 1000)
    assert not throttle.wait(ADA)


def test_the_owner_gets_in_from_where_they_were_before_while_their_name_is_attacked(
    throttle: Throttle,
) -> None:
    throttle.was_right(ADA)
    guess(throttle, [Attempt("ada", f"192.0.2.{i}") for i in range(200)])
    assert throttle.wait(Attempt("ada", ELSEWHERE))
    assert not throttle.wait(ADA)


def test_the_owners_browser_gets_in_from_anywhere(throttle: Throttle) -> None:
    guess(throttle, [ADA] * 50)
    guess(throttle, [Attempt(f"name{i}", HOME) for i in range(200)])
    assert throttle.wait(ADA)
    assert not throttle.wait(Attempt("ada", HOME, "their browser"))


def test_a_stolen_browser_has_ten_guesses_and_is_a_stranger_then(throttle: Throttle) -> None:
    stolen = Attempt("ada", ELSEWHERE, "their browser")
    assert guess(throttle, [stolen] * 100) == 20
    assert throttle.wait(Attempt("ada", ELSEWHERE))


def test_one_persons_mistakes_do_not_shut_a_lab_out(throttle: Throttle) -> None:
    throttle.was_right(ADA)
    guess(throttle, [ADA] * 1000 + [Attempt("bob", HOME)] * 1000)
    assert throttle.wait(ADA)
    assert not throttle.wait(Attempt("carl", HOME))


def test_a_right_password_takes_nothing_off_the_addresss_count(throttle: Throttle) -> None:
    guess(throttle, [Attempt(f"name{i}", HOME) for i in range(49)])
    throttle.was_right(Attempt("mallory", HOME))
    assert guess(throttle, [Attempt(f"other{i}", HOME) for i in range(50)]) == 1


def test_those_who_were_here_before_do_not_queue_with_strangers(throttle: Throttle) -> None:
    assert throttle.lane(ADA) == throttle.lane(Attempt("bob", HOME)) == (HOME, True)
    throttle.was_right(ADA)
    assert throttle.lane(ADA) == (("ada", HOME), False)
    assert throttle.lane(Attempt("ada", ELSEWHERE, "browser")) == ("browser", False)


def test_memory_is_bounded_and_the_oldest_goes_first(clock: Clock) -> None:
    counts = Counts(1, 300, clock, kept=1000)
    for number in range(5000):
        counts.add(number)
    assert len(counts) == 1000
    assert counts.wait(4999)
    assert not counts.wait(0)
    clock.now = 300
    assert not counts.wait(4999)
    assert len(counts) == 0


def test_what_is_kept_of_places_is_bounded(throttle: Throttle) -> None:
    for number in range(KEPT + 1):
        throttle.was_right(Attempt("ada", str(number)))
    assert throttle.lane(Attempt("ada", "0")) == ("0", True)
    assert throttle.lane(Attempt("ada", str(KEPT))) == (("ada", str(KEPT)), False)


@pytest.mark.parametrize(
    ("address", "who"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        # People on the server have all of these.
        ("127.0.0.1", "127.0.0.0/8"),
        ("127.9.9.9", "127.0.0.0/8"),
        ("::1", "127.0.0.0/8"),
        ("::ffff:127.9.9.9", "127.0.0.0/8"),
        ("x" * 1000, "x" * 64),
        ("", ""),
    ],
)
def test_what_stands_for_a_visitor(address: str, who: str) -> None:
    assert subscriber(address) == who


class Socket:
    """One end of a Unix socket whose other end is a user's."""

    family = socket.AF_UNIX

    def __init__(self, user: int) -> None:
        self._user = user

    def getsockopt(self, *_: int) -> bytes:
        return b"".join(number.to_bytes(4, "little") for number in (77, self._user, self._user))


def request(connection: Any, address: str) -> Any:
    stream = SimpleNamespace(socket=connection)
    return SimpleNamespace(connection=SimpleNamespace(stream=stream), remote_ip=address)


def test_only_the_proxy_is_believed_at_the_hubs_socket() -> None:
    assert visitor(request(Socket(0), HOME)) == HOME
    assert visitor(request(Socket(1004), HOME)) is None


def test_who_has_the_other_end_is_asked_of_the_kernel() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        # As root these tests are the proxy; else they are someone on the server.
        assert visitor(request(ours, HOME)) == (HOME if os.getuid() == 0 else None)


def test_over_tcp_nobody_is_refused() -> None:
    with socket.socket(socket.AF_INET) as connection:
        assert visitor(request(connection, HOME)) == HOME

"""The settings' keys are a block of their own in a person's authorized_keys."""

import pytest

from workbench.host.authorized_keys import BEGIN
from workbench.host.authorized_keys import END
from workbench.host.authorized_keys import with_keys

KEY, OTHER, MINE = "ssh-ed25519 AAAA1 a", "ssh-ed25519 AAAA2 b", "ssh-rsa AAAA3 mine"


def test_an_empty_file_gets_the_block() -> None:
    assert with_keys("", [KEY]) == f"{BEGIN}\n{KEY}\n{END}\n"


@pytest.mark.parametrize("text", ["", f"{MINE}\n", MINE, f"{KEY}\n{MINE}\n", "# a note\n\n"])
def test_twice_is_once(text: str) -> None:
    once = with_keys(text, [KEY, OTHER])
    assert with_keys(once, [KEY, OTHER]) == once


def test_a_persons_own_keys_stay() -> None:
    text = with_keys(MINE, [KEY])
    assert MINE in with_keys(text, [OTHER])
    assert KEY not in with_keys(text, [OTHER])
    assert with_keys(text, []) == f"{MINE}\n"


def test_a_key_is_there_once() -> None:
    assert with_keys(f"{KEY}\n", [KEY]).count(KEY) == 1


def test_a_key_is_known_by_its_data_whatever_stands_around_it() -> None:
    text = 'command="true" ssh-ed25519 AAAA1 lab-key-pair-1234\n' + MINE
    assert with_keys(text, [KEY]) == f"{BEGIN}\n{KEY}\n{END}\n{MINE}\n"


def test_a_key_that_is_retired_goes_wherever_it_stands() -> None:
    text = f"ssh-ed25519 AAAA1 lab-key-pair\n{MINE}\n"
    assert with_keys(text, [OTHER], without=[KEY]) == f"{BEGIN}\n{OTHER}\n{END}\n{MINE}\n"

import pytest

from workbench.components import validation
from workbench.components.errors import ArgumentError

PRIVATE = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1r\n-----END OPENSSH PRIVATE KEY-----"


def test_a_private_key_is_never_repeated():
    with pytest.raises(ArgumentError) as refused:
        validation.check_public_key(PRIVATE, "public_key")

    assert "private key" in str(refused.value)
    assert "b3BlbnNzaC1r" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "ssh-ed25519",
        "ssh-ed25519 not-base64",
        "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJmyJKUJTAvBbKGJ9S8S5XG+9+PRgIvsdq8rqXJCWpXn",
        "hello",
        "ssh-ed25519 AAAA\nssh-ed25519 AAAA",
    ],
)
def test_what_is_no_public_key_is_refused(text):
    with pytest.raises(ArgumentError, match="isn't an OpenSSH public key"):
        validation.check_public_key(text, "public_key")


def test_a_key_that_ec2_does_not_take_is_refused_as_key_pair_only():
    text = (
        "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBIl0Wd6bnRGXkpQ9"
        "LmQ6fQeYvYqkS0aCl4P5sXyWnEUu7y4h7l0dQyN0tq7YQGmO7o7cYb2vJ5u7bJmYp4mJ7mk="
    )

    assert validation.check_public_key(text, "users[0].public_keys[0]") == text
    with pytest.raises(ArgumentError, match="one of ssh-ed25519, ssh-rsa"):
        validation.check_public_key(text, "public_key", validation.KEY_PAIR_TYPES)


@pytest.mark.parametrize("value", [3, 3.0])
def test_numbers_from_other_languages_are_whole_numbers_too(value):
    number = validation.check_number(value, "size", 1, 10)

    assert number == 3
    assert isinstance(number, int)


@pytest.mark.parametrize(
    ("check", "value", "sentence"),
    [
        (validation.check_url, "example.org", "must start with https://"),
        (validation.check_url, "https://example.org/\nx", "must start with https://"),
        (validation.check_url, "https://me:secret@example.org/", "has a password in it"),
        (validation.check_url, "https://me:secret@example.org/(x)", "has a password in it"),
        (validation.check_url, "https://[example.org/", "must start with https://"),
        (validation.check_url, "https://example.org/(x)", "for example %28"),
        (validation.check_email, "ada", "For example: ada@example.org"),
        (validation.check_domain, "my_lab.example.org", "isn't a domain name"),
        (validation.check_sha256, "abc", "64 hexadecimal digits"),
        (validation.check_certificate, "hello", "isn't a certificate in PEM form"),
        (validation.check_certificate, PRIVATE, "holds a private key"),
        (validation.check_flag, "yes", "must be true or false"),
        (validation.check_text, "  ", "text that isn't empty"),
        (validation.check_person_name, "Ada Lovelace", "For example: test-user"),
        (validation.check_person_name, "root", "system account"),
        (validation.check_domain, "-a.example.org", "isn't a domain name"),
        (validation.check_domain, "a" * 64 + ".org", "isn't a domain name"),
    ],
)
def test_refuses(check, value, sentence):
    with pytest.raises(ArgumentError) as refused:
        check(value, "the thing")

    assert sentence in str(refused.value)
    assert str(refused.value).startswith("the thing ")
    assert "secret@" not in str(refused.value)


def test_a_long_value_is_shown_in_part():
    with pytest.raises(ArgumentError) as refused:
        validation.check_domain("x" * 500, "domain")

    assert len(refused.value.message) < 250

"""Each check of a value: what it takes, and the whole sentence of what it refuses."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from workbench.components import validation
from workbench.components.errors import ArgumentError
from workbench.host.contract import values


def key(kind: str) -> str:
    data = base64.b64encode(len(kind).to_bytes(4) + kind.encode() + b"rest").decode()
    return f"{kind} {data} ada@home"


KEY = validation.MAKE_A_KEY


def find(check: str) -> Callable[..., Any]:
    """Return a check as the components make it; that of people's names has another one within."""
    if check == "user_name":
        return validation.refusing(values.check_user_name)
    found: Callable[..., Any] = getattr(validation, f"check_{check}")
    return found


DOMAIN = (
    "which isn't a domain name: parts of letters, digits and hyphens, separated by dots, at"
    " least two."
)
NAME = "but names in AWS need lowercase letters, digits and hyphens, a letter first, at most"
NO_KEY = "isn't an OpenSSH public key, one line such as 'ssh-ed25519 AAAA… you@home'."
LAB = "For example: lab.example.org"
UNKNOWN = "which has letters that DNS doesn't support."
USER = (
    "but a user's name is lowercase letters, digits, - and _, a letter first, at most 32 of them."
)
SIGNS = "but a URL for the server may only have letters, digits and ._~:/?&=%+@[]-."
KINDS = (
    "ssh-ed25519, ssh-rsa, ecdsa-sha2-nistp256, ecdsa-sha2-nistp384, ecdsa-sha2-nistp521,"
    " sk-ssh-ed25519@openssh.com, sk-ecdsa-sha2-nistp256@openssh.com"
)
# Check, value, what the check is told besides; the sentence, and what to write instead.
REFUSED = [
    ("text", 3, (), "is 3, but must be text that isn't empty.", ""),
    ("text", "  ", (), "is '  ', but must be text that isn't empty.", ""),
    ("flag", "yes", (), "is 'yes', but must be true or false.", ""),
    ("flag", None, (), "is None, but must be true or false.", ""),
    ("number", True, (1, 10), "is True, but must be a whole number from 1 to 10.", ""),
    ("number", 1.5, (1, 10), "is 1.5, but must be a whole number from 1 to 10.", ""),
    ("number", 0, (1, 10, "GiB"), "is 0, but must be a whole number from 1 to 10 GiB.", ""),
    ("number", 11, (1, 10, "GiB"), "is 11, but must be a whole number from 1 to 10 GiB.", ""),
    ("number", "3", (1, 10), "is '3', but must be a whole number from 1 to 10.", ""),
    ("name", "Lab", (), f"is 'Lab', {NAME} 27 of them.", "For example: do4ds-lab"),
    (
        "name",
        "a" * 28,
        (),
        f"is 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa', {NAME} 27 of them.",
        "For example: do4ds-lab",
    ),
    ("name", "lab-", (), f"is 'lab-', {NAME} 27 of them.", "For example: do4ds-lab"),
    ("name", "abcd", (3,), f"is 'abcd', {NAME} 3 of them.", "For example: do4ds-lab"),
    (
        "domain",
        "https://lab.example.org",
        (),
        "is 'https://lab.example.org', but must be only the name, without https://, port or path.",
        LAB,
    ),
    (
        "domain",
        "lab.example.org:8000",
        (),
        "is 'lab.example.org:8000', but must be only the name, without https://, port or path.",
        LAB,
    ),
    (
        "domain",
        "müsli.example.org",
        (),
        f"is 'müsli.example.org', {UNKNOWN}",
        "Write its ASCII form: xn--msli-0ra.example.org",
    ),
    (
        "domain",
        "ü" * 70 + ".example.org",
        (),
        f"is 'üüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüüü…, {UNKNOWN}",
        "Write its ASCII form: xn--…",
    ),
    ("domain", "localhost", (), f"is 'localhost', {DOMAIN}", LAB),
    ("domain", "10.0.0.1", (), f"is '10.0.0.1', {DOMAIN}", LAB),
    ("domain", "lab..org", (), f"is 'lab..org', {DOMAIN}", LAB),
    (
        "domain",
        f"{'.'.join(5 * [50 * 'a'])}.org",
        (),
        f"is 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaaa…, {DOMAIN}",
        LAB,
    ),
    ("record_name", "a b", ("example.org",), f"is 'a b.example.org', {DOMAIN}", LAB),
    ("record_name", "*.*", ("example.org",), f"is '*.example.org', {DOMAIN}", LAB),
    (
        "network",
        "here",
        (),
        "is 'here', which isn't a range of IP addresses in CIDR notation.",
        "For example: 203.0.113.7/32 for one address, 0.0.0.0/0 for all.",
    ),
    (
        "network",
        "203.0.113.7",
        (),
        "is '203.0.113.7', which is one address, not a range.",
        "For that address alone write: 203.0.113.7/32",
    ),
    (
        "network",
        "2001:db8::1",
        (),
        "is '2001:db8::1', which is one address, not a range.",
        "For that address alone write: 2001:db8::1/128",
    ),
    (
        "network",
        "203.0.113.7/24",
        (),
        "is '203.0.113.7/24', whose address is inside the range, not its start.",
        "Write: 203.0.113.0/24",
    ),
    ("networks", "203.0.113.7/32", (), "is '203.0.113.7/32', but must be a list.", ""),
    (
        "networks",
        ["203.0.113.7/32", "x"],
        (),
        "it[1] is 'x', which isn't a range of IP addresses in CIDR notation.",
        "For example: 203.0.113.7/32 for one address, 0.0.0.0/0 for all.",
    ),
    ("texts", ["a", ""], (), "it[1] is '', but must be text that isn't empty.", ""),
    (
        "certificates",
        ["a"],
        (),
        "it[0] isn't a certificate in PEM form.",
        "Give the text of the file, starting with -----BEGIN CERTIFICATE-----.",
    ),
    ("public_key", None, (), "is missing, and you need it to sign in to the server.", KEY),
    ("public_key", "", (), "is missing, and you need it to sign in to the server.", KEY),
    ("public_key", " ", (), "is ' ', but must be text that isn't empty.", ""),
    (
        "public_key",
        "-----BEGIN PRIVATE KEY-----",
        (),
        "is a private key, which never leaves its owner.",
        KEY,
    ),
    ("public_key", "hello", (), NO_KEY, KEY),
    (
        "public_key",
        key("ssh-dss"),
        (),
        f"is a key of type ssh-dss, but must be one of {KINDS}.",
        KEY,
    ),
    (
        "public_key",
        key("ssh-rsa"),
        (("ssh-ed25519",),),
        "is a key of type ssh-rsa, but must be one of ssh-ed25519.",
        KEY,
    ),
    ("public_keys", [key("ssh-rsa"), "x"], (), f"it[1] {NO_KEY}", KEY),
    ("user_name", "Ada Lovelace", (), f"is 'Ada Lovelace', {USER}", "For example: test-user"),
    (
        "user_name",
        "a" * 33,
        (),
        f"is 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', {USER}",
        "For example: test-user",
    ),
    ("instance_type", "t3", (), "is 't3', which isn't an instance type.", "For example: t3.medium"),
    ("url", "example.org", (), "is 'example.org', but must start with https:// and a host.", ""),
    ("url", "https://", (), "is 'https://', but must start with https:// and a host.", ""),
    ("url", "https://a b/", (), "is 'https://a b/', but must start with https:// and a host.", ""),
    (
        "url",
        "https://me:secret@example.org/",
        (),
        "has a password in it, which would be stored in the open.",
        "Leave it out: the server reads this address without signing in.",
    ),
    (
        "url",
        "https://example.org/(x)",
        (),
        f"is 'https://example.org/(x)', {SIGNS}",
        "Write other characters as their codes, for example %28 for an opening parenthesis.",
    ),
    (
        "url",
        "ftp://example.org/",
        (),
        "is 'ftp://example.org/', but must start with https:// and a host.",
        "",
    ),
    (
        "email",
        "ada",
        (),
        "is 'ada', which isn't an email address.",
        "For example: ada@example.org",
    ),
    ("sha256", "abc", (), "is 'abc', but must be the 64 hexadecimal digits of a SHA-256.", ""),
    (
        "certificate",
        "-----BEGIN PRIVATE KEY-----",
        (),
        "holds a private key, but must contain only certificates.",
        "",
    ),
    (
        "certificate",
        "-----BEGIN CERTIFICATE-----\n",
        (),
        "isn't a certificate in PEM form.",
        "Give the text of the file, starting with -----BEGIN CERTIFICATE-----.",
    ),
    (
        "certificate",
        "-----END CERTIFICATE-----\n",
        (),
        "isn't a certificate in PEM form.",
        "Give the text of the file, starting with -----BEGIN CERTIFICATE-----.",
    ),
]
# Three labels of the most signs that one may have.
LONGEST = ".".join(3 * [63 * "a"])
TAKEN = [
    ("domain", f"{LONGEST}.{61 * 'b'}", (), f"{LONGEST}.{61 * 'b'}"),
    ("domain", "1.2.example", (), "1.2.example"),
    ("text", " a ", (), "a"),
    ("flag", False, (), False),
    ("number", 1, (1, 10), 1),
    ("number", 10, (1, 10), 10),
    ("number", 3.0, (1, 10), 3),
    ("name", " lab-1 ", (), "lab-1"),
    ("name", "a" * 27, (), "a" * 27),
    ("name", "abc", (3,), "abc"),
    ("domain", "Lab.Example.org.", (), "lab.example.org"),
    ("domain", f"{'.'.join(4 * [62 * 'a'])}.b", (), f"{'.'.join(4 * [62 * 'a'])}.b"),
    ("domain", "lab.x1", (), "lab.x1"),
    ("record_name", "App", ("example.org",), "app.example.org"),
    ("record_name", "app.example.org.", ("example.org",), "app.example.org"),
    ("record_name", "example.org", ("example.org",), "example.org"),
    ("record_name", "*", ("example.org",), "*.example.org"),
    ("record_name", "*.apps", ("example.org",), "*.apps.example.org"),
    ("record_name", "notexample.org", ("example.org",), "notexample.org.example.org"),
    ("network", "203.0.113.7/32", (), "203.0.113.7/32"),
    ("network", "2001:DB8::/32", (), "2001:db8::/32"),
    ("networks", ("0.0.0.0/0",), (), ["0.0.0.0/0"]),
    ("texts", ["a", " b"], (), ["a", "b"]),
    ("public_key", f"{key('ssh-rsa')}\n", (), key("ssh-rsa")),
    ("public_key", key("sk-ssh-ed25519@openssh.com"), (), key("sk-ssh-ed25519@openssh.com")),
    ("public_key", key("ssh-rsa"), (("ssh-rsa",),), key("ssh-rsa")),
    ("public_keys", [key("ssh-rsa")], (), [key("ssh-rsa")]),
    ("user_name", "a" * 32, (), "a" * 32),
    ("instance_type", "u-6tb1.metal", (), "u-6tb1.metal"),
    ("url", " http://example.org:8080/a%28 ", (), "http://example.org:8080/a%28"),
    ("url", "https://[2001:db8::1]/", (), "https://[2001:db8::1]/"),
    ("url", "https://me@example.org/", (), "https://me@example.org/"),
    ("email", "ada@example.org", (), "ada@example.org"),
    ("sha256", "A" * 64, (), "a" * 64),
    (
        "certificate",
        "\n-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----",
        (),
        "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n",
    ),
]


@pytest.mark.parametrize(("check", "value", "told", "sentence", "hint"), REFUSED)
def test_what_is_refused_is_said_in_one_sentence(check, value, told, sentence, hint):
    with pytest.raises(ArgumentError) as refused:
        find(check)(value, "it", *told)

    whole = sentence if sentence.startswith("it[") else f"it {sentence}"
    assert (refused.value.message, refused.value.hint) == (whole, hint)


@pytest.mark.parametrize(("check", "value", "told", "kept"), TAKEN)
def test_what_is_taken_is_returned_as_the_components_use_it(check, value, told, kept):
    found = find(check)(value, "it", *told)

    assert (found, type(found)) == (kept, type(kept))


@pytest.mark.parametrize(
    "check",
    [
        *("name", "domain", "network", "public_key", "user_name", "instance_type", "url", "email"),
        *("sha256", "certificate"),
    ],
)
def test_text_that_is_empty_is_said_of_the_value(check):
    with pytest.raises(ArgumentError) as refused:
        find(check)(" ", "it")

    assert refused.value.message == "it is ' ', but must be text that isn't empty."


@pytest.mark.parametrize("value", ["a.b.1", f"{LONGEST}.{62 * 'b'}"])
def test_what_is_nearly_a_domain_is_none(value):
    with pytest.raises(ArgumentError, match="isn't a domain name"):
        validation.check_domain(value, "it")


def test_a_path_without_a_scheme_is_told_as_one():
    with pytest.raises(ArgumentError, match="only the name"):
        validation.check_domain("lab.example.org/jupyter", "it")


@pytest.mark.parametrize("instead", ["{}\nssh-rsa", "{}\n"])
def test_a_second_line_is_no_part_of_a_key(instead):
    whole = key("ssh-rsa").replace(" ada@home", instead.format(" ada@home") + " x")
    with pytest.raises(ArgumentError, match="isn't an OpenSSH public key"):
        validation.check_public_key(whole, "it")


def test_signs_that_are_no_base64_are_not_left_out():
    with pytest.raises(ArgumentError, match="isn't an OpenSSH public key"):
        validation.check_public_key(key("ssh-rsa").replace("AAAA", "AA*AA", 1), "it")


def test_a_record_without_a_name_is_said_of_the_value():
    with pytest.raises(ArgumentError, match=r"^it is ' ', but must be text"):
        validation.check_record_name(" ", "it", "example.org")


def test_a_list_of_certificates_is_taken():
    one = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
    assert validation.check_certificates([one, one], "it") == [one, one]


@pytest.mark.parametrize(("length", "shown"), [(58, "'{}'"), (59, "'{}…")])
def test_a_value_of_up_to_60_signs_is_shown_whole(length, shown):
    text = "x" * length
    assert validation.shown(text) == shown.format(text if length == 58 else "x" * 56)

"""Checks of single values, each returning the value as both planes use it.

Each takes the value and ``what``, the name its giver knows it by ("workbench:domain" from a
stack's configuration, "domain" from a program, "acme.email" from the server's settings), and raises
``UnusableValueError`` with a sentence that says what is wrong and what to write instead.
Standard library only: the recipe takes them along.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from collections.abc import Collection
from urllib.parse import urlsplit

# What passes these ends up in commands, paths and Caddy's configuration.
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
_ADDRESS = re.compile(r"https?://[A-Za-z0-9._~:/?&=%+@\[\]-]+", re.ASCII)
_EMAIL = re.compile(r"[^\s@{}\"'`]+@[^\s@{}\"'`]+")
_NAME = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?", re.ASCII)
_USER = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
_INSTANCE_TYPE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+", re.ASCII)
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
# By place. What is older, such as US/Eastern or EST, isn't on every server.
_TIME_ZONE = re.compile(
    r"UTC|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc)"
    r"(/[A-Za-z0-9_+-]+)+",
    re.ASCII,
)

# The accounts that the images of the operating systems let the key pair in to.
ADMINISTRATORS = ("ubuntu", "admin")
# What the system has already, or the recipe makes.
RESERVED_NAMES = frozenset(
    {
        # base-passwd's accounts, and groups that a person's own group can't be.
        *("bin", "sys", "sync", "games", "man", "lp", "mail", "news", "uucp", "proxy", "www-data"),
        *("backup", "list", "irc", "_apt", "messagebus", "systemd-network"),
        *("adm", "sudo", "shadow", "disk", "docker", "users", "staff"),
        *("root", "daemon", "nobody", "workbench", "ssm-user"),
        *ADMINISTRATORS,
    }
)

# The 50 characters of a backup vault's name, the shortest, less "-storage-backup" and the eight
# characters that Pulumi puts behind a name. It shortens none: AWS would refuse a longer one.
LONGEST_NAME = 27

# What EC2 imports as a key pair; sshd itself takes more kinds.
KEY_PAIR_TYPES = ("ssh-ed25519", "ssh-rsa")
_USER_KEY_TYPES = (
    *KEY_PAIR_TYPES,
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
MAKE_A_KEY = (
    "Make a key pair with: ssh-keygen -t ed25519\n"
    "  and give the text of its public half, the file ~/.ssh/id_ed25519.pub."
)


class UnusableValueError(ValueError):
    """A value can't be used: ``message`` is one sentence, ``hint`` what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def check_text(value: object, what: str) -> str:
    """Return text that isn't empty."""
    if not isinstance(value, str) or not value.strip():
        raise UnusableValueError(f"{what} is {shown(value)}, but must be text that isn't empty.")
    return value.strip()


def check_flag(value: object, what: str) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise UnusableValueError(f"{what} is {shown(value)}, but must be true or false.")
    return value


def check_number(value: object, what: str, low: int, high: int, unit: str = "") -> int:
    """Return a whole number between two limits, both allowed."""
    limits = f"a whole number from {low} to {high}{' ' + unit if unit else ''}"
    # Other languages send every number as a float.
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise UnusableValueError(f"{what} is {shown(value)}, but must be {limits}.")
    return value


def check_name(value: object, what: str, longest: int = LONGEST_NAME) -> str:
    """Return a component's name that AWS takes as the start of all names made of it."""
    text = check_text(value, what)
    if len(text) > longest or not _NAME.fullmatch(text):
        raise UnusableValueError(
            f"{what} is {shown(text)}, but names in AWS need lowercase letters, digits and "
            f"hyphens, a letter first, at most {longest} of them.",
            "For example: do4ds-lab",
        )
    return text


def check_domain(value: object, what: str) -> str:
    """Return a domain name in lower case, without the dot at its end."""
    text = check_text(value, what).lower().rstrip(".")
    if "/" in text or ":" in text:
        raise UnusableValueError(
            f"{what} is {shown(value)}, but must be only the name, without https://, port or path.",
            "For example: lab.example.org",
        )
    labels = text.split(".")
    if not text.isascii():
        raise UnusableValueError(
            f"{what} is {shown(value)}, which has letters that DNS doesn't support.",
            f"Write its ASCII form: {_ascii_form(text)}",
        )
    if len(labels) < 2 or len(text) > 253 or labels[-1].isdigit() or not _are_labels(labels):
        raise UnusableValueError(
            f"{what} is {shown(value)}, which isn't a domain name: parts of letters, digits and "
            "hyphens, separated by dots, at least two.",
            "For example: lab.example.org",
        )
    return text


def check_record_name(value: object, what: str, domain: str) -> str:
    """Return the full name of a record below ``domain``: ``app`` and ``app.<domain>`` are one."""
    text = check_text(value, what).lower().rstrip(".")
    if text != domain and not text.endswith(f".{domain}"):
        text = f"{text}.{domain}"
    first, _, rest = text.partition(".")
    if first == "*":
        return f"*.{check_domain(rest, what)}"
    return check_domain(text, what)


def check_network(value: object, what: str) -> str:
    """Return a range of IP addresses in CIDR notation."""
    text = check_text(value, what)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise UnusableValueError(
            f"{what} is {shown(text)}, which isn't a range of IP addresses in CIDR notation.",
            "For example: 203.0.113.7/32 for one address, 0.0.0.0/0 for all.",
        ) from None
    if "/" not in text:
        raise UnusableValueError(
            f"{what} is {shown(text)}, which is one address, not a range.",
            f"For that address alone write: {text}/{network.max_prefixlen}",
        )
    if ipaddress.ip_interface(text).ip != network.network_address:
        raise UnusableValueError(
            f"{what} is {shown(text)}, whose address is inside the range, not its start.",
            f"Write: {network}",
        )
    return str(network)


def check_networks(values: object, what: str) -> list[str]:
    """Return a list of ranges of IP addresses in CIDR notation."""
    return _check_each(check_network, values, what)


def check_texts(values: object, what: str) -> list[str]:
    """Return a list of texts that aren't empty."""
    return _check_each(check_text, values, what)


def check_certificates(values: object, what: str) -> list[str]:
    """Return a list of certificates in PEM form."""
    return _check_each(check_certificate, values, what)


def check_public_key(value: object, what: str, types: tuple[str, ...] = _USER_KEY_TYPES) -> str:
    """Return an OpenSSH public key of one of the ``types``."""
    if value is None or value == "":
        raise UnusableValueError(
            f"{what} is missing, and you need it to sign in to the server.", MAKE_A_KEY
        )
    text = check_text(value, what)
    # A private key must not reach a terminal, a log or Pulumi's state: not even its first letters.
    if "PRIVATE KEY" in text:
        raise UnusableValueError(
            f"{what} is a private key, which never leaves its owner.", MAKE_A_KEY
        )
    kind, _, rest = text.partition(" ")
    if "\n" in text or not _is_key_data(kind, rest.split(" ")[0]):
        raise UnusableValueError(
            f"{what} isn't an OpenSSH public key, one line such as 'ssh-ed25519 AAAA… you@home'.",
            MAKE_A_KEY,
        )
    if kind not in types:
        raise UnusableValueError(
            f"{what} is a key of type {kind}, but must be one of {', '.join(types)}.", MAKE_A_KEY
        )
    return text


def check_public_keys(values: object, what: str) -> list[str]:
    """Return a list of OpenSSH public keys."""
    return _check_each(check_public_key, values, what)


def check_user_name(value: object, what: str) -> str:
    """Return the name of a user account that Linux, PAM and JupyterHub all take."""
    return _check_form(
        _USER,
        value,
        what,
        "but a user's name is lowercase letters, digits, - and _, a letter first, at most 32 of "
        "them",
        "test-user",
    )


def check_person_name(value: object, what: str) -> str:
    """Return the name of a user account that isn't one of the system's."""
    # The services' modules check values, too.
    from workbench.host.service_table import reserved_accounts

    name = check_user_name(value, what)
    if name in RESERVED_NAMES | reserved_accounts():
        raise UnusableValueError(
            f"{what} is {name!r}, which is a system account.", "Choose another name."
        )
    return name


def check_time_zone(value: object, what: str, known: Collection[str] = ()) -> str:
    """Return a time zone's name; one of the ``known`` ones, where any are."""
    text = check_text(value, what)
    if not is_time_zone(text) or (known and text not in known):
        raise UnusableValueError(
            f"{what} is {text!r}, but must be a time zone's name of the form Area/City, or UTC.",
            "For example: Europe/Berlin",
        )
    return text


def is_time_zone(name: str) -> bool:
    """Say whether a name has the form of a time zone's."""
    return bool(_TIME_ZONE.fullmatch(name))


def check_instance_type(value: object, what: str) -> str:
    """Return an instance type's name; whether AWS has one by that name is looked up later."""
    return _check_form(_INSTANCE_TYPE, value, what, "which isn't an instance type", "t3.medium")


def check_bucket(value: object, what: str) -> str:
    """Return a bucket's name, of the characters that S3 takes and a shell leaves alone."""
    return _check_form(_BUCKET, value, what, "which isn't the name of a bucket", "team-recipes")


def check_url(value: object, what: str) -> str:
    """Return an http or https address."""
    text = check_text(value, what)
    host, password = _host_and_password(text)
    if password:
        raise UnusableValueError(
            f"{what} has a password in it, which would be stored in the open.",
            "Leave it out: the server reads this address without signing in.",
        )
    if not text.startswith(("http://", "https://")) or not host or text.split() != [text]:
        raise UnusableValueError(
            f"{what} is {shown(text)}, but must start with https:// and a host."
        )
    if not _ADDRESS.fullmatch(text):
        raise UnusableValueError(
            f"{what} is {shown(text)}, but a URL for the server may only have letters, "
            "digits and ._~:/?&=%+@[]-.",
            "Write other characters as their codes, for example %28 for an opening parenthesis.",
        )
    return text


def check_email(value: object, what: str) -> str:
    """Return an email address."""
    return _check_form(_EMAIL, value, what, "which isn't an email address", "ada@example.org")


def check_sha256(value: object, what: str) -> str:
    """Return a SHA-256 checksum in lowercase hexadecimal."""
    text = check_text(value, what).lower()
    if not _SHA256.fullmatch(text):
        raise UnusableValueError(
            f"{what} is {shown(text)}, but must be the 64 hexadecimal digits of a SHA-256."
        )
    return text


def check_certificate(value: object, what: str) -> str:
    """Return one certificate or several in PEM form."""
    text = check_text(value, what)
    if "PRIVATE KEY" in text:
        raise UnusableValueError(f"{what} holds a private key, but must contain only certificates.")
    if "-----BEGIN CERTIFICATE-----" not in text or "-----END CERTIFICATE-----" not in text:
        raise UnusableValueError(
            f"{what} isn't a certificate in PEM form.",
            "Give the text of the file, starting with -----BEGIN CERTIFICATE-----.",
        )
    return text + "\n"


def _check_each(check: Callable[[object, str], str], values: object, what: str) -> list[str]:
    if not isinstance(values, list | tuple):
        raise UnusableValueError(f"{what} is {shown(values)}, but must be a list.")
    return [check(value, f"{what}[{index}]") for index, value in enumerate(values)]


def _are_labels(labels: list[str]) -> bool:
    return all(_LABEL.fullmatch(label) for label in labels)


def _check_form(form: re.Pattern[str], value: object, what: str, wrong: str, example: str) -> str:
    """Return a text of a form; ``wrong`` ends the sentence about one that isn't."""
    text = check_text(value, what)
    if not form.fullmatch(text):
        raise UnusableValueError(f"{what} is {shown(text)}, {wrong}.", f"For example: {example}")
    return text


def _host_and_password(address: str) -> tuple[str | None, str | None]:
    try:
        parts = urlsplit(address)
    except ValueError:
        return None, None
    return parts.hostname, parts.password


def _ascii_form(text: str) -> str:
    try:
        return text.encode("idna").decode()
    except UnicodeError:
        return "xn--…"


def _is_key_data(kind: str, encoded: str) -> bool:
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return False
    # The data starts with its own type as a string with a four-byte length (RFC 4253, section 6.6).
    return data[4 : 4 + int.from_bytes(data[:4])] == kind.encode()


def shown(value: object) -> str:
    """Return a value as a sentence shows it, shortened."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"

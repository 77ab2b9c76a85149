"""PAM's common files, which the distribution's own tool makes of profiles."""

from collections.abc import Iterator
from pathlib import Path

from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation

PROFILES = Path("/usr/share/pam-configs")
COMMON = Path("/etc/pam.d")
# What the tool made of each profile the last time, in a file for each of the common files.
MADE = Path("/var/lib/pam")
# The headings of a profile's rules, and the common files that these go into.
HEADINGS = {
    "Auth:": ("auth",),
    "Account:": ("account",),
    "Password:": ("password",),
    "Session:": ("session", "session-noninteractive"),
}

Rule = tuple[str, ...]


@operation
def enable_profile(profile: Path) -> Commands:
    """Put a profile into the common files, unless it is in them as it is now."""
    if not is_enabled(profile):
        yield "DEBIAN_FRONTEND=noninteractive pam-auth-update --package"


def is_enabled(profile: Path) -> bool:
    """Say whether the common files have the profile's rules, these and no others of it."""
    if not profile.exists():
        return False
    return all(
        rules == _made(kind, profile.name) and _are_in_common(kind, rules)
        for heading, rules in _rules(profile.read_text().splitlines())
        for kind in HEADINGS[heading]
    )


def _rules(lines: list[str]) -> Iterator[tuple[str, list[Rule]]]:
    """Give the rules that follow each heading of a profile."""
    for number, line in enumerate(lines):
        if line.strip() not in HEADINGS:
            continue
        rules = []
        for indented in lines[number + 1 :]:
            if not indented[:1].isspace():
                break
            rules.append(tuple(indented.split()))
        yield line.strip(), rules


def _made(kind: str, name: str) -> list[Rule]:
    """Return the rules that a common file was given for a profile."""
    path = MADE / kind
    rules: list[Rule] = []
    module = ""
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith("Module: "):
            module = line.removeprefix("Module: ")
        elif module == name and line.strip():
            rules.append(tuple(line.split()))
    return rules


def _are_in_common(kind: str, rules: list[Rule]) -> bool:
    """Say whether nobody took a rule out again; how far its outcome leads may be another there."""
    lines = [line.split() for line in (COMMON / f"common-{kind}").read_text().splitlines()]
    return all(any(_module(rule) == _module(line) for line in lines) for rule in rules)


def _module(words: tuple[str, ...] | list[str]) -> list[str]:
    """Return a rule's module and the module's options."""
    first = next((at for at, word in enumerate(words) if word.endswith(".so")), len(words))
    return list(words[first:])

"""Passwords: set by administrators and by people themselves, by one rule.

passwdqc's: PAM holds ``passwd`` and all its like to it, also root's; ``workbench-passwd`` asks it
first, to say in a sentence what is wrong.
"""

import re
from pathlib import Path

from workbench.host import service_table
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings
from workbench.host.system import pam

PASSWD = Path("/usr/local/sbin/workbench-passwd")
RULE = Path("/etc/workbench/passwdqc.conf")
WORDS = Path("/etc/workbench/password-words")
PROFILE = pam.PROFILES / "workbench-password"
# Shorter ones are in too many passwords by chance.
SHORTEST_WORD = 4
# What passwords are made from where a rule asks for a capital, a digit and a sign: passwdqc's own
# list has few of them.
FAVORITES = (
    *("january", "february", "march", "april", "june", "july", "august", "september"),
    *("october", "november", "december", "spring", "summer", "autumn", "winter"),
    *("monday", "friday", "password", "welcome", "changeme", "letmein", "secret"),
)


def passwords(settings: Settings) -> None:
    """Write the rule, and have PAM hold everyone to it."""
    put_template("password-words", WORDS, known=guessable(settings))
    put_template("passwdqc.conf", RULE, words=WORDS)
    put_template("workbench-passwd", PASSWD, mode="755", rule=RULE)
    put_template("pam-password", PROFILE, rule=RULE)
    pam.enable_profile(PROFILE, name="Have one rule for everyone's passwords")


def guessable(settings: Settings) -> list[str]:
    """Return the words that guessers know: the workbench's names, their parts, and favorites."""
    words = [each.word for each in service_table.own_services() if each.path]
    names = ["workbench", *words, settings.name, *settings.names]
    parts = {name: re.findall(r"[^\W_]+", name) for name in names}
    words = [word for name in names for word in (name, "".join(parts[name]), *parts[name])]
    known = dict.fromkeys(map(str.lower, words))
    return [*(word for word in known if len(word) >= SHORTEST_WORD), *FAVORITES]

"""One table of words: what stands in texts, comments and documents, and what stood there before."""

import functools
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).relative_to(ROOT)
# What a reader may stumble over: what they would say.
WORDS = {
    r"go(es)? on with|the server goes on|goes on by itself|   goes on|Go on\?": "continue, resume",
    r"\bby hand\b": "manually",
    r"\b[Mm]end(s|ed|ing)?\b": "fix",
    r"\b[Bb]eside\b": "alongside, next to",
    r"\b[Aa]new\b": "again, start over",
    r"\bleads? to\b": "point to",
    r"\b[Cc]ut off\b": "interrupted",
    r"\bsmall letters\b": "lowercase letters",
    r"\b[Oo]nce more:": "repeat",
    r"\bstands by\b": "standby",
    r"opens the server no more|has it no more|declared no more": "no longer",
    r"AWS doesn't tell": "AWS doesn't report it",
    r"\b[Ff]or want of\b": "for lack of",
    r"\bas ever\b": "as usual",
    r"\b[Bb]y way of\b": "through",
    r"\b[Bb]y the way\b": "along the way",
    r"\bput right\b": "reverted, corrected, fixed",
    r"\btells? of\b": "say about, report, show",
    r"\bgo(es)? by what\b": "uses",
    r"\b(some|any)body\b": "someone, anyone",
    r"\bunder way\b": "in progress, running",
    r"\b[Ll]isten(s|ing|ed)? at\b": "listen on",
    r"\b[Ww]arn(s|ed)? of\b": "warn about",
    r"\b[Ll]ower-case\b|\be-mails?\b": "lowercase, email",
    r"\b[Ss]ome minutes\b": "a few minutes",
    r"\bcontinues? by itself\b": "on its own",
    r"\bfor a look\b": "so you can look at it",
    r"\bcommas between\b": "separated by commas",
    r"\bto be entered\b": "enter",
    r"can't \w+ any more\b": "can no longer",
    r"\bshut out\b": "lock out",
    r"\b(is|are) brought to\b": "updated to match",
    r"\bstays? silent\b": "doesn't answer",
    r"\bis no (key|step|time|place|address|size) (that|of|for|in)\b": "isn't a",
    r"\bwith all homes\b|\bits homes\b": "home folders",
}
# What was said when it was said; and words of other people's.
PAST = {"CHANGELOG.md", str(HERE)}
SUFFIXES = {".py", ".md", ".j2", ".sh", ".toml", ".yaml", ""}


@functools.cache
def read(name: Path) -> str:
    return (ROOT / name).read_text(errors="replace")


@functools.cache
def texts() -> list[Path]:
    """Return the repository's files that somebody reads."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = [Path(name) for name in done.stdout.decode().split("\0") if name]
    return [
        name
        for name in names
        if name.suffix in SUFFIXES and str(name) not in PAST and (ROOT / name).is_file()
    ]


@pytest.mark.parametrize("old", WORDS)
def test_a_word_of_before_is_not_used(old: str) -> None:
    found = []
    for name in texts():
        text = read(name)
        if not re.search(old, text):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(old, line):
                found.append(f"{name}:{number}: {line.strip()}")

    assert not found, f"say: {WORDS[old]}\n" + "\n".join(found)


def test_the_table_sees_a_word_of_before() -> None:
    assert any(re.search(old, "It was cut off; mend it by hand.") for old in WORDS)
    assert len(texts()) > 400

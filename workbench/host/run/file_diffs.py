"""What would change in a file, without the secrets that may be in it."""

import difflib
import re
from pathlib import Path
from typing import IO

MOST_LINES = 80
CONTEXT_LINES = 1
OTHERS_MAY_READ = 0o004
_WORDS = r"[\w.-]*(?:password|passwd|secret|token|api_?key|credential)[\w.-]*"
# What a setting named for passwords may have without being one.
_PLAIN = r"(?![\"']?(?:yes|no|true|false|none|on|off)\b[\"']?\s*$)"
# "password = value", or a line that is "password value" and nothing else.
_SECRET = re.compile(
    rf"(?i)({_WORDS}[\"']?\s*[=:]\s*){_PLAIN}\S.*|(?<=^.)(\s*{_WORDS}\s+){_PLAIN}\S+$"
)
_IN_ADDRESS = re.compile(r"(?i)(\w+://)[^/\s@]+@")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")


def file_diff(source: str | IO[str] | IO[bytes], target: Path) -> list[str]:
    """Return a unified diff from a file on the server to what it would be."""
    wanted = _read_source(source)
    if target.exists() and not target.stat().st_mode & OTHERS_MAY_READ:
        return [f"({target} is not for everyone to read: its difference is not shown)"]
    present = target.read_text(errors="replace") if target.is_file() else ""
    if _PRIVATE_KEY.search(present + wanted):
        return [f"({target} holds a private key: its difference is not shown)"]
    lines = difflib.unified_diff(
        present.splitlines(),
        wanted.splitlines(),
        f"{target} on the server",
        f"{target} in the recipe",
        n=CONTEXT_LINES,
        lineterm="",
    )
    told = [line if line.startswith(("---", "+++")) else hide_secrets(line) for line in lines]
    more = len(told) - MOST_LINES
    return told[:MOST_LINES] + ([f"({more} more lines)"] if more > 0 else [])


def hide_secrets(line: str) -> str:
    """Return a diff's line without what looks like a secret's value."""
    return _IN_ADDRESS.sub(r"\1…@", _SECRET.sub(lambda match: f"{match[1] or match[2]}…", line))


def _read_source(source: str | IO[str] | IO[bytes]) -> str:
    if isinstance(source, str | Path):
        return Path(source).read_text(errors="replace")
    source.seek(0)
    content = source.read()
    source.seek(0)
    return content if isinstance(content, str) else content.decode(errors="replace")

"""Our files in a person's ~/.ssh, and the one line in their ``config`` that includes them.

Each alias has a file of its own in ``workbench.d``. What we made besides is noted there, so
that without the last alias everything is byte for byte as it was.
"""

import json
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.tasks.ssh.own_files import make_folder
from workbench.tasks.ssh.own_files import refuse_writable_by_others
from workbench.writing import put_file

FOLDER = "workbench.d"
# What was made besides the aliases: a new file or folder, or the line in a file that was there.
MADE = ".made.json"
_SECTION = re.compile(rb"(?im)^[ \t]*(host|match)[ \t=\"]")
# ssh_config(5): Include takes patterns, as glob(7) does.
_PATTERN = re.compile(r"([\\*?\[\]])")


@dataclass(frozen=True)
class SshFiles:
    """The folder of OpenSSH's files, and what is ours in it."""

    folder: Path

    @property
    def config(self) -> Path:
        """The person's own configuration."""
        return self.folder / "config"

    @property
    def ours(self) -> Path:
        """The folder with a file for each alias."""
        return self.folder / FOLDER

    @cached_property
    def include(self) -> str:
        """The line that includes our files.

        With the whole path: OpenSSH looks for a relative one by $HOME, and for ``config`` not.
        """
        pattern = _PATTERN.sub(r"\\\1", str(self.ours)) + "/*.conf"
        return f'Include "{pattern}"' if re.search(r"[\s#]", pattern) else f"Include {pattern}"

    def aliases(self) -> list[str]:
        """Return the aliases there are."""
        return sorted(path.stem for path in self.ours.glob("*.conf"))

    def file(self, alias: str) -> Path:
        """Return an alias's own file."""
        return self.ours / f"{alias}.conf"

    def read(self, alias: str) -> str | None:
        """Return an alias's text; None where there is none."""
        try:
            return self.file(alias).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def planned(self, alias: str, text: str) -> list[Path]:
        """Return the files that ``write`` would write."""
        changed = [] if self.read(alias) == text else [self.file(alias)]
        return changed if self.is_included() else [*changed, self.config]

    def is_included(self) -> bool:
        """Whether the person's configuration has our line where it counts."""
        content = self._content() or b""
        found = self._line().search(content)
        # Below the first Host or Match, it would hold for that host alone.
        return found is not None and not _SECTION.search(content[: found.start()])

    def write(self, alias: str, text: str) -> None:
        """Have the alias; twice is fine."""
        made, content = self._made(), self._content()
        if content is not None:
            refuse_writable_by_others(self.config)
        made |= set() if content is not None else {"config"}
        made |= set() if self.folder.exists() else {"folder"}
        make_folder(self.folder)
        make_folder(self.ours)
        self._note(made)
        put_file(self.file(alias), text.encode(), mode=0o600)
        if self.is_included():
            return
        # Before anything else: a Host or Match of the person's would hold for our line, too.
        self._note(made | {"line"})
        ending = b"\r\n" if re.match(rb"[^\n]*\r\n", content or b"") else b"\n"
        self._put(self.include.encode() + ending + (content or b""))

    def remove(self, alias: str) -> bool:
        """Take the alias out, and everything of ours with the last one; return whether it was."""
        existed = self.file(alias).exists()
        self.file(alias).unlink(missing_ok=True)
        if not self.aliases():
            self._tidy()
        return existed

    def _tidy(self) -> None:
        made, content = self._made(), self._content()
        if content is not None and "line" in made:
            content = self._line().sub(b"", content, count=1)
            self._put(content)
        if content == b"" and "config" in made:
            self._real_config().unlink()
        (self.ours / MADE).unlink(missing_ok=True)
        _remove_empty(self.ours)
        if "folder" in made:
            _remove_empty(self.folder)

    def _put(self, content: bytes) -> None:
        if content == self._content():
            return
        try:
            put_file(self._real_config(), content, mode=0o600, parents=False)
        except OSError as error:
            raise WorkbenchError(
                f"{self.config} can't be changed: {error.strerror}. It is to begin with this line"
                " (and without any workbench, to be without it):",
                self.include,
            ) from error

    def _real_config(self) -> Path:
        """Return the file itself: people keep it elsewhere, and a link to it here."""
        return self.config.resolve()

    def _content(self) -> bytes | None:
        try:
            return self.config.read_bytes()
        except FileNotFoundError:
            return None

    def _line(self) -> re.Pattern[bytes]:
        # An editor may have changed the line's ending since.
        return re.compile(rb"(?m)^" + re.escape(self.include.encode()) + rb"[ \t]*\r?(?:\n|\Z)")

    def _made(self) -> set[str]:
        try:
            return set(json.loads((self.ours / MADE).read_text(encoding="ascii")))
        except FileNotFoundError:
            return set()

    def _note(self, made: set[str]) -> None:
        if made != self._made():
            put_file(self.ours / MADE, json.dumps(sorted(made)).encode(), mode=0o600)


def _remove_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()

"""Whether this process only plans: then nothing is changed, and nothing is waited for."""

from pathlib import Path


class Planning:
    """What a plan has found so far that later operations look at."""

    def __init__(self) -> None:
        self._is_active = False
        self._files: set[str] = set()
        self._started: set[str] = set()
        # Asked once for all of them, as nothing changes while a plan is made: what systemd
        # says of units, and the versions of packages (None: not installed).
        self.units: dict[str, dict[str, str]] = {}
        self.packages: dict[str, str | None] = {}

    def begin(self) -> None:
        """Plan from here on, in this process."""
        self._is_active = True

    @property
    def is_active(self) -> bool:
        """Whether operations are only asked what they would do."""
        return self._is_active

    def note_file(self, path: Path | str) -> None:
        """Remember that a file would be written."""
        if self._is_active:
            self._files.add(str(path))

    def would_write(self, path: Path | str) -> bool:
        """Say whether a file would have been written by now."""
        return str(path) in self._files

    def note_start(self, unit: str) -> None:
        """Remember that a unit would be started."""
        self._started.add(unit)

    def would_start(self, unit: str) -> bool:
        """Say whether a unit, which doesn't run now, would have been started by now."""
        return self._is_active and unit in self._started


planning = Planning()

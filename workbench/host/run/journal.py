"""Tell the progress of a converge: JSON lines that a person's computer can follow."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from workbench.host import places

PROGRESS = places.LOGS / "progress.jsonl"
LAST = places.STATE / "converged.json"
# A follower reads a few runs back at most; beyond this size the file starts again.
LARGEST = 1 << 20
LOG = places.LOGS / "converge.log"
LARGEST_LOG = 16 << 20
LOG_LINES = 40


@dataclass
class Journal:
    """The progress of one run, from the fetch of the recipe to its end.

    ``started`` is by the monotonic clock, which the run's processes share: a new server's clock
    may be set meanwhile.
    """

    run: str
    started: float
    recipe: str
    settings: str
    total: int
    changed: int = 0
    unchanged: int = 0
    _step: tuple[str, float] | None = field(default=None)

    def begin(self) -> None:
        """Say that the run begins."""
        PROGRESS.parent.mkdir(parents=True, exist_ok=True)
        if PROGRESS.exists() and PROGRESS.stat().st_size > LARGEST:
            PROGRESS.rename(PROGRESS.with_suffix(".jsonl.1"))
        # systemd holds the log open for appending: it can be emptied, not renamed.
        if LOG.exists() and LOG.stat().st_size > LARGEST_LOG:
            os.truncate(LOG, 0)
        self._write("begin", total=self.total)

    def begin_step(self, title: str) -> None:
        """Say which step is being done now."""
        self._step = (title, time.monotonic())
        self._write("begin", step=title, index=self._index, total=self.total)

    def end_step(self, *, changed: bool) -> None:
        """Say that the step is done, and whether it changed anything."""
        title, started = self._open_step()
        index, self._step = self._index, None
        if changed:
            self.changed += 1
        else:
            self.unchanged += 1
        self._write_step(title, index, "changed" if changed else "unchanged", started)

    def fail(self, log: list[str]) -> None:
        """Say that the step failed, with the last lines it wrote, and end the run."""
        title, started = self._step or ("Recipe", time.monotonic())
        self._write_step(title, self._index, "failed", started, log=log[-LOG_LINES:])
        self._end("failed", failed_step=title)

    def end(self) -> None:
        """Say that the run is done."""
        self._end("ok")

    @property
    def _index(self) -> int:
        return self.changed + self.unchanged + 1

    def _open_step(self) -> tuple[str, float]:
        if self._step is None:
            raise RuntimeError("no step is open")
        return self._step

    def _write_step(
        self, title: str, index: int, result: str, started: float, **more: object
    ) -> None:
        seconds = round(time.monotonic() - started, 3)
        self._write(
            "step",
            step=title,
            index=index,
            total=self.total,
            result=result,
            seconds=seconds,
            **more,
        )

    def _end(self, result: str, **more: object) -> None:
        event = self._write(
            "end",
            result=result,
            changed=self.changed,
            unchanged=self.unchanged,
            seconds=round(time.monotonic() - self.started, 3),
            recipe=self.recipe,
            settings=self.settings,
            **more,
        )
        LAST.parent.mkdir(parents=True, exist_ok=True)
        temporary = LAST.with_suffix(".new")
        temporary.write_text(json.dumps(event) + "\n", encoding="utf-8")
        temporary.rename(LAST)

    def _write(self, event: str, **values: object) -> dict[str, Any]:
        line = {"time": round(time.time(), 3), "run": self.run, "event": event, **values}
        # Readable by everyone who may sign in: it holds no secret.
        with open(PROGRESS, "a", encoding="utf-8", opener=_opener) as file:
            file.write(json.dumps(line) + "\n")
        return line

    def hand_over(self) -> dict[str, str]:
        """Return the environment from which the next process continues this run."""
        return {
            "WORKBENCH_RUN": self.run,
            "WORKBENCH_BEGAN": str(self.started),
            "WORKBENCH_RECIPE": self.recipe,
            "WORKBENCH_COUNTS": f"{self.changed} {self.unchanged}",
        }


def continue_journal(settings: str, total: int) -> Journal:
    """Return the journal of the run that this process is part of, or of a new one."""
    changed, unchanged = os.environ.get("WORKBENCH_COUNTS", "0 0").split()
    return Journal(
        run=os.environ.get("WORKBENCH_RUN", f"{time.time():.3f}"),
        started=run_started(),
        recipe=os.environ.get("WORKBENCH_RECIPE", ""),
        settings=settings,
        total=total,
        changed=int(changed),
        unchanged=int(unchanged),
    )


def run_started() -> float:
    """Return when the run began that this process is part of, by the monotonic clock (seconds)."""
    return float(os.environ.get("WORKBENCH_BEGAN", time.monotonic()))


@contextmanager
def failing(journal: Journal) -> Iterator[None]:
    """End the run as failed, with the error's text as its log, when the block raises."""
    try:
        yield
    except Exception as error:
        journal.fail([*getattr(error, "log", []), str(error)])
        raise


def _opener(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, 0o644)
    os.fchmod(descriptor, 0o644)
    return descriptor

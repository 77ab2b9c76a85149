"""Build a program from a Go module that is pinned in a folder of ours by go.mod and go.sum."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from workbench.child import run_lines
from workbench.progress import Phase

# In seconds: Pulumi's engine takes five minutes on two cores with the modules at hand.
LIMIT = 60 * 60.0
# What Go needs to read `tool` in go.mod, or to fetch a Go that does.
OLDEST_GO = (1, 21)

# What Go says, and what it means for the reader; the first that fits.
REASONS = (
    ("no space left on device", "the disk is full: building {what} takes some {disk}"),
    ("signal: killed", "the compiler ran out of memory: building {what} takes some {memory}"),
    ("requires go >=", "Go is too old: building {what} takes Go 1.26"),
    ("unknown directive: tool", "Go is too old: building {what} takes Go 1.26"),
)
NETWORK = ("dial tcp", "no such host", "i/o timeout", "TLS handshake", "proxyconnect", "Forbidden")


class BuildUnavailable(Exception):
    """The program can't be built here; the message says why, in part of a sentence."""


@dataclass(frozen=True)
class GoModule:
    """A module whose only `tool` is the program: what people call it, and what a build needs."""

    folder: Path
    what: str
    download: str
    disk: str
    memory: str
    flags: tuple[str, ...]


def build_program(module: GoModule, root: Path, phase: Phase) -> None:
    """Build the module's tool into ``root``/bin.

    What is downloaded and compiled stays in Go's own caches, so that a build that was stopped
    continues where it was. Raises BuildUnavailable where it can't be built.
    """
    go = _find_go()
    output = root / "bin"
    output.mkdir(parents=True)
    build = _Build(module, go, phase)
    phase.update(f"looking at what to compile (Go fetches the modules first: {module.download})")
    stale = build.run("list", "-deps", "-f={{if .Stale}}{{.ImportPath}}{{end}}", "tool")
    build.total = len([line for line in stale if line and " " not in line])
    build.run("build", "-v", f"-o={output}{os.sep}", "tool")


def _find_go() -> str:
    go = shutil.which("go")
    if go is None:
        raise BuildUnavailable("it can't be built here, as Go isn't installed")
    try:
        done = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        raise BuildUnavailable(f"it can't be built here, as {go} doesn't run") from None
    version = done.stdout.strip().removeprefix("go")
    if _numbers(version) < OLDEST_GO:
        raise BuildUnavailable(f"it can't be built here, as Go {version} is older than Go 1.26")
    return go


def _numbers(version: str) -> tuple[int, ...]:
    numbers = []
    for part in version.split(".")[:2]:
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        numbers.append(int(digits or 0))
    return tuple(numbers)


class _Build:
    """One build: what has been fetched and compiled so far, for the progress line."""

    def __init__(self, module: GoModule, go: str, phase: Phase) -> None:
        self.module = module
        self.go = go
        self.phase = phase
        self.fetched = 0
        self.compiled = 0
        self.total = 0
        self.now = "starting Go"
        self.lines: list[str] = []

    def run(self, verb: str, *arguments: str) -> list[str]:
        """Run one go command in the module's folder; return its lines."""
        self.lines = []
        try:
            code = run_lines(
                [self.go, verb, *self.module.flags, *arguments],
                on_line=self._note,
                on_tick=lambda: self.phase.tick(self.now),
                limit=LIMIT,
                directory=self.module.folder,
                environment=_environment(),
            )
        except TimeoutError:
            raise BuildUnavailable(
                f"building it did not end within {LIMIT / 60:.0f} minutes"
            ) from None
        if code != 0:
            raise BuildUnavailable(f"building it failed ({_reason(self.module, self.lines)})")
        return self.lines

    def _note(self, line: str) -> None:
        self.lines.append(line)
        if line.startswith("go: downloading"):
            self.fetched += 1
            self.now = f"fetching module {self.fetched}: {line.split()[2]}"
        elif self.total and " " not in line:
            self.compiled += 1
            self.now = f"compiling {self.compiled} of {self.total}: {line}"
        else:
            self.phase.tick(self.now)
            return
        self.phase.update(self.now)


def _environment() -> dict[str, str]:
    """Return the environment of a build that needs no C compiler and heeds no workspace."""
    return {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}


def _reason(module: GoModule, lines: list[str]) -> str:
    text = "\n".join(lines)
    for sign, reason in REASONS:
        if sign in text:
            return reason.format(what=module.what, disk=module.disk, memory=module.memory)
    unreachable = [line for line in lines if any(sign in line for sign in NETWORK)]
    if unreachable:
        return f"the modules can't be fetched: {_short(unreachable[0])}"
    return _short(lines[-1]) if lines else "Go says no reason"


def _short(line: str) -> str:
    return line if len(line) < 200 else f"{line[:200]}…"

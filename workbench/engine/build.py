"""Build the engine from its Go module, pinned in this folder's go.mod and go.sum."""

import os
import shutil
import subprocess
from pathlib import Path

from workbench.child import run_lines
from workbench.engine.unavailable import EngineUnavailable
from workbench.engine.versions import PINNED
from workbench.progress import Phase

MODULE = Path(__file__).parent

# In seconds: five minutes on two cores with the modules at hand.
LIMIT = 60 * 60.0
# What Go needs to read `tool` in go.mod, or to fetch a Go that does.
OLDEST_GO = (1, 21)

# Without the version the Automation API takes the engine for an unknown one.
FLAGS = (
    "-trimpath",
    "-tags=osusergo,grpcnotrace",
    f"-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PINNED}",
)

# What Go says, and what it means for the reader; the first that fits.
REASONS = (
    ("no space left on device", "the disk is full: building the engine takes some 4 GB"),
    ("signal: killed", "the compiler ran out of memory: building the engine takes some 2 GB"),
    ("requires go >=", "Go is too old: building the engine takes Go 1.26"),
    ("unknown directive: tool", "Go is too old: building the engine takes Go 1.26"),
)
NETWORK = ("dial tcp", "no such host", "i/o timeout", "TLS handshake", "proxyconnect", "Forbidden")


def build_engine(root: Path, phase: Phase) -> None:
    """Build the engine as ``root``/bin/pulumi.

    What is downloaded and compiled stays in Go's own caches, so that a build that was stopped
    goes on where it was. Raises EngineUnavailable where it can't be built.
    """
    go = _find_go()
    output = root / "bin"
    output.mkdir(parents=True)
    build = _Build(go, phase)
    phase.update("looking at what to compile (Go fetches the engine's modules first: 1.7 GB)")
    stale = build.run("list", "-deps", "-f={{if .Stale}}{{.ImportPath}}{{end}}", "tool")
    build.total = len([line for line in stale if line and " " not in line])
    build.run("build", "-v", f"-o={output}{os.sep}", "tool")


def _find_go() -> str:
    go = shutil.which("go")
    if go is None:
        raise EngineUnavailable("it can't be built here, as Go isn't installed")
    try:
        done = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        raise EngineUnavailable(f"it can't be built here, as {go} doesn't run") from None
    version = done.stdout.strip().removeprefix("go")
    if _numbers(version) < OLDEST_GO:
        raise EngineUnavailable(f"it can't be built here, as Go {version} is older than Go 1.26")
    return go


def _numbers(version: str) -> tuple[int, ...]:
    numbers = []
    for part in version.split(".")[:2]:
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        numbers.append(int(digits or 0))
    return tuple(numbers)


class _Build:
    """One build: what has been fetched and compiled so far, for the progress line."""

    def __init__(self, go: str, phase: Phase) -> None:
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
                [self.go, verb, *FLAGS, *arguments],
                on_line=self._note,
                on_tick=lambda: self.phase.tick(self.now),
                limit=LIMIT,
                directory=MODULE,
                environment=_environment(),
            )
        except TimeoutError:
            raise EngineUnavailable(
                f"building it did not end within {LIMIT / 60:.0f} minutes"
            ) from None
        if code != 0:
            raise EngineUnavailable(f"building it failed ({_reason(self.lines)})")
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


def _reason(lines: list[str]) -> str:
    text = "\n".join(lines)
    for sign, reason in REASONS:
        if sign in text:
            return reason
    unreachable = [line for line in lines if any(sign in line for sign in NETWORK)]
    if unreachable:
        return f"the modules can't be fetched: {_short(unreachable[0])}"
    return _short(lines[-1]) if lines else "Go says no reason"


def _short(line: str) -> str:
    return line if len(line) < 200 else f"{line[:200]}…"

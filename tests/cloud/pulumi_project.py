"""A Pulumi project of a test's own, with the real engine and the rehearsal's plugin."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.engine.find import ensure_engine
from workbench.engine.language_host_shim import ensure_shim
from workbench.progress import stderr_progress
from workbench.rehearsal.provider.install import install_plugin

ROOT = Path(__file__).parents[2]


@dataclass
class Pulumi:
    """A project and a stack of the test's own, worked on with Pulumi's own commands."""

    folder: Path
    command: Path
    environment: dict[str, str]

    def run(self, *arguments: str, exit_code: int = 0) -> str:
        done = subprocess.run(
            [self.command, *arguments, "--non-interactive", "--color", "never"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        said = [line for line in done.stdout.splitlines() if '"severity":"debug"' not in line]
        assert done.returncode == exit_code, "\n".join(line[:500] for line in said[-20:])
        return done.stdout

    def init(self, stack: str, provider_config: dict[str, Any]) -> None:
        """Begin a stack whose AWS is the tests'."""
        self.run("stack", "init", stack)
        for key, value in provider_config.items():
            self.set(f"aws:{key}", value)

    def output(self, name: str) -> Any:
        return json.loads(self.run("stack", "output", name, "--json"))

    def set(self, key: str, value: Any, *flags: str) -> None:
        self.run("config", "set", *flags, key, value if isinstance(value, str) else str(value))

    def counts(self, *arguments: str) -> dict[str, int]:
        """Run an operation; return how many resources it created, updated, and so on."""
        events = self.run(*arguments, "--json").splitlines()
        found = [json.loads(line) for line in events if line.startswith("{")]
        summary = next(event["summaryEvent"] for event in found if "summaryEvent" in event)
        return {kind: n for kind, n in summary["resourceChanges"].items() if kind != "same"}

    def up(self) -> dict[str, int]:
        return self.counts("up", "--yes", "--skip-preview")

    def refresh(self) -> dict[str, int]:
        return self.counts("refresh", "--yes", "--skip-preview")


def make_pulumi(folder: Path) -> Pulumi:
    """Return Pulumi for the project in a folder, with its home and its state there, too."""
    home, state, shims = (folder / name for name in ("home", "state", "shims"))
    state.mkdir()
    install_plugin(home)
    ensure_shim(shims)
    kept = {key: os.environ[key] for key in ("HOME", "PATH", "LANG") if key in os.environ}
    return Pulumi(
        folder,
        ensure_engine(stderr_progress()).command,
        {
            **kept,
            "PATH": f"{kept['PATH']}:{shims}",
            "PULUMI_HOME": str(home),
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": "x",
            "PULUMI_PYTHON_CMD": sys.executable,
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true",
            "PYTHONPATH": str(ROOT),
        },
    )


def make_project(folder: Path, program: str, stack: str, provider_config: dict[str, Any]) -> Pulumi:
    """Return Pulumi for a new project of one program, with a stack whose AWS is the tests'."""
    (folder / "Pulumi.yaml").write_text("name: org\nruntime: python\nmain: program\n")
    (folder / "program").mkdir()
    (folder / "program" / "__main__.py").write_text(program)
    pulumi = make_pulumi(folder)
    pulumi.init(stack, provider_config)
    return pulumi

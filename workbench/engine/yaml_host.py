"""Pulumi's host for programs in YAML, where the engine was built here and has none with it.

Its newest release that is served as a Go module goes with an older engine's modules, so it has a
go.mod of its own, in ``language_host_yaml``, and a method more than that release.
"""

import os
import shutil
from pathlib import Path

import yaml

from workbench.engine.find import LOCK_LIMIT
from workbench.engine.find import Engine
from workbench.engine.find import engine_dir
from workbench.errors import MissingToolError
from workbench.go_build import BuildUnavailable
from workbench.go_build import GoModule
from workbench.go_build import build_program
from workbench.locking import exclusive
from workbench.progress import Progress

YAML_HOST = "pulumi-language-yaml"
MODULE = GoModule(
    Path(__file__).parent / "language_host_yaml",
    "Pulumi's host for YAML",
    download="500 MB",
    disk="3 GB",
    memory="2 GB",
    flags=("-trimpath", "-tags=osusergo,grpcnotrace", "-ldflags=-s -w"),
)


def ensure_yaml_host(engine: Engine, project_dir: Path, progress: Progress) -> None:
    """Build the host alongside the engine, if the project is in YAML and there is none.

    Raises MissingToolError where it can't be built.
    """
    if engine.origin != "built" or _runtime(project_dir) != "yaml" or _is_there(engine):
        return
    with (
        progress.phase(MODULE.what) as phase,
        exclusive(engine_dir() / "lock", "the Pulumi engine", LOCK_LIMIT, phase.tick),
    ):
        # Another process may have made it while this one waited for the lock.
        if _is_there(engine):
            return
        workplace = engine_dir() / ".making-yaml"
        shutil.rmtree(workplace, ignore_errors=True)  # of a process that was killed
        try:
            build_program(MODULE, workplace, phase)
            (workplace / "bin" / YAML_HOST).replace(engine.command.with_name(YAML_HOST))
        except BuildUnavailable as reason:
            raise MissingToolError(
                f"This project is in YAML, for which this computer has no {YAML_HOST}: {reason}.",
                "Install Pulumi's own release (pulumi.com/docs/install), which has it.",
            ) from None
        finally:
            shutil.rmtree(workplace, ignore_errors=True)


def _is_there(engine: Engine) -> bool:
    alongside = engine.command.with_name(YAML_HOST)
    return os.access(alongside, os.X_OK) or shutil.which(YAML_HOST) is not None


def _runtime(project_dir: Path) -> str:
    """Return the runtime that Pulumi.yaml names; empty where that can't be read."""
    try:
        project = yaml.safe_load((project_dir / "Pulumi.yaml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return ""
    runtime = project.get("runtime") if isinstance(project, dict) else None
    return str(runtime.get("name", "") if isinstance(runtime, dict) else runtime or "")

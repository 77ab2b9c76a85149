"""Build the engine from its Go module, pinned in this folder's go.mod and go.sum."""

from pathlib import Path

from workbench.engine.unavailable import EngineUnavailable
from workbench.engine.versions import PINNED
from workbench.go_build import BuildUnavailable
from workbench.go_build import GoModule
from workbench.go_build import build_program
from workbench.progress import Phase

ENGINE = GoModule(
    Path(__file__).parent,
    "the engine",
    download="1.7 GB",
    disk="4 GB",
    memory="2 GB",
    # Without the version the Automation API takes the engine for an unknown one.
    flags=(
        "-trimpath",
        "-tags=osusergo,grpcnotrace",
        f"-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version={PINNED}",
    ),
)


def build_engine(root: Path, phase: Phase) -> None:
    """Build the engine as ``root``/bin/pulumi; raise EngineUnavailable where that can't be."""
    try:
        build_program(ENGINE, root, phase)
    except BuildUnavailable as reason:
        raise EngineUnavailable(str(reason)) from None

"""Move a damaged state out of the engine's way; it is kept so you can look at it."""

from pathlib import Path

from workbench.engine.backend import current_backend
from workbench.engine.find import ensure_engine
from workbench.engine.project import project_name
from workbench.engine.stacks import Stack
from workbench.engine.state import short_name
from workbench.engine.state import state_file
from workbench.errors import WorkbenchError
from workbench.progress import Progress

_FILE = "file://"


def set_state_aside(opened: Stack, stamp: str) -> None:
    """Rename the file with a stack's damaged state, so that the stack can be made again."""
    path = state_file(opened.name) or _file_on_this_computer(opened)
    path.replace(path.with_name(f"{path.name}.damaged-{stamp}"))


def _file_on_this_computer(opened: Stack) -> Path:
    engine = ensure_engine(Progress(quiet=True))
    url = current_backend(engine, opened.name, opened.project_dir) or ""
    project, stack = project_name(opened.project_dir), short_name(opened.name)
    below = f".pulumi/stacks/{project}/{stack}.json"
    if url.startswith(_FILE):
        path = Path(url.removeprefix(_FILE)).expanduser() / below
        if path.is_file():
            return path
    where = f"{url.rstrip('/')}/{below}"
    raise WorkbenchError(
        f"The damaged state is at {where}; only you can move it. Nothing was changed.",
        f"aws s3 mv {where} {where}.damaged   (for a bucket of S3), then the same command again",
    )

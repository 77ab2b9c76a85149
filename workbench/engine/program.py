"""Run a Pulumi program in this process, with errors a person can read."""

import asyncio
import logging
import os
import runpy
import sys
import traceback
from collections.abc import Mapping
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pulumi
from pulumi.runtime import run_in_stack
from pulumi.runtime import set_all_config
from pulumi.runtime.settings import reset_options

# Each worker waits in a call to the engine; the engine's own limit of parallel operations
# may be 2147483647.
MOST_WORKERS = 512


@dataclass(frozen=True)
class ProgramRun:
    """One run of a program, as the engine asks for it."""

    program: Path
    directory: Path
    project: str
    stack: str
    organization: str
    root_directory: str
    preview: bool
    parallel: int
    monitor_address: str
    engine_address: str
    config: Mapping[str, str] = field(default_factory=dict)
    secret_keys: Sequence[str] = ()
    arguments: Sequence[str] = ()


def run_program(run: ProgramRun) -> bool:
    """Run the program to its end; report its errors to the engine; return whether it succeeded."""
    _enter(run)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    workers = min(max(run.parallel, 1) * 4, MOST_WORKERS)
    loop.set_default_executor(ThreadPoolExecutor(max_workers=workers))
    # A failed resource leaves futures nobody awaits; asyncio's words on them help no one
    # (pulumi-language-python-exec silences them for the same reason).
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(run_in_stack(lambda: _execute(run)))
    except BaseException as error:
        return _report(error, run.program)
    finally:
        _close(loop)
    return True


def _enter(run: ProgramRun) -> None:
    reset_options(
        project=run.project,
        stack=run.stack,
        organization=run.organization or "organization",
        root_directory=run.root_directory,
        parallel=run.parallel,
        preview=run.preview,
        monitor_address=run.monitor_address,
        engine_address=run.engine_address,
    )
    set_all_config(dict(run.config), list(run.secret_keys))
    os.chdir(run.directory)
    sys.argv = [str(run.program), *run.arguments]


def _execute(run: ProgramRun) -> None:
    program = run.program
    entry = program / "__main__.py" if program.is_dir() else program
    if not entry.is_file():
        raise pulumi.RunError(f"There is no Pulumi program at {entry}: `main` in Pulumi.yaml.")
    runpy.run_path(str(program), run_name="__main__")


def _report(error: BaseException, program: Path) -> bool:
    """Tell the engine what went wrong, once; True if nothing did."""
    if isinstance(error, SystemExit) and not error.code:
        return True
    if _engine_is_leaving(error):
        return False
    if isinstance(error, pulumi.RunError):
        pulumi.log.error(str(error))
    elif isinstance(error, SystemExit):
        pulumi.log.error(f"The program ended itself: sys.exit({error.code!r}).")
    else:
        pulumi.log.error(_unhandled(error, program))
    return False


def _engine_is_leaving(error: BaseException) -> bool:
    """Whether the error only says that the engine, cancelled, no longer answers."""
    if isinstance(error, grpc.RpcError):
        code = getattr(error, "code", lambda: None)()
        return code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED)
    return isinstance(error, pulumi.RunError) and str(error).startswith(
        "Resource monitor has terminated"
    )


def _unhandled(error: BaseException, program: Path) -> str:
    """Return the traceback from the program's own first line on."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [index for index, frame in enumerate(frames) if frame.filename.startswith(str(program))]
    limit = own[0] - len(frames) if own else None
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=limit))
    # The words the Automation API knows an unhandled exception by.
    return f"Program failed with an unhandled exception:\n{text}"


def _close(loop: asyncio.AbstractEventLoop) -> None:
    """End what is still pending, quietly, and hand everything printed to the engine."""
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    if pending:
        loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    sys.stdout.flush()
    sys.stderr.flush()

"""Which of a stack's workbenches a task is about, and where this computer keeps its passwords."""

import os
from collections.abc import Collection
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from workbench.errors import ConfigError
from workbench.errors import did_you_mean
from workbench.writing import put_file

VARIABLE = "WORKBENCH_WORKBENCH"
HELP = f"Which workbench, if the stack has several (default: ${VARIABLE})."
FOLDER = "workbenches"
# Names the workbench whose passwords are in the stack's own folder, where all were once.
_OWNER = "passwords-of"

_option: ContextVar[str | None] = ContextVar("workbench", default=None)


@contextmanager
def naming(workbench: str | None) -> Iterator[None]:
    """Have the tasks in the block be about this one of a stack's workbenches."""
    token = _option.set(workbench)
    try:
        yield
    finally:
        _option.reset(token)


def named_by_option() -> str | None:
    """Return the workbench that the running task's option names."""
    return _option.get()


def choose(names: Collection[str], stack: str) -> str:
    """Return the workbench that is named by the option, else the environment's, else the only one.

    Raises ConfigError where it isn't there, or several are and none is named.
    """
    wanted = named_by_option() or os.environ.get(VARIABLE)
    if wanted in names or (len(names) == 1 and not wanted):
        return wanted or next(iter(names))
    listed = ", ".join(sorted(names))
    if not wanted:
        raise ConfigError(
            f"The stack {stack} has {len(names)} workbenches: {listed}.",
            f"--workbench {min(names)}   with the same command says which one is meant",
        )
    if not listed:
        raise ConfigError(
            f"The stack {stack} doesn't name its workbench, so {wanted!r} can't be found.",
            f"Leave --workbench out, or {VARIABLE}: it has one",
        )
    raise ConfigError(
        f"The stack {stack} has no workbench {wanted!r}.{did_you_mean(wanted, names)}",
        f"--workbench NAME   can be one of: {listed}",
    )


def password_folder(stack_folder: Path, workbench: str, *, is_alone: bool) -> Path:
    """Return where the passwords of a workbench's people are kept.

    The first of a stack has them in the stack's own folder, which notes whose they are: people of
    the same name on another workbench have theirs in that one's folder.
    """
    if not workbench:
        return stack_folder
    own, owner = stack_folder / FOLDER / workbench, stack_folder / _OWNER
    known = owner.read_text(encoding="utf-8") if owner.is_file() else ""
    if is_alone and not own.is_dir():
        if known != workbench and stack_folder.is_dir():
            put_file(owner, workbench)
        return stack_folder
    return stack_folder if known == workbench else own

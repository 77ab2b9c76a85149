"""Where a new stack goes: its project, and the backend that Pulumi keeps its state in."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from workbench.engine.backend import LOCAL
from workbench.engine.backend import current_backend
from workbench.engine.backend import log_in
from workbench.engine.backend import needs_passphrase
from workbench.engine.environment import misleading_variables
from workbench.engine.find import ensure_engine
from workbench.engine.passphrases import VARIABLES
from workbench.engine.passphrases import ensure_passphrase
from workbench.engine.passphrases import kept_passphrase
from workbench.engine.stack_config import config_file
from workbench.engine.stack_config import read_config_file
from workbench.engine.stacks import Stack
from workbench.errors import ConfigError
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.selection import PROJECT_FILE
from workbench.remote.selection import find_project
from workbench.tasks.init.interview import Interview
from workbench.tasks.init.new_project import check_folder
from workbench.tasks.init.new_project import make_project

BACKEND_OPTION = "--backend"


@dataclass(frozen=True)
class Place:
    """A stack's project and backend; ``backend`` is a URL where it is to be another one."""

    stack: str
    folder: Path
    progress: Progress
    wanted: str | None = None

    @cached_property
    def current(self) -> str | None:
        """The backend that Pulumi is logged in to; None where there is none."""
        return current_backend(ensure_engine(self.progress), self.stack, self.folder)

    @property
    def backend(self) -> str:
        """The backend that the stack is in, or will be."""
        return self.wanted or self.current or LOCAL

    @property
    def has_project(self) -> bool:
        """Whether there is a Pulumi project already."""
        return (self.folder / PROJECT_FILE).is_file()

    @cached_property
    def is_new(self) -> bool:
        """Whether the stack is yet to be made."""
        if not self.has_project or self.backend != self.current:
            return True
        return not Stack(self.stack, self.folder, self.progress).exists()

    @property
    def file(self) -> Path:
        """The file with the stack's configuration."""
        return config_file(self.stack, self.folder)

    def read_config(self) -> Mapping[str, str]:
        """Return the configuration as it is; empty where there is none."""
        plain = read_config_file(config_file(self.stack, self.folder))
        # With a secret in it the engine has to read it.
        return (
            Stack(self.stack, self.folder, self.progress).get_config() if plain is None else plain
        )

    def has_resources(self) -> bool:
        """Whether the stack has made something on AWS."""
        if self.is_new:
            return False
        return bool(Stack(self.stack, self.folder, self.progress).state().resources)

    @property
    def new_passphrase(self) -> Path | None:
        """The file of a passphrase that has to be made; None where none is needed."""
        kept = kept_passphrase(self.stack, self.folder)
        given = any(name in os.environ for name in VARIABLES) or kept.is_file()
        return kept if self.is_new and needs_passphrase(self.backend) and not given else None

    def make(self) -> Stack:
        """Make what isn't there yet, and return the stack."""
        passphrase = self.new_passphrase
        if not self.has_project:
            make_project(self.folder)
        if self.backend != self.current:
            log_in(ensure_engine(self.progress), self.stack, self.folder, self.backend)
        if passphrase is not None:
            ensure_passphrase(passphrase)
        stack = Stack(self.stack, self.folder, self.progress)
        if not stack.exists():
            stack.create()
        return stack


def find_place(stack: str, backend: str | None, progress: Progress, *, here: bool) -> Place:
    """Return where the stack goes: into the project around here, or with ``here`` one of its own.

    Where there is no project at all, as after installing the package alone, one is made here.
    """
    # What `workbench env` set for a rehearsal isn't for a stack on AWS.
    for name in misleading_variables(stack, os.environ):
        del os.environ[name]
    folder = Path.cwd() if here else _project_folder()
    place = Place(stack, folder, progress, _as_url(backend) if backend else None)
    if not place.has_project:
        check_folder(folder)
    return place


def ask_backend(interview: Interview, place: Place) -> Place:
    """Return the place with a backend; only asked where Pulumi has none."""
    if place.wanted or place.current:
        return place
    interview.say(
        "Pulumi keeps a list of what it made. It isn't logged in anywhere. local is this computer,"
        " s3://BUCKET a bucket that a team can share. (For Pulumi Cloud: Ctrl-C, pulumi login.)"
    )
    question = "Where Pulumi keeps its state"
    wanted = interview.answer(question, BACKEND_OPTION, None, _as_url, "local")
    return replace(place, wanted=wanted)


def _project_folder() -> Path:
    try:
        return find_project()
    except WorkbenchError:
        return Path.cwd()


def _as_url(backend: str) -> str:
    if backend == "local":
        return LOCAL
    if "://" not in backend:
        raise ConfigError(
            f"{backend!r} isn't a place where Pulumi can keep its state.",
            f"{BACKEND_OPTION} local, or a URL such as s3://BUCKET",
        )
    return backend

"""The one owner of every stack operation: preview, up, refresh, destroy, configuration, outputs.

Everything else asks a ``Stack``. Nothing of Pulumi is imported until an operation needs it.
"""

import json
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from typing import Any

from workbench.engine.changes import Changes
from workbench.engine.copies import Copy
from workbench.engine.copies import copy_path
from workbench.engine.copies import keep_copy
from workbench.engine.copies import refuse_lost_configuration
from workbench.engine.failures import InterruptedUpdateError
from workbench.engine.failures import PassphraseError
from workbench.engine.failures import StackChangesError
from workbench.engine.failures import StackLockedError
from workbench.engine.failures import StackMissingError
from workbench.engine.failures import StackOperationError
from workbench.engine.find import Engine
from workbench.engine.find import ensure_engine
from workbench.engine.stack_config import Default
from workbench.engine.stack_config import Secret
from workbench.engine.stack_config import Value
from workbench.engine.stack_config import config_file
from workbench.engine.stack_config import config_json
from workbench.engine.stack_config import differing
from workbench.engine.stack_config import read_config_file
from workbench.engine.state import State
from workbench.engine.state import parse_state
from workbench.engine.state import read_outputs_fast
from workbench.engine.state import read_state_file
from workbench.engine.state import state_file
from workbench.engine.whereabouts import refuse_elsewhere
from workbench.engine.yaml_host import ensure_yaml_host
from workbench.errors import ConfigError
from workbench.progress import Progress
from workbench.rehearsal.names import rehearsal_of
from workbench.writing import put_file

if TYPE_CHECKING:
    from workbench.engine.operations import Operations

__all__ = [
    "Changes",
    "Default",
    "InterruptedUpdateError",
    "Secret",
    "Stack",
    "StackChangesError",
    "StackLockedError",
    "StackMissingError",
    "StackOperationError",
    "open_stack",
]


def open_stack(
    name: str,
    project_dir: Path,
    progress: Progress,
    create: bool = False,
    engine: Engine | None = None,
) -> "Stack":
    """Return the stack ``name`` of the project in ``project_dir``.

    With ``create`` it is made where there is none; else that is a StackMissingError. The
    engine, if not given, is found (or installed, or built) when it is first needed.
    """
    stack = Stack(name, project_dir, progress, engine)
    if stack.exists():
        return stack
    if not create:
        raise StackMissingError.named(name)
    stack.create()
    return stack


class Stack:
    """One stack of a Pulumi project, on AWS or in a rehearsal.

    The person's own selection (``pulumi stack select``) and Pulumi.yaml are never touched.
    Each operation shows its own phase on ``progress``, and raises WorkbenchErrors only.
    """

    def __init__(
        self, name: str, project_dir: Path, progress: Progress, engine: Engine | None = None
    ) -> None:
        self.name = name
        self.project_dir = project_dir
        self._progress = progress
        self._engine = engine
        # The configuration that is tried out, in place of the stack's own.
        self._tried: Path | None = None

    @property
    def config_path(self) -> Path:
        """The file with the stack's configuration, or with the one that is tried out."""
        return self._tried or config_file(self.name, self.project_dir)

    @property
    def configuration_text(self) -> str:
        """The configuration file's text; empty where there is none."""
        path = self.config_path
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    def exists(self) -> bool:
        """Whether there is such a stack."""
        if rehearsal_of(self.name) is not None:
            # One that is damaged is there, too.
            return state_file(self.name) is not None
        return self._operations.exists()

    def create(self) -> None:
        """Make the stack, empty; a configuration that is there already becomes its own."""
        try:
            self._operations.create()
        except PassphraseError:
            if rehearsal_of(self.name) is None:
                raise
            self._create_without(self.config_path)

    def _create_without(self, leftover: Path) -> None:
        """Make the stack without an earlier rehearsal's configuration, which is kept aside.

        The passphrase of what is encrypted in it went with that rehearsal.
        """
        aside = leftover.with_name(f"{leftover.name}.old")
        leftover.replace(aside)
        try:
            self._operations.create()
        except BaseException:
            aside.replace(leftover)
            raise
        self._progress.say(f"{leftover.name} was of an earlier rehearsal: it is {aside.name} now.")

    def preview(self, expect_no_changes: bool = False) -> Changes:
        """Return what ``up`` would change; StackChangesError if that is more than expected."""
        self.refuse_lost_configuration()
        changes = self._operations.preview("Preview", self.state, self._tried)
        if expect_no_changes and changes.total:
            raise StackChangesError(
                f"Pulumi would change the stack {self.name}: {changes.named()}.",
                "pulumi preview --diff   shows each change",
            )
        return changes

    def up(self) -> Changes:
        """Make what the program declares; return what changed."""
        self.refuse_lost_configuration()
        self._settle_pending()
        try:
            changes = self._operations.up("Pulumi up", self.state)
        except BaseException:
            # What was made until then is known to the state, and else to nobody.
            keep_copy(self, self._progress, everywhere=False)
            raise
        keep_copy(self, self._progress, everywhere=True)
        return changes

    def refresh(self) -> Changes:
        """Adopt what was changed behind Pulumi's back; return what differed.

        Raises ConfigError, before anything else, with credentials of another account.
        """
        self._refuse_elsewhere()
        return self._operations.refresh("Pulumi refresh", self.state, clear_pending=False)

    def destroy(self) -> Changes:
        """Remove what the stack made; what the program keeps (the data volume) stays."""
        # Elsewhere nothing would be found, and all of it be forgotten.
        self._refuse_elsewhere()
        self._settle_pending()
        changes = self._operations.destroy("Pulumi destroy", self.state)
        # What was is not to come back.
        copy_path(self.name, self.project_dir).unlink(missing_ok=True)
        return changes

    def let_go(self, urn: str) -> Changes:
        """Remove one object, and what was made from it; what the program keeps stays in AWS."""
        self._refuse_elsewhere()
        return self._operations.destroy("Pulumi destroy, of one object", self.state, urn)

    def remove(self) -> None:
        """Remove the stack itself with its history and configuration; it must be empty."""
        self._operations.run(["stack", "rm", self.name, "--yes"], "stack rm")

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs, secrets decrypted."""
        fast = read_outputs_fast(self.name)
        if fast is not None:
            return fast
        shown = self._operations.run(
            ["stack", "output", "--json", "--show-secrets", "--stack", self.name], "stack output"
        )
        return dict(json.loads(shown))

    def state(self) -> State:
        """Return what exists and what is unfinished."""
        return read_state_file(self.name) or parse_state(self.export())

    def export(self) -> dict[str, Any]:
        """Return the stack's deployment, as ``pulumi stack export`` does; secrets encrypted."""
        shown = self._operations.run(["stack", "export", "--stack", self.name], "stack export")
        return dict(json.loads(shown)["deployment"] or {})

    def get_config(self) -> dict[str, str]:
        """Return the configuration as programs get it: text, or JSON as text; decrypted."""
        plain = read_config_file(self.config_path)
        if plain is not None:
            return plain
        shown = self._operations.run(["config", "--json", "--show-secrets", *self._where], "config")
        return {key: str(each.get("value", "")) for key, each in json.loads(shown).items()}

    def set_config(self, values: Mapping[str, Value]) -> None:
        """Set what differs; None takes a key out. Comments in the file stay."""
        plain, secrets, gone = differing(values, self.get_config())
        where = self._where
        if plain:
            self._operations.run(
                ["config", "set-all", *where, "--json", config_json(plain)], "config"
            )
        for key, secret in secrets.items():
            self._operations.set_secret(key, secret.value, where)
        if gone:
            self._operations.run(["config", "rm-all", *where, *gone], "config")

    @contextmanager
    def trying_config(self, values: Mapping[str, Value]) -> Iterator[bool]:
        """Let ``preview`` see these values in the block; set them when it ends without an error.

        Until then they are in a file elsewhere: however a block ends that doesn't get there, the
        stack's own is as it was. Gives whether the values change anything. Raises ConfigError
        where someone else changed the stack's own meanwhile.
        """
        self.refuse_lost_configuration()
        path = self.config_path
        before = path.read_bytes() if path.exists() else b""
        with TemporaryDirectory(prefix="workbench-config-") as folder:
            tried = Path(folder) / path.name
            tried.write_bytes(before)
            self._tried = tried
            try:
                self.set_config(values)
                wanted = tried.read_bytes()
                yield wanted != before
            finally:
                self._tried = None
        if wanted == before:
            return
        if before != (path.read_bytes() if path.exists() else b""):
            raise ConfigError(
                f"The configuration of {self.name} was changed in the meantime; nothing was done.",
                "Run the same command again, with the current configuration.",
            )
        put_file(path, wanted)

    def refuse_lost_configuration(self) -> None:
        """Raise ConfigLostError where the stack's own configuration is lost."""
        if self._tried is None:
            refuse_lost_configuration(self.name, self.project_dir)

    def put_back(self, copy: Copy) -> None:
        """Make Pulumi's state that of a copy; the stack is made where it isn't there."""
        if not self.exists():
            self._operations.create()
        with TemporaryDirectory(prefix="workbench-state-") as folder:
            file = Path(folder) / "state.json"
            put_file(file, copy.exported, mode=0o600)
            where = ["--stack", self.name, "--file", str(file)]
            self._operations.run(["stack", "import", *where], "stack import")

    def check_passphrase(self, configuration: str) -> None:
        """Raise PassphraseError where the passphrase isn't that of a configuration's text."""
        with TemporaryDirectory(prefix="workbench-config-") as folder:
            probe = Path(folder) / self.config_path.name
            put_file(probe, configuration, mode=0o600)
            where = ["--stack", self.name, "--config-file", str(probe)]
            self._operations.set_secret("workbench:probe", "probe", where)

    @property
    def _where(self) -> list[str]:
        """The options of the engine's commands about configuration."""
        return ["--stack", self.name, *(["--config-file", str(self._tried)] if self._tried else [])]

    @cached_property
    def _operations(self) -> "Operations":
        from workbench.engine.operations import Operations

        engine = self._engine or ensure_engine(self._progress)
        ensure_yaml_host(engine, self.project_dir, self._progress)
        return Operations(self.name, self.project_dir, engine, self._progress)

    def _refuse_elsewhere(self) -> None:
        if rehearsal_of(self.name) is None:
            refuse_elsewhere(self.name, self.state(), self.get_config())

    def _settle_pending(self) -> None:
        """Have the engine look at what an operation that was killed left unknown."""
        pending = self.state().pending
        if not pending:
            return
        told = ", ".join(f"{resource} ({what})" for what, resource in pending)
        self._progress.say(
            f"The last operation was interrupted while it worked on {told}: looking at what exists."
            " What it was just creating isn't known to Pulumi and may have to be removed manually."
        )
        self._refuse_elsewhere()
        self._operations.refresh("Look at what exists", self.state, clear_pending=True)

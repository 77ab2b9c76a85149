"""What is known of a stack so far, while its layers are examined one after the other."""

from collections.abc import Mapping
from typing import Any

import yaml

from workbench.checks.target import Target
from workbench.engine.stack_config import config_file
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.selection import find_project
from workbench.remote.selection import running_rehearsal
from workbench.remote.stack_state import StackState
from workbench.remote.stack_state import read_stack


class KnownStack:
    """A stack that may not even be readable."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._state: StackState | None = None

    def read(self) -> StackState:
        """Read the stack's state; raises WorkbenchError, with the cause, where Pulumi can't."""
        self._state = read_stack(self.name, Progress(quiet=True))
        return self._state

    @property
    def state(self) -> StackState:
        """The state that was read."""
        if self._state is None:
            raise WorkbenchError(f"The state of {self.name} was not read.")
        return self._state

    def provider(self) -> Mapping[str, str]:
        """Return the plain provider settings (aws:…) of the stack's configuration.

        They say whose credentials are used, and are read without an engine: secrets alongside them
        may be why the configuration as a whole can't be read.
        """
        path = config_file(self.name, find_project())
        if not path.exists():
            return {}
        try:
            values = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("config") or {}
        except (yaml.YAMLError, UnicodeDecodeError, AttributeError):
            # The check of the state says so.
            return {}
        return {k: v for k, v in values.items() if k.startswith("aws:") and isinstance(v, str)}

    def aws(self, service: str) -> Any:
        """Return an AWS client by the configuration's plain values."""
        return StackState(
            self.name, config=self.provider(), rehearsal=running_rehearsal(self.name)
        ).aws(service)

    def target(self) -> Target:
        """Return what the checks look at; an empty one while nothing is known."""
        return self._state.target() if self._state else Target(self.name)

    def close(self) -> None:
        """Close the SSH connection, if there is one."""
        if self._state is not None:
            self._state.close()

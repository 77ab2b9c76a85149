"""Turn pyinfra's operations into the steps that a person follows."""

from pyinfra.api.host import Host
from pyinfra.api.operation import OperationMeta
from pyinfra.api.state import BaseStateCallback
from pyinfra.api.state import State

from workbench.host.run.journal import Journal

SEPARATOR = " | "


class StepProgress(BaseStateCallback):
    """A step is all operations of one deploy; it changed when any of them did."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._step = ""
        self._changed = False
        self._operation = ""
        self._hash = ""

    def operation_start(self, state: State, op_hash: str) -> None:  # type: ignore[override]
        """Begin the operation's step when it is the step's first."""
        self._note_change(state)
        name = next(iter(state.get_op_meta(op_hash).names))
        step, _, self._operation = name.partition(SEPARATOR)
        self._hash = op_hash
        print(f"== {name}", flush=True)
        if step != self._step:
            self._close()
            self._step = step
            self._journal.begin_step(step)

    def finish(self, state: State) -> None:
        """End the last step."""
        self._note_change(state)
        self._close()

    def failure(self, state: State) -> list[str]:
        """Return what the failed operation wrote."""
        meta = state.get_op_data_for_host(_host(state), self._hash).operation_meta
        return [f"{self._operation}:", *_output(meta)]

    def _close(self) -> None:
        if self._step:
            self._journal.end_step(changed=self._changed)
        self._step, self._changed = "", False

    def _note_change(self, state: State) -> None:
        if self._hash:
            meta = state.get_op_data_for_host(_host(state), self._hash).operation_meta
            self._changed |= meta.did_change()


def _host(state: State) -> Host:
    (host,) = state.inventory
    return host


def _output(meta: OperationMeta) -> list[str]:
    return [*meta.stdout_lines, *meta.stderr_lines] if meta.is_complete() else []

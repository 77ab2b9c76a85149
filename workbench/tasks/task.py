"""The project's task: a Fabric task whose failures end as one plain sentence."""

from collections.abc import Callable
from typing import Any

from fabric import tasks as fabric_tasks
from invoke.exceptions import Exit
from invoke.exceptions import UnexpectedExit
from invoke.parser.argument import Argument

from workbench.remote.workbenches import HELP
from workbench.remote.workbenches import naming
from workbench.tasks.errors import explain
from workbench.terminal import plain_output


class WorkbenchTask(fabric_tasks.Task):  # type: ignore[misc]
    """Turn what a user can do something about into Invoke's ``Exit``.

    Here, and not in the program, so that ``fab`` and other people's fabfiles end alike.
    """

    help: dict[str, str]

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> Any:
        """Return the task's options; Invoke's own takes their help texts away at the first call."""
        texts = dict(self.help)
        try:
            return super().get_arguments(ignore_unknown_help=ignore_unknown_help)
        finally:
            self.help = texts

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the task."""
        try:
            with plain_output():
                return super().__call__(*args, **kwargs)
        except (Exit, UnexpectedExit):
            raise
        except (Exception, KeyboardInterrupt) as error:
            failure = explain(error, kwargs.get("stack"))
            raise Exit(failure.text, failure.exit_code) from error


class TaskOnWorkbench(WorkbenchTask):
    """A task about one of a stack's workbenches, which its option ``--workbench`` names.

    Here alone: what reads a stack's state is given the one that is meant.
    """

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> Any:
        """Return the task's options, and the one that names the workbench."""
        own = super().get_arguments(ignore_unknown_help=ignore_unknown_help)
        return [*own, Argument(name="workbench", kind=str, help=HELP)]

    def __call__(self, *args: Any, workbench: str | None = None, **kwargs: Any) -> Any:
        """Run the task."""
        with naming(workbench):
            return super().__call__(*args, **kwargs)


def task_on_workbench(**options: Any) -> Callable[[Callable[..., None]], WorkbenchTask]:
    """Make a function a task about one of a stack's workbenches, as ``task`` does."""
    return task(klass=TaskOnWorkbench, **options)


def task(**options: Any) -> Callable[[Callable[..., None]], WorkbenchTask]:
    """Make a function a task; ``options`` are those of Invoke's ``task``."""
    # Short flags chosen by the order of arguments would change meaning when one is added.
    options = {"auto_shortflags": False, "klass": WorkbenchTask, **options}
    made: Callable[[Callable[..., None]], WorkbenchTask] = fabric_tasks.task(**options)
    return made

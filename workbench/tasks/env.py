"""``workbench env``: the environment in which Pulumi's own commands work on a stack."""

import shlex

from invoke.context import Context

from workbench.tasks.selection import JSON_HELP
from workbench.tasks.selection import STACK_HELP
from workbench.tasks.selection import VARIABLE
from workbench.tasks.selection import select_stack
from workbench.tasks.task import task


@task(help={"stack": STACK_HELP, "json": JSON_HELP})
def env(context: Context, stack: str | None = None, json: bool = False) -> None:
    """Print the environment for Pulumi's own commands.

    After

        eval "$(workbench env)"

    pulumi preview, pulumi up, pulumi stack output and so on work on the stack.
    """
    from workbench.engine.environment import export_lines
    from workbench.engine.environment import pulumi_environment
    from workbench.engine.find import ensure_engine
    from workbench.tasks.show import make_progress
    from workbench.tasks.show import print_json

    name = select_stack(stack)
    # What is evaluated is on standard output, so an engine being built is told on the other.
    engine = ensure_engine(make_progress(quiet=False))
    if json:
        print_json({**pulumi_environment(engine, name), VARIABLE: name})
        return
    for line in export_lines(engine, name):
        print(line)
    print(f"export {VARIABLE}={shlex.quote(name)}")

"""``workbench env``: the environment in which Pulumi's own commands work on a stack."""

import shlex
import shutil
import sys
from pathlib import Path

from invoke.context import Context

from workbench.remote.selection import JSON_HELP
from workbench.remote.selection import STACK_HELP
from workbench.remote.selection import VARIABLE
from workbench.remote.selection import find_project
from workbench.remote.selection import select_stack
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
    from workbench.engine.yaml_host import ensure_yaml_host
    from workbench.tasks.output import make_progress
    from workbench.tasks.output import print_json

    name, project = select_stack(stack), find_project()
    # What is evaluated is on standard output, so an engine being built is told on the other.
    progress = make_progress(quiet=False)
    engine = ensure_engine(progress)
    ensure_yaml_host(engine, project, progress)
    if json:
        print_json({**pulumi_environment(engine, name, project), VARIABLE: name})
        return
    for line in export_lines(engine, name, project):
        print(line)
    print(f"export {VARIABLE}={shlex.quote(name)}")
    if shutil.which("workbench") is None:
        # Last, so that the shell's own python stays the first.
        print(f'export PATH="$PATH":{shlex.quote(str(Path(sys.executable).parent))}')

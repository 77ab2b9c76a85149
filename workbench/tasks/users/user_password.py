"""Set a person's password, on the server alone."""

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.stack_state import StackState
from workbench.tasks.users.change import ask_first
from workbench.tasks.users.change import look
from workbench.tasks.users.change import set_given
from workbench.tasks.users.declared_users import read_declared


def change_password(state: StackState, progress: Progress, name: str, *, from_stdin: bool) -> None:
    """Ask for a password, or read it, and set it."""
    read_declared(state).find(name, state.stack)
    account = look(state, progress).get(name)
    if account is None or account.disabled:
        raise WorkbenchError(
            f"{name} has no open account on the server yet.",
            f"workbench up --stack {state.stack}",
        )
    command = f"workbench users.password {name} --password-stdin --stack {state.stack}"
    password = ask_first(state.server, name, command, from_stdin=from_stdin)
    if password is None:
        raise WorkbenchError(
            "There is no terminal to ask for the password at.", f"{command} < FILE"
        )
    set_given(state, name, password)
    print(f"{name} has a new password, for JupyterHub and RStudio.")
    if url := state.url("jupyter_url"):
        print(f"  {url}")

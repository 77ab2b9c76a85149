"""Bring the server to what its stack has: see that it runs, follow or start its recipe."""

from workbench.progress import Progress
from workbench.remote.power import PowerWatch
from workbench.remote.recipe_run import Run
from workbench.remote.recipe_run import converge
from workbench.remote.stack_state import StackState


def converge_server(state: StackState, progress: Progress) -> Run:
    """Follow the recipe to its end; start the instance and the recipe where needed.

    Closes its connection: the keys may have changed meanwhile, and the next one pins them again.
    """
    with progress.phase("Server") as phase:
        watch = PowerWatch(state.aws("ec2"), state.door().instance_id, state.stack)
        watch.ensure_running(phase)
        state.see_ports()
        door = state.door()

        def waiting() -> None:
            watch.check()
            phase.tick(f"waiting for {door.awaited}")

        server = door.wait_open(waiting=waiting)
        run, server = converge(door, server, phase, wanted=lambda run: is_current(run, state))
        server.close()
        return run


def is_current(run: Run, state: StackState) -> bool:
    """Return whether a run applied what the stack has now."""
    wanted = (state.outputs.get("recipe_sha256"), state.outputs.get("settings_sha256"))
    return all(
        expected in (None, "", had)
        for expected, had in zip(wanted, (run.recipe, run.settings), strict=True)
    )

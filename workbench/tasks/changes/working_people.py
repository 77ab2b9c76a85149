"""Who works on the server now: shown before it stops, and a reason not to stop it."""

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.remote.sessions import Activity
from workbench.remote.sessions import describe
from workbench.remote.sessions import read_activities
from workbench.remote.stack_state import StackState


class PeopleAtWorkError(WorkbenchError):
    """Someone works on the server, or it can't be seen that nobody does."""


@dataclass(frozen=True)
class People:
    """What the people on the server have running; ``problem`` says why it can't be known."""

    activities: Sequence[Activity] = ()
    problem: str = ""

    @property
    def work(self) -> list[Activity]:
        """What would be lost with the server's stop."""
        return [each for each in self.activities if each.is_work]

    @property
    def lines(self) -> list[str]:
        """What to show of it in a plan."""
        if self.problem:
            return [f"Can't tell who is signed in: {self.problem}"]
        if not self.activities:
            return ["Nobody is signed in, and none of their programs are running."]
        return ["These end:", *(f"  {line}" for line in describe(self.activities))]

    def refuse_stop(self, command: str, *, force: bool) -> None:
        """Raise where someone works, or may; ``command`` is what continues regardless."""
        if force or not (self.work or self.problem):
            return
        if self.problem:
            raise PeopleAtWorkError(
                f"Can't tell whether someone is working on the server: {self.problem}", command
            )
        told = "".join(f"\n    {line}" for line in describe(self.work))
        raise PeopleAtWorkError(f"Someone is working on the server:{told}", command)


def together(servers: Sequence[People]) -> People:
    """Return the people of several servers as those of one."""
    return People(
        tuple(each for people in servers for each in people.activities),
        " ".join(people.problem for people in servers if people.problem),
    )


def see_people(state: StackState, progress: Progress) -> People:
    """Ask the running server who has what running."""
    with progress.phase("Who is signed in") as phase:
        phase.tick("asking the server")
        try:
            return People(read_activities(state.server))
        except WorkbenchError as error:
            return People(problem=error.message)

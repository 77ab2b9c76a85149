"""Labels on everything a rehearsal makes in Docker: what carries them is the rehearsal's own."""

from dataclasses import dataclass
from pathlib import Path

REHEARSAL = "diy-workbench.rehearsal"
STATE = "diy-workbench.state"
INSTANCE = "diy-workbench.instance"


@dataclass(frozen=True)
class Owner:
    """A rehearsal, as the owner of Docker objects: its name, and the state folder it lives in.

    Both, because two state folders may each have a rehearsal of the same name.
    """

    rehearsal: str
    state_dir: Path

    @property
    def folder(self) -> Path:
        """Return the folder of what the rehearsal keeps in files."""
        return self.state_dir / "rehearsals" / self.rehearsal

    def labels(self) -> dict[str, str]:
        """Return the labels that say whose an object is."""
        return {REHEARSAL: self.rehearsal, STATE: str(self.state_dir)}

    def filters(self) -> dict[str, str | list[str] | bool]:
        """Return the filter for Docker's lists that only the owner's objects pass."""
        return {"label": [f"{key}={value}" for key, value in self.labels().items()]}

    def owns(self, labels: dict[str, str] | None) -> bool:
        """Say whether an object with these labels is the owner's."""
        return self.labels().items() <= (labels or {}).items()

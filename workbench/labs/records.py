"""What a person has done of the labs: kept in one file a stack, until it is reset on purpose."""

import json
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.places import state_dir
from workbench.writing import put_file


@dataclass
class StepRecord:
    """One step: when it was seen done (ISO 8601, UTC; empty: never), and what help there was."""

    done: str = ""
    hints: int = 0
    helped: bool = False


@dataclass
class Record:
    """A stack's labs: the current one, the reader's folder, and what each step's record says.

    ``fault`` is the one to be found now, and ``fault_since`` when it was injected (ISO 8601, UTC).
    """

    path: Path
    current: int = 0
    folder: str = ""
    fault: str = ""
    fault_since: str = ""
    steps: dict[str, StepRecord] = field(default_factory=dict)

    def step(self, name: str) -> StepRecord:
        """Return a step's record, a new one where there is none."""
        return self.steps.setdefault(name, StepRecord())

    def save(self) -> None:
        """Write it, in one step."""
        content = {key: value for key, value in asdict(self).items() if key != "path"}
        put_file(self.path, json.dumps(content, indent=2) + "\n")


def record_path(stack: str) -> Path:
    """Return where a stack's record is kept; not in a rehearsal's folder, which can be reset."""
    return state_dir() / "labs" / f"{stack.replace('/', '_')}.json"


def read_record(stack: str) -> Record:
    """Return a stack's record, an empty one where there is none."""
    path = record_path(stack)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        steps = {name: StepRecord(**each) for name, each in content.pop("steps").items()}
        return Record(path, steps=steps, **content)
    except FileNotFoundError:
        return Record(path)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise WorkbenchError(
            f"{path}, which keeps how far you are with the labs, can't be read.",
            "workbench labs.reset --all   begins all labs again",
        ) from error

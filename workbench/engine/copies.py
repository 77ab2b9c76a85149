"""Copies of a stack's state and configuration, for when Pulumi's own are damaged or lost.

One is on this computer, and one in the workbench's own bucket, where another computer finds it.
What is encrypted in Pulumi's state and in the configuration is encrypted in a copy, too.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from datetime import UTC
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any

from workbench.engine.damage import ConfigLostError
from workbench.engine.project import kept_dir
from workbench.engine.project import project_name
from workbench.engine.stack_config import config_file
from workbench.engine.stack_config import read_config_file
from workbench.engine.stack_config import read_config_text
from workbench.engine.state import parse_state
from workbench.engine.state import read_deployment_file
from workbench.engine.state import short_name
from workbench.engine.workbenches import find_workbenches
from workbench.errors import WorkbenchError
from workbench.progress import Progress
from workbench.rehearsal.description import rehearsal_dir
from workbench.rehearsal.names import rehearsal_of
from workbench.writing import put_file

if TYPE_CHECKING:
    from workbench.engine.stacks import Stack

# The server's role may not read what is below it.
BUCKET_KEY = "recovery/stack.json"
_DEPLOYMENT_VERSION = 3


@dataclass(frozen=True)
class Copy:
    """A stack as it was at ``time`` (UTC, as ISO 8601 writes it).

    ``deployment`` is what ``pulumi stack export`` says, ``configuration`` the file's text.
    """

    project: str
    stack: str
    time: str
    deployment: Mapping[str, Any]
    configuration: str

    @property
    def text(self) -> str:
        """Return what is written into a file."""
        return json.dumps(asdict(self))

    @property
    def exported(self) -> str:
        """Return the deployment as ``pulumi stack import`` takes it."""
        return json.dumps({"version": _DEPLOYMENT_VERSION, "deployment": self.deployment})

    @property
    def has_configuration(self) -> bool:
        """Whether there are values in the configuration."""
        return has_values(self.configuration)

    @property
    def resources(self) -> int:
        """How many resources the stack had."""
        return len(parse_state(self.deployment).resources)


def make_copy(
    stack: str, project_dir: Path, deployment: Mapping[str, Any], configuration: Path
) -> Copy:
    """Return a copy of a stack as it is now."""
    text = configuration.read_text(encoding="utf-8") if configuration.is_file() else ""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Copy(project_name(project_dir), short_name(stack), now, deployment, text)


def parse_copy(text: str) -> Copy | None:
    """Return the copy that a text holds; None where it is none."""
    try:
        found = Copy(**json.loads(text))
        datetime.fromisoformat(found.time)
    except (ValueError, TypeError):
        return None
    return found if isinstance(found.deployment, dict) else None


def copy_path(stack: str, project_dir: Path) -> Path:
    """Return where this computer keeps a stack's copy: other projects may have such a stack."""
    rehearsal = rehearsal_of(stack)
    folder = rehearsal_dir(rehearsal) if rehearsal else kept_dir(stack, project_dir)
    return folder / f"copy-{project_name(project_dir)}.json"


def read_copy(stack: str, project_dir: Path) -> Copy | None:
    """Return this computer's copy; None where there is none, or no usable one."""
    try:
        return parse_copy(copy_path(stack, project_dir).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None


def write_copy(stack: str, project_dir: Path, copy: Copy) -> None:
    """Keep a copy on this computer, for its owner alone."""
    put_file(copy_path(stack, project_dir), copy.text, mode=0o600)


def put_copy(stack_config: Mapping[str, str], bucket: str, copy: Copy) -> None:
    """Put a copy into a bucket, in place of the one before."""
    from workbench.engine.aws import client

    client(stack_config, "s3").put_object(
        Bucket=bucket, Key=BUCKET_KEY, Body=copy.text.encode(), ContentType="application/json"
    )


def get_copy(stack_config: Mapping[str, str], bucket: str) -> Copy | None:
    """Return the copy in a bucket; None where there is none, or no usable one."""
    from botocore.exceptions import ClientError

    from workbench.engine.aws import client

    try:
        found = client(stack_config, "s3").get_object(Bucket=bucket, Key=BUCKET_KEY)
        return parse_copy(found["Body"].read().decode("utf-8", errors="replace"))
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ("NoSuchKey", "NoSuchBucket", "404"):
            return None
        raise


def keep_copy(stack: "Stack", progress: Progress, *, everywhere: bool) -> None:
    """Keep a copy of a stack that was just changed; ``everywhere`` in workbenches' buckets, too.

    No operation fails for lack of it.
    """
    from botocore.exceptions import BotoCoreError
    from botocore.exceptions import ClientError

    try:
        deployment = read_deployment_file(stack.name) or stack.export()
        copy = make_copy(stack.name, stack.project_dir, deployment, stack.config_path)
        write_copy(stack.name, stack.project_dir, copy)
        if not everywhere:
            return
        for outputs in find_workbenches(parse_state(deployment).outputs, stack.name).values():
            if isinstance(bucket := outputs.get("bucket"), str):
                put_copy(stack.get_config(), bucket, copy)
    except (WorkbenchError, OSError, BotoCoreError, ClientError) as error:
        progress.say(f"Couldn't save a copy of the stack's state: {error}")


def has_values(configuration: str) -> bool:
    """Whether a configuration file's text holds any value: Pulumi may write an empty one."""
    try:
        return read_config_text(configuration) != {}
    except ValueError:
        return False


def refuse_lost_configuration(stack: str, project_dir: Path) -> None:
    """Raise where the configuration had values at the last operation, and has none now.

    Written again, it would be another one: without the people and sizes that it had.
    """
    path = config_file(stack, project_dir)
    if path.is_file() and read_config_file(path) != {}:
        return
    copy = read_copy(stack, project_dir)
    if copy is not None and copy.has_configuration:
        raise ConfigLostError.named(stack, str(path))

"""Whether what people have written is in a snapshot before their volume goes.

A policy pack can't ask that: it sees what a stack will be, and not what it was.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from datetime import timedelta
from typing import Any

from workbench.engine.aws import client
from workbench.errors import WorkbenchError
from workbench.policy.rules import is_kept

FRESH = timedelta(hours=24)
# Pulumi's operations after which the resource of before isn't the stack's any more, or isn't there.
LOSING = ("replace", "import-replacement", "delete", "delete-replaced")
# What the engine's events have in place of a secret.
_BLINDED = "[secret]"


def unsaved_volumes(
    steps: Iterable[Mapping[str, Any]], stack_config: Mapping[str, str]
) -> Iterator[str]:
    """Give a sentence for each data volume that would go and isn't in a fresh snapshot.

    ``steps`` are the metadata of a preview's events, ``stack_config`` is the configuration that
    they begin with. Where AWS doesn't answer, that is such a sentence, too.
    """
    going = {
        str((step.get("old") or {}).get("id", "")): step["urn"].rpartition("::")[2]
        for step in steps
        if step["op"] in LOSING and is_kept(step["type"])
    }
    config = {key: value for key, value in stack_config.items() if value != _BLINDED}
    for volume, name in going.items():
        sentence = _unsaved(volume, name, config)
        if sentence:
            yield sentence


def _unsaved(volume: str, name: str, stack_config: Mapping[str, str]) -> str:
    """Return why a volume may not go; empty where it may."""
    from botocore.exceptions import BotoCoreError
    from botocore.exceptions import ClientError

    try:
        times = list(_completed(client(stack_config, "ec2"), volume))
    except (BotoCoreError, ClientError, WorkbenchError) as error:
        return f"Can't tell whether the data volume {name} ({volume}) has a snapshot: {error}"
    if any(datetime.now(UTC) - time < FRESH for time in times):
        return ""
    hours = int(FRESH.total_seconds() // 3600)
    newest = f"; its newest is from {max(times):%Y-%m-%d %H:%M} UTC" if times else ""
    return (
        f"The data volume {name} ({volume}) would be replaced or deleted, and has no completed"
        f" snapshot from the last {hours} hours{newest}."
    )


def _completed(ec2: Any, volume: str) -> Iterator[datetime]:
    """Give the moments that this account's completed snapshots of a volume are of."""
    wanted = [{"Name": "volume-id", "Values": [volume]}]
    pages = ec2.get_paginator("describe_snapshots")
    for page in pages.paginate(OwnerIds=["self"], Filters=wanted):
        for each in page["Snapshots"]:
            if each["State"] == "completed":
                yield each["StartTime"]

"""Show the data volume, the snapshots of it, and the volumes kept by earlier restores."""

import shlex
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console

from workbench.prices import in_dollars
from workbench.prices.table import gp3_price
from workbench.progress import Progress
from workbench.tasks.command_name import as_typed
from workbench.tasks.show import make_console
from workbench.tasks.show import print_facts
from workbench.tasks.show import print_json
from workbench.tasks.show import print_rows
from workbench.tasks.stack_state import StackState
from workbench.tasks.volumes.data_volumes import Volume
from workbench.tasks.volumes.data_volumes import find_relatives
from workbench.tasks.volumes.data_volumes import read_kept
from workbench.tasks.volumes.data_volumes import read_snapshots
from workbench.tasks.volumes.data_volumes import read_volume


def show_data(state: StackState, progress: Progress, *, as_json: bool) -> None:
    """Print what there is: for people, or as JSON."""
    with progress.phase("Volumes and snapshots"):
        found = collect(state)
    if as_json:
        print_json(found)
        return
    _show(found, make_console())


def collect(state: StackState) -> dict[str, Any]:
    """Return the volume, its snapshots and the volumes kept, as JSON has them."""
    volume = read_volume(state)
    kept = read_kept(state, volume)
    snapshots = read_snapshots(state, [volume, *kept])
    relatives = find_relatives(volume, kept, snapshots)
    return {
        "stack": state.stack,
        "volume": _volume_entry(state, volume),
        "snapshots": [
            {key: _plain(value) for key, value in asdict(each).items()} for each in snapshots
        ],
        "kept_volumes": [
            _volume_entry(state, each)
            | {"remove": remove_command(state, each.id) if each.id in relatives else None}
            for each in kept
        ],
    }


def monthly_price(state: StackState, size_gib: int) -> float | None:
    """Return what a gp3 volume costs a month, in US dollars."""
    price = gp3_price(str(state.outputs.get("region") or ""))
    return None if price is None else round(price * size_gib, 2)


def remove_command(state: StackState, volume_id: str) -> str:
    """Return what deletes a volume that isn't used any more."""
    return f"aws ec2 delete-volume {aws_options(state)} --volume-id {volume_id}"


def aws_options(state: StackState) -> str:
    """Return the options with which AWS's own command works where the stack is."""
    options = ["--region", str(state.outputs.get("region"))]
    if profile := state.config.get("aws:profile"):
        options += ["--profile", profile]
    return shlex.join(options)


def _volume_entry(state: StackState, volume: Volume) -> dict[str, Any]:
    entry = {key: _plain(value) for key, value in asdict(volume).items() if key != "stack"}
    return entry | {"usd_month": monthly_price(state, volume.size_gib)}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _show(found: dict[str, Any], console: Console) -> None:
    volume, stack = found["volume"], found["stack"]
    print_facts([("Data volume", _told(volume)), ("From", volume["snapshot_id"])], console)
    if found["snapshots"]:
        console.print()
        titles = ("SNAPSHOT", "WHEN", "SIZE", "STATE", "BY")
        print_rows(titles, [_row(each, volume["id"]) for each in found["snapshots"]], console)
    own = [each["id"] for each in found["snapshots"] if each["volume_id"] == volume["id"]]
    if not own:
        console.print("\nNo snapshot of it.")
        console.print(as_typed(f"  workbench data.backup --stack {stack}"), soft_wrap=True)
    for each in found["kept_volumes"]:
        if each["remove"] is None:
            console.print(f"\nTagged as this stack's, or one of the same name: {_told(each)}")
            continue
        console.print(f"\nKept since a restore: {_told(each)}")
        console.print(f"  {each['remove']}   deletes it", soft_wrap=True)
    if own:
        console.print()
        hint = as_typed(f"  workbench data.restore {own[0]} --stack {stack}")
        console.print(hint, soft_wrap=True)


def _told(volume: dict[str, Any]) -> str:
    price = in_dollars(volume["usd_month"])
    return f"{volume['id']}, {volume['size_gib']} GiB, {price} a month, {volume['state']}"


def _row(each: dict[str, Any], volume_id: str) -> tuple[str, ...]:
    when = datetime.fromisoformat(each["started"]).astimezone().strftime("%Y-%m-%d %H:%M")
    state = each["state"] if each["state"] != "pending" else f"{each['progress']} %"
    of = "" if each["volume_id"] == volume_id else f", of {each['volume_id']}"
    return (each["id"], when, f"{each['size_gib']} GiB", state, f"{each['by']}{of}")

"""Show the data volume, the snapshots of it, and the volumes kept by earlier restores."""

import shlex
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.console import Console

from workbench.prices import Prices
from workbench.prices import in_dollars
from workbench.progress import Progress
from workbench.remote.data_volumes import Volume
from workbench.remote.data_volumes import find_relatives
from workbench.remote.data_volumes import read_kept
from workbench.remote.data_volumes import read_snapshots
from workbench.remote.data_volumes import read_volume
from workbench.remote.stack_state import StackState
from workbench.tasks.command_name import as_typed
from workbench.tasks.output import make_console
from workbench.tasks.output import print_facts
from workbench.tasks.output import print_json
from workbench.tasks.output import print_rows

TITLES = ("SNAPSHOT", "WHEN", "SIZE", "STATE", "BY")
# What links a volume to the stack can be a snapshot, and those expire.
TAGGED = "Tagged as this stack's, or one of the same name"


def show_data(state: StackState, progress: Progress, *, as_json: bool) -> None:
    """Print what there is: for people, or as JSON."""
    with progress.phase("Volumes and snapshots"):
        found = collect(state)
    if as_json:
        print_json(found)
        return
    _show(state, found, make_console())


def collect(state: StackState) -> dict[str, Any]:
    """Return the volume, its snapshots and the volumes kept, as JSON has them."""
    volume = read_volume(state)
    kept = read_kept(state, volume)
    snapshots = read_snapshots(state, [volume, *kept])
    relatives = find_relatives(volume, kept, snapshots)
    prices = state.prices()
    return {
        "stack": state.stack,
        "volume": _volume_entry(prices, volume),
        "snapshots": [
            {key: _plain(value) for key, value in asdict(each).items()} for each in snapshots
        ],
        "kept_volumes": [
            _volume_entry(prices, each)
            | {"remove": remove_command(state, each.id) if each.id in relatives else None}
            for each in kept
        ],
        "prices": prices.source,
    }


def monthly_price(prices: Prices, size_gib: int) -> float | None:
    """Return what a gp3 volume costs a month, in US dollars."""
    price = prices.gp3()
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


def _volume_entry(prices: Prices, volume: Volume) -> dict[str, Any]:
    entry = {key: _plain(value) for key, value in asdict(volume).items() if key != "stack"}
    return entry | {"usd_month": monthly_price(prices, volume.size_gib)}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _show(state: StackState, found: dict[str, Any], console: Console) -> None:
    volume, stack = found["volume"], found["stack"]
    facts = [
        ("Data volume", _told(volume)),
        ("From", volume["snapshot_id"]),
        ("Prices", found["prices"]),
    ]
    print_facts(facts, console)
    rows: dict[str, list[tuple[str, ...]]] = {}
    for each in found["snapshots"]:
        rows.setdefault(each["volume_id"], []).append(_row(each))
    own = rows.pop(volume["id"], [])
    if own:
        console.print()
        print_rows(TITLES, own, console)
    else:
        console.print("\nNo snapshot of it.")
        console.print(as_typed(f"  workbench data.backup --stack {stack}"), soft_wrap=True)
    # A column for it would make the table too wide, and ids that are copied would break.
    for volume_id, others in rows.items():
        console.print(f"\nOf {volume_id}:")
        print_rows(TITLES, others, console)
    for each in found["kept_volumes"]:
        is_own = each["remove"] is not None
        whose = "Kept since a restore" if is_own else TAGGED
        deletes = "deletes it" if is_own else "deletes it, if it is this stack's"
        console.print(f"\n{whose}: {_told(each)}")
        console.print(f"  {remove_command(state, each['id'])}   {deletes}", soft_wrap=True)
    if own:
        console.print()
        hint = as_typed(f"  workbench data.restore {own[0][0]} --stack {stack}")
        console.print(hint, soft_wrap=True)


def _told(volume: dict[str, Any]) -> str:
    price = in_dollars(volume["usd_month"])
    return f"{volume['id']}, {volume['size_gib']} GiB, {price} a month, {volume['state']}"


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    when = datetime.fromisoformat(each["started"]).astimezone().strftime("%Y-%m-%d %H:%M")
    state = each["state"] if each["state"] != "pending" else f"{each['progress']} %"
    return (each["id"], when, f"{each['size_gib']} GiB", state, each["by"])

"""What ``workbench init`` is about to write, and what that will cost."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from workbench.configured import Configured
from workbench.engine.stack_config import is_text_of
from workbench.prices import MonthlyCost
from workbench.prices import in_dollars
from workbench.prices import surplus_sentence
from workbench.tasks.init.answers import Answers
from workbench.tasks.init.place import Place
from workbench.tasks.output import make_console
from workbench.tasks.output import print_facts

if TYPE_CHECKING:
    from workbench.engine.stack_config import Value

SSH_CLOSED = "closed to everyone: workbench up can't follow the server, or check it"


def print_plan(answers: Answers, place: Place, present: Mapping[str, str]) -> None:
    """Print the stack to be, and what it costs a month."""
    console = make_console()
    console.print()
    print_facts(
        [
            ("Signed in as", answers.identity),
            ("Stack", f"{place.stack} ({'new' if place.is_new else 'there already'})"),
            ("Configuration", str(place.file)),
            ("Project", None if place.has_project else f"a new one, in {place.folder}"),
            ("State", _state(place)),
            ("Passphrase", _passphrase(place)),
            ("Region", answers.region),
            ("Zone", str(answers.availability)),
            ("Instance type", str(answers.instance_type)),
            ("Domain", str(answers.domain)),
            ("Users", _users(answers)),
            (
                "SSH",
                ", ".join(answers.ssh_from) or SSH_CLOSED,
            ),
            ("SSH key", str(answers.key)),
            ("Snapshots", _snapshots(present)),
        ],
        console,
    )
    root, data = _volumes(present)
    details = {"volumes": f"{root} GiB root, {data} GiB data"}
    cost, source = _cost(answers, root + data)
    console.print("\nA month, always running, costs:")
    lines = [(name, in_dollars(price), details.get(name, "")) for name, price in cost.items]
    print_facts(
        [
            *((name, f"{price:>10}   {detail}".rstrip()) for name, price, detail in lines),
            ("total", f"{in_dollars(cost.total):>10}"),
        ],
        console,
    )
    console.print(f"Prices: {source}, before tax.", highlight=False)
    console.print("Traffic and snapshots cost extra; while it is stopped, the instance is free.")
    surplus = surplus_sentence(answers.instance_type.name)
    console.print(f"{surplus}\n" if surplus else "")


def changed(values: "Mapping[str, Value]", present: Mapping[str, str]) -> "dict[str, Value]":
    """Return what of the configuration isn't so yet; None takes a key out."""
    return {key: value for key, value in values.items() if not _is_so(value, present.get(key))}


def _is_so(value: "Value", present: str | None) -> bool:
    if value is None or present is None:
        return value is present
    return is_text_of(present, value)


def _snapshots(present: Mapping[str, str]) -> str:
    configured = Configured(present)
    if configured.has("backup_schedule"):
        return configured.backup_schedule
    return f"of the data volume, every day, kept for {configured.backup_retention_days} days"


def _cost(answers: Answers, volumes: int) -> tuple[MonthlyCost, str]:
    prices = answers.account.prices(answers.region, answers.instance_type.name)
    cost = prices.monthly(
        answers.instance_type.name,
        volumes_gib=volumes,
        hosted_zones=int(answers.domain.create_zone),
    )
    return cost, prices.source


def _volumes(present: Mapping[str, str]) -> tuple[int, int]:
    from workbench.components.storage import DEFAULT_SIZE

    configured = Configured(present)
    return configured.root_volume_size, configured.data_volume_size or DEFAULT_SIZE


def _users(answers: Answers) -> str:
    return ", ".join(
        f"{user.name} (administrator)" if user.administrator else user.name
        for user in answers.users.users.values()
    )


def _state(place: Place) -> str:
    if place.backend == place.current:
        return place.backend
    return f"{place.backend}, by pulumi login {place.backend}"


def _passphrase(place: Place) -> str | None:
    path = place.new_passphrase
    return f"a new one, kept in {path}" if path else None

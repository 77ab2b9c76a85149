"""Doctor's question to AWS, whether who has signed in has the rights that a workbench takes."""

from workbench.checks.check import Check
from workbench.checks.check import Outcome
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.configured import Configured
from workbench.tasks.doctor.known_stack import KnownStack
from workbench.tasks.rights.asking import PRINT
from workbench.tasks.rights.asking import ask_rights
from workbench.tasks.rights.policy import DOMAIN
from workbench.tasks.rights.policy import INSTANCE_CONNECT
from workbench.tasks.rights.policy import SNAPSHOTS


def rights_check(known: KnownStack) -> Check:
    """Return the check; a warning, as what runs already runs without them."""
    return Check(
        "aws-rights", lambda _: _check(known), ("credentials", "state"), PRINT, layer="stack"
    )


def _unneeded(configured: Configured) -> tuple[str, ...]:
    """Return the policy's statements that a workbench so configured does without."""
    has_records = configured.zone_id or configured.create_zone
    has_schedule = configured.backup_schedule != "off"
    return (
        *(() if has_records else (DOMAIN,)),
        *(() if has_schedule else SNAPSHOTS),
        *(() if configured.instance_connect_endpoint else INSTANCE_CONNECT),
    )


def _check(known: KnownStack) -> Outcome:
    region = str(known.aws("sts").meta.region_name)
    configured = known.state.configured
    without = _unneeded(configured)
    rights = ask_rights(known.aws, region, name=configured.name, without=without)
    if rights.unknown:
        return skipped(str(rights))
    return warned(str(rights)) if rights.missing else passed("all that a workbench needs")

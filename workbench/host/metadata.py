"""The instance's metadata, which has the credentials of its role, are the system's alone."""

from pathlib import Path

from . import places
from .operations import unit
from .pyinfra_typed import step
from .register import FIRST_ID
from .rendering import put_template
from .settings import Settings

UNIT = "workbench-metadata.service"
UNIT_FILE = Path("/etc/systemd/system") / UNIT
RULES = places.CONFIGURATION / "metadata.nft"


@step("Instance metadata")
def metadata(settings: Settings) -> None:
    """Keep people's programs from the metadata: what the role may is not for all who sign in."""
    put_template("metadata.nft", RULES, first_id=FIRST_ID)
    put_template(UNIT, UNIT_FILE, rules=RULES)
    unit(UNIT, files=[UNIT_FILE, RULES], name="Apply the rule")

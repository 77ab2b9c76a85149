"""What people's programs may not connect to: the instance's metadata, and services' own ports.

The metadata has the credentials of the instance's role. A service believes what the proxy says of
a request: of where it came from, and of the address that the browser has.
"""

from pathlib import Path

from workbench.host import places
from workbench.host import service_table
from workbench.host.people.register import FIRST_ID
from workbench.host.run.operations import unit
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings

UNIT = "workbench-metadata.service"
UNIT_FILE = Path("/etc/systemd/system") / UNIT
RULES = places.CONFIGURATION / "metadata.nft"


@step("Instance metadata")
def metadata(settings: Settings) -> None:
    """Keep people's programs from the metadata: what the role may is not for all who sign in."""
    services = service_table.choose(settings.services)
    ports = [each.port for each in services if each.port and each.path]
    ports += [each.port for each in settings.routes if each.port]
    put_template("metadata.nft", RULES, first_id=FIRST_ID, ports=ports)
    put_template(UNIT, UNIT_FILE, rules=RULES)
    unit(UNIT, files=[UNIT_FILE, RULES], name="Apply the rule")

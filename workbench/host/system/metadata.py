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
RULES_IP6 = RULES.with_name("metadata-ip6.nft")


@step("Instance metadata")
def metadata(settings: Settings) -> None:
    """Keep people's programs from the metadata: what the role may is not for all who sign in."""
    services = service_table.choose(settings.services)
    ports = [each.port for each in services if each.port and each.path]
    ports += [each.port for each in settings.routes if each.port]
    for path in (RULES, RULES_IP6):
        put_template(path.name, path, first_id=FIRST_ID, ports=ports)
    put_template(UNIT, UNIT_FILE, rules=RULES, rules_ip6=RULES_IP6)
    unit(UNIT, files=[UNIT_FILE, RULES, RULES_IP6], name="Apply the rules")

"""All that a package needs to add a service: ``from workbench.host.extend import …``.

On a person's computer and on the server it is the same; ``docs/extending.md`` is a whole example.
"""

from workbench.host import places
from workbench.host.run.operations import unit
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.service import Card
from workbench.host.service import Probe
from workbench.host.service import Service
from workbench.host.service import Work
from workbench.host.settings import Settings

__all__ = [
    "Card",
    "Probe",
    "Service",
    "Settings",
    "Work",
    "files",
    "operation",
    "places",
    "put_template",
    "step",
    "unit",
]

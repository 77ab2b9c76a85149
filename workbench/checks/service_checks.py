"""What must be true of each service, from outside: its page, and more of those that sign people in.

A service that a package adds has the first alone: its page answers.
"""

from functools import partial

from workbench.checks.check import Check
from workbench.checks.kernels import check_kernels
from workbench.checks.web import check_hub
from workbench.checks.web import check_hub_redirects
from workbench.checks.web import check_page
from workbench.checks.web import check_rstudio
from workbench.checks.web import check_wrong_password
from workbench.host import service_table
from workbench.host.service import Service
from workbench.host.service import Stage

LAYER = "services"
# Of a service: a check's name, what it does, what has to be true before, and whether it is slow.
# The first of each is waited for, after a server has started.
_OWN = {
    "jupyterhub": (
        ("jupyterhub", check_hub, "certificate", False),
        ("jupyterhub-sign-in", check_hub_redirects, "jupyterhub", False),
        ("wrong-password", check_wrong_password, "jupyterhub-sign-in", False),
        ("kernels", check_kernels, "jupyterhub-sign-in", True),
    ),
    "rstudio": (("rstudio-sign-in", check_rstudio, "certificate", False),),
}


def service_checks() -> tuple[Check, ...]:
    """Return the checks of every service that this computer knows."""
    pages = [each for each in service_table.every_service() if each.path]
    return tuple(check for service in pages for check in _checks(service))


def _checks(service: Service) -> list[Check]:
    log = f"workbench logs {service.name} --stack {{stack}}"
    page = (service.name, partial(check_page, service), "certificate", False)
    rows = _OWN.get(service.name, (page,))
    return [
        Check(name, run, (after,), log, LAYER, slow, service.name, awaited=index == 0)
        for index, (name, run, after, slow) in enumerate(rows)
    ]


def log_of(stage: Stage) -> str:
    """Return the command that shows the log of the service that every workbench has."""
    (service,) = (each for each in service_table.own_services() if each.stage is stage)
    return f"workbench logs {service.name} --stack {{stack}}"

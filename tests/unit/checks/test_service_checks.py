"""Each service has its checks: those of its own, or that its page answers."""

from dataclasses import replace
from functools import partial

import pytest

from workbench.checks import service_checks
from workbench.checks.check import Check
from workbench.checks.web import check_page
from workbench.host import service_table
from workbench.host.service import Stage

HUB_LOG = "workbench logs jupyterhub --stack {stack}"
RSTUDIO_LOG = "workbench logs rstudio --stack {stack}"


def check(name: str, run: str, after: str, log: str, service: str, **more: bool) -> Check:
    return Check(name, run, (after,), log, "services", service=service, **more)  # type: ignore[arg-type]


def test_the_services_that_come_along_have_checks_of_their_own() -> None:
    hub = "jupyterhub-sign-in"
    found = service_checks.service_checks()
    assert tuple(replace(each, run=each.run.__name__) for each in found) == (
        check("jupyterhub", "check_hub", "certificate", HUB_LOG, "jupyterhub", awaited=True),
        check(hub, "check_hub_redirects", "jupyterhub", HUB_LOG, "jupyterhub"),
        check("wrong-password", "check_wrong_password", hub, HUB_LOG, "jupyterhub"),
        check("kernels", "check_kernels", hub, HUB_LOG, "jupyterhub", slow=True),
        check(
            "rstudio-sign-in", "check_rstudio", "certificate", RSTUDIO_LOG, "rstudio", awaited=True
        ),
    )


def test_of_another_service_the_page_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    rstudio = next(each for each in service_table.every_service() if each.name == "rstudio")
    hello = replace(rstudio, name="hello")
    monkeypatch.setattr(service_table, "every_service", lambda: (hello,))
    (found,) = service_checks.service_checks()
    assert isinstance(found.run, partial)
    assert (found.run.func, found.run.args) == (check_page, (hello,))
    log = "workbench logs hello --stack {stack}"
    wanted = check("hello", "its page", "certificate", log, "hello", awaited=True)
    assert replace(found, run="its page") == wanted


def test_the_web_servers_log_is_that_of_its_stage() -> None:
    assert service_checks.log_of(Stage.WEB) == "workbench logs caddy --stack {stack}"

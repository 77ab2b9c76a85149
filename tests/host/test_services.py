"""Services are turned off and on by the settings; what is off is gone, and its data isn't."""

import json

import pytest
from host_lab import DOMAIN
from host_lab import Lab
from host_lab import at_hub

from workbench.remote import passwords

SERVICES = "/var/lib/workbench/services.json"
KEPT = "/var/lib/rstudio-server/kept"
CURL = f"curl -sk --resolve {DOMAIN}:443:127.0.0.1"
STATE = "systemctl is-active rstudio-server || true"


@pytest.fixture(scope="module")
def password(lab: Lab) -> str:
    made = passwords.generate_password()
    lab.run("workbench-passwd test-user", stdin=made + "\n")
    return made


def page(lab: Lab, path: str) -> int:
    return int(lab.run(f"{CURL} -o /dev/null -w '%{{http_code}}' https://{DOMAIN}{path}"))


def landing(lab: Lab) -> str:
    return lab.run(f"{CURL} https://{DOMAIN}/")


def test_a_workbench_with_the_hub_alone(lab: Lab, password: str) -> None:
    assert page(lab, "/rstudio/") < 400
    lab.run(f"mkdir -p {KEPT.rpartition('/')[0]} && touch {KEPT}")
    lab.publish(services=["jupyterhub"])
    lab.converge()

    assert lab.run(STATE) == "inactive"
    assert lab.run("dpkg-query -W -f '${db:Status-Abbrev}' rstudio-server") != "ii "
    assert lab.run("ls /etc/rstudio /etc/pam.d/rstudio 2>/dev/null || true") == ""
    assert page(lab, "/rstudio/") == 404
    assert "rstudio" not in landing(lab)
    assert "/jupyter/" in landing(lab)
    names = [each["name"] for each in json.loads(lab.run(f"cat {SERVICES}"))]
    assert names == ["jupyterhub", "caddy", "ssh"]
    lab.run(f"test -e {KEPT}")
    with at_hub(lab, password) as hub:
        assert hub.run("python3", "print(6 * 7)").strip() == "42"


def test_twice_changes_nothing(lab: Lab) -> None:
    assert lab.converge()["changed"] == 0


def test_a_service_comes_back_as_it_was(lab: Lab) -> None:
    lab.publish(services=["jupyterhub", "rstudio"])
    lab.converge()

    assert lab.run(STATE) == "active"
    assert page(lab, "/rstudio/") < 400
    assert "/rstudio/" in landing(lab)
    lab.run(f"test -e {KEPT}")
    assert lab.converge()["changed"] == 0


def test_settings_that_cant_be_are_told_and_change_nothing(lab: Lab) -> None:
    lab.publish(services=["rstudio"])
    lab.converge(ok=False)

    assert "needs 'jupyterhub', which isn't named" in lab.failure()
    assert lab.run(STATE) == "active"

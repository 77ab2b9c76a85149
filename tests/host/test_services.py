"""Services are turned off and on by the settings; what is off is gone, and its data isn't."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from host_lab import DOMAIN
from host_lab import Lab
from host_lab import at_hub

from workbench.checks.check import Result
from workbench.checks.check import run_checks
from workbench.checks.service_checks import service_checks
from workbench.checks.target import Address
from workbench.checks.target import Target
from workbench.remote import passwords

ROOT = Path(__file__).parents[2]
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
    lab.publish(services=["jupyterhub", "rstudio"])
    lab.converge()
    assert page(lab, "/rstudio/") < 400
    lab.run(f"mkdir -p {KEPT.rpartition('/')[0]} && touch {KEPT}")
    lab.publish(services=["jupyterhub"])
    lab.converge()

    assert lab.run(STATE) == "inactive"
    status = "dpkg-query -W -f '${db:Status-Abbrev}' rstudio-server || true"
    assert not lab.run(status).startswith("ii")
    assert lab.run("ls /etc/rstudio /etc/pam.d/rstudio 2>/dev/null || true") == ""
    assert page(lab, "/rstudio/") == 404
    assert "rstudio" not in landing(lab)
    assert "/jupyter/" in landing(lab)
    names = [each["name"] for each in json.loads(lab.run(f"cat {SERVICES}"))]
    assert names == ["jupyterhub", "caddy", "ssh"]
    lab.run(f"test -e {KEPT}")
    with at_hub(lab, password) as hub:
        assert hub.run("python3", "print(6 * 7)").strip() == "42"
    assert lab.converge()["changed"] == 0

    # It comes back as it was.
    lab.publish(services=["jupyterhub", "rstudio"])
    lab.converge()
    assert lab.run(STATE) == "active"
    assert page(lab, "/rstudio/") < 400
    assert "/rstudio/" in landing(lab)
    lab.run(f"test -e {KEPT}")
    assert lab.converge()["changed"] == 0


def test_settings_that_cant_be_are_told_and_change_nothing(lab: Lab) -> None:
    lab.publish(services=["jupyterhub", "rstudio"])
    lab.converge()
    lab.publish(services=["rstudio"])
    lab.converge(ok=False)

    assert "needs 'jupyterhub', which isn't listed" in lab.failure()
    assert lab.run(STATE) == "active"


def written(folder: Path) -> Path:
    """Write the files that the documentation shows, as a reader would."""
    text = (ROOT / "docs" / "extending.md").read_text()
    shown = re.findall(r"^`([\w./-]+)` [^\n]*\n\n```\w+\n(.*?)^```", text, re.M | re.S)
    assert len(shown) == 4
    for name, content in shown:
        path = folder / "hello-workbench" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return folder / "hello-workbench"


@contextmanager
def installed(tmp_path: Path) -> Iterator[None]:
    """Have the documentation's package installed, from a folder outside the checkout."""
    source, target = written(tmp_path), tmp_path / "installed"
    install = [
        Path(sys.executable).with_name("uv"),
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
    ]
    command = [*install, "--python", sys.executable, "--target", target, source]
    subprocess.run(command, check=True)
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(target)
        yield
    sys.modules.pop("hello_workbench", None)


def test_a_package_adds_a_service(lab: Lab, tmp_path: Path) -> None:
    with installed(tmp_path):
        lab.publish(services=["jupyterhub", "rstudio", "hello"])
        lab.converge()
        see_that_it_serves(lab)
    # Its package is gone, and so is it by the next converge.
    lab.publish(services=["jupyterhub", "rstudio"])
    lab.converge()
    see_that_it_is_gone(lab)


def see_that_it_serves(lab: Lab) -> None:
    assert "Hello from Penguin lab." in lab.run(f"{CURL} https://{DOMAIN}/hello/")
    assert page(lab, "/hello") in (301, 308)
    assert 'href="/hello/"' in landing(lab)
    assert page(lab, "/rstudio/") < 400
    target = Target(
        "lab",
        outputs={"domain": DOMAIN, "names": [DOMAIN], "services": ["jupyterhub", "hello"]},
        address=Address(lab.address, {}),
        ca_certificate=lab.folder / "ca.pem",
    )
    (check,) = (each for each in service_checks() if each.name == "hello")
    (report,) = run_checks([check], target)
    assert (report.result, report.evidence) == (Result.PASS, f"https://{DOMAIN}/hello/ → 200")
    lab.run("systemctl stop hello")
    (report,) = run_checks([check], target)
    assert report.result is Result.FAIL
    lab.converge()
    assert lab.converge()["changed"] == 0
    # People get there through the web server only.
    lab.run("runuser -u ann -- curl -s --max-time 5 http://127.0.0.1:801/hello/", code=7)


def see_that_it_is_gone(lab: Lab) -> None:
    assert page(lab, "/hello/") == 404
    assert "hello" not in landing(lab)
    gone = "ls /opt/hello /etc/systemd/system/hello.service 2>/dev/null || true"
    assert lab.run(gone) == ""
    assert lab.run("systemctl is-active hello || true") == "inactive"
    assert lab.run("ls -d /opt/workbench/recipe/current/hello_workbench 2>/dev/null || true") == ""
    assert lab.converge()["changed"] == 0

"""Lab 3 as code, and what only looks right on its server."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from lab_world import ROOT
from lab_world import World
from walkthrough import Shell
from walkthrough import walk_as_code

from workbench.checks.check import Outcome
from workbench.checks.check import Result
from workbench.checks.labs.hub import check_people
from workbench.checks.labs.programs import check_hub_environment
from workbench.checks.labs.programs import check_r
from workbench.checks.labs.services import check_hub_service
from workbench.checks.labs.services import check_inside
from workbench.checks.labs.services import check_rstudio_service
from workbench.checks.target import Answer
from workbench.checks.target import Target

LAB = ROOT / "labs" / "03-applications" / "README.md"
# Its solutions install R from nothing, in a test of their own.
WARM = True
HUB = "/opt/jupyterhub/bin"
CONFIG = "/etc/jupyterhub/jupyterhub_config.py"
UNIT = "/etc/systemd/system/jupyterhub.service"


@dataclass(frozen=True)
class Machine:
    """A machine's shell, as its image's administrator or as root."""

    name: str

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        return self.run_as("admin", command, stdin)

    def run_as(self, user: str, command: str, stdin: str = "") -> Answer:
        done = subprocess.run(
            ["docker", "exec", "-i", "-u", user, self.name, "bash", "-c", command],
            input=stdin,
            capture_output=True,
            text=True,
        )
        return Answer(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Wrong:
    """A state that looks right, and the way there and back, as root."""

    check: Callable[[Target], Outcome]
    there: str
    back: str
    said: str


WRONG = (
    Wrong(
        check_r,
        "mkdir /opt/mine && mv /usr/bin/Rscript /opt/mine/"
        " && cp -p /home/test-user/.profile /root/profile"
        " && echo 'PATH=$PATH:/opt/mine' >> /home/test-user/.profile",
        "mv /opt/mine/Rscript /usr/bin/ && rmdir /opt/mine"
        " && mv /root/profile /home/test-user/.profile",
        "R doesn't run for test-user without a shell",
    ),
    Wrong(
        check_hub_environment,
        f"mv {HUB}/node {HUB}/node.new && printf '#!/bin/sh\\necho v18.20.4\\n' > {HUB}/node"
        f" && chmod 755 {HUB}/node",
        f"mv {HUB}/node.new {HUB}/node",
        "would run on Node 18.20.4",
    ),
    Wrong(check_hub_environment, f"chmod 777 {HUB}", f"chmod 755 {HUB}", "test-user can write to"),
    Wrong(
        check_hub_service,
        "systemctl disable jupyterhub",
        "systemctl enable jupyterhub",
        "won't after the next boot",
    ),
    Wrong(
        check_hub_service,
        "systemctl stop jupyterhub && systemd-run --quiet --unit lab-manual"
        f" -p WorkingDirectory=/var/lib/jupyterhub -E PATH=$PATH:{HUB}"
        f" {HUB}/jupyterhub -f {CONFIG}"
        " && timeout 300 bash -c 'until curl -sf localhost:8000/hub/api; do sleep 0.2; done'",
        "systemctl stop lab-manual && systemctl start jupyterhub",
        "jupyterhub is stopped; what answers on port 8000 is lab-manual.service",
    ),
    Wrong(
        check_hub_service,
        f"sed -i s/^WorkingDirectory/#WorkingDirectory/ {UNIT} && systemctl daemon-reload"
        " && systemctl restart jupyterhub",
        f"sed -i s/^#WorkingDirectory/WorkingDirectory/ {UNIT} && systemctl daemon-reload"
        " && systemctl restart jupyterhub && rm /jupyterhub*",
        "are in /",
    ),
    Wrong(
        check_hub_service,
        "chmod 755 /var/lib/jupyterhub",
        "chmod 700 /var/lib/jupyterhub",
        "everyone on the server can read",
    ),
    Wrong(
        check_people,
        f"sed -i /allow_all/s/^/#/ {CONFIG} && systemctl restart jupyterhub"
        " && timeout 300 bash -c 'until curl -sf localhost:8000/hub/api; do sleep 0.2; done'",
        f"sed -i /allow_all/s/^#// {CONFIG} && systemctl restart jupyterhub",
        "refuses an account that has the right password (403)",
    ),
    Wrong(
        check_rstudio_service,
        "systemctl stop rstudio-server && systemd-run --quiet --unit lab-other"
        " python3 -m http.server 8787"
        " && timeout 300 bash -c 'until curl -sf localhost:8787; do sleep 0.2; done'",
        "systemctl stop lab-other && systemctl start rstudio-server",
        "rstudio-server is stopped; what answers on port 8787 is lab-other.service",
    ),
    Wrong(
        check_inside,
        "systemd-run --quiet --unit lab-outside python3 -m http.server 8888"
        " && timeout 300 bash -c 'until curl -sf localhost:8888; do sleep 0.2; done'",
        "systemctl stop lab-outside",
        "listening on every address: port 8888",
    ),
)


@pytest.mark.timeout(3000)
def test_the_part_as_code_works_as_it_says_and_what_only_looks_right_isnt(
    world: World, reader: Shell
) -> None:
    walk_as_code(LAB, reader, 3, "PASSWORD=$(openssl rand -hex 20)")
    _, instance = reader.run("lab_instance")
    machine = Machine(f"workbench-{world.name}-{instance.strip()}")
    for each in WRONG:
        made = machine.run_as("root", each.there)
        assert made.ok, (each.there, made)
        found = each.check(Target("labs", server=lambda: machine))
        assert found.result is Result.FAIL, each.there
        assert each.said in found.evidence
        repaired = machine.run_as("root", each.back)
        assert repaired.ok, (each.back, repaired)
    code, printed = reader.run("workbench labs.check")
    assert code == 0, printed
    # What signed in can't any more.
    assert machine.run("sudo -n passwd -S lab-check").stdout.split()[1] == "L"

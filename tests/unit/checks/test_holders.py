"""Each service's ports and sockets are its own; who else has one is named."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from workbench.checks.holders import LISTENERS
from workbench.checks.holders import check_holders
from workbench.checks.target import Target

SERVICES = [
    {"name": "jupyterhub", "unit": "jupyterhub.service", "port": None, "sockets": ["/run/p.sock"]},
    {"name": "rstudio-server", "unit": "rstudio-server.service", "port": 787, "sockets": []},
    {"name": "ssh", "unit": "ssh.service", "port": 22},
]
PROXY = 'u_str LISTEN 0 511 /run/p.sock 1076153 * 0 users:(("MainThread",pid=30,fd=21))'
RSTUDIO = 'tcp LISTEN 0 5 127.0.0.1:787 0.0.0.0:* users:(("rserver",pid=40,fd=3))'
SSH = 'tcp LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=50,fd=3),("systemd",pid=1,fd=9))'
BOB = 'tcp LISTEN 0 5 127.0.0.1:787 0.0.0.0:* users:(("python3",pid=77,fd=3))'
PROCESSES = """\
   1     0 root   init.scope              systemd
  30     0 root   jupyterhub.service      MainThread
  40   999 rstudio-server rstudio-server.service rserver
  50     0 root   ssh.service             sshd
  60     0 root   apache2.service         apache2
  77  1004 bob    session-5.scope         python3
  78  1004 bob    rstudio-server.service  my rsession
  79 61895 61895  rstudio-server.service  python3
"""
FINE = "each service has its own ports and sockets"
Shell = Callable[..., Any]


def target(shell: Shell, *listeners: str) -> Target:
    answers = {LISTENERS: "\n".join(listeners) + f"\n\n{PROCESSES}", "cat": json.dumps(SERVICES)}
    return Target("tests", server=lambda: shell(**answers))


@pytest.mark.parametrize(
    ("listeners", "result", "evidence", "fix"),
    [
        ((PROXY, RSTUDIO, SSH), "PASS", FINE, ""),
        ((PROXY, RSTUDIO.replace("pid=40", "pid=79"), SSH), "PASS", FINE, ""),
        (
            (PROXY, BOB, SSH),
            "FAIL",
            "rstudio-server's port 787 is taken by python3 of bob (pid 77)",
            "workbench ssh.connect 'sudo kill 77' --stack {stack}",
        ),
        (
            (PROXY, RSTUDIO.replace("pid=40", "pid=78"), SSH),
            "FAIL",
            "rstudio-server's port 787 is taken by my rsession of bob (pid 78)",
            "workbench ssh.connect 'sudo kill 78' --stack {stack}",
        ),
        (
            (PROXY.replace("pid=30", "pid=60"), RSTUDIO, SSH),
            "FAIL",
            "jupyterhub's /run/p.sock is taken by apache2 of root (pid 60)",
            "workbench ssh.connect 'sudo kill 60' --stack {stack}",
        ),
        ((RSTUDIO, SSH), "FAIL", "nothing listens on jupyterhub's /run/p.sock", ""),
        ((PROXY, RSTUDIO, SSH.replace("0.0.0.0", "[::]")), "PASS", FINE, ""),
        # What listens without a program that is known, and two in two places.
        (
            (
                PROXY.replace("pid=30", "pid=60,fd=2),(pid=77"),
                "tcp LISTEN 0 5 127.0.0.1:787",
                SSH.replace("pid=50", "pid=77"),
            ),
            "FAIL",
            "jupyterhub's /run/p.sock is taken by apache2 of root (pid 60), python3 of bob"
            " (pid 77); nothing listens on rstudio-server's port 787; ssh's port 22 is taken by"
            " python3 of bob (pid 77)",
            "workbench ssh.connect 'sudo kill 60 77' --stack {stack}",
        ),
    ],
)
def test_who_listens_where_a_service_should(
    shell: Shell, listeners: tuple[str, ...], result: str, evidence: str, fix: str
) -> None:
    found = check_holders(target(shell, *listeners))
    assert (found.result, found.evidence, found.fix) == (result, evidence, fix)


def test_a_server_that_does_not_say_who_listens_fails(shell: Shell) -> None:
    answers = {LISTENERS: "\n", "cat": json.dumps(SERVICES[2:])}
    found = check_holders(Target("tests", server=lambda: shell(**answers)))
    assert (found.result, found.evidence) == ("FAIL", "nothing listens on ssh's port 22")

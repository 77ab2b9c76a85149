"""Lab 3: the right thing passes, and what only looks like it doesn't."""

import json

import pytest

from workbench.checks.labs import hub
from workbench.checks.labs import programs
from workbench.checks.labs import services
from workbench.checks.target import Answer
from workbench.checks.target import Target

SHOWN = (
    "1000\nId={unit}.service\nActiveState={active}\nSubState=running\nLoadState=loaded\n"
    "Result=success\nNRestarts=0\nExecMainStatus=0\nActiveEnterTimestampMonotonic=100000000\n"
)
LISTENS = 'LISTEN 0 511 127.0.0.1:8000 0.0.0.0:* users:(("node",pid=7,fd=1))\n'
HUB, LAB = 'version("jupyterhub")', 'version("jupyterlab")'
WELL = {
    "runuser -l": "42 4.2.2",
    "runuser -u test-user -- Rscript": "42 4.2.2",
    HUB: "6.1.1\n",
    LAB: "4.6.3\n",
    "configurable-http-proxy": "5.3.0\n",
    "node --version": "v24.19.0\n",
    "python3 -c 'import time": SHOWN,
    "is-enabled": "enabled\n",
    "ss -Hltnp": LISTENS,
    "ps -o unit=": "{unit}.service\n",
    "hub/api": '{"version": "6.1.1"}',
    "readlink /proc": "/var/lib/jupyterhub\n",
    "redirect_url": "302 http://127.0.0.1:8787/auth-sign-in?appUri=%2F",
    "ss -Hltn": "LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\nLISTEN 0 128 127.0.0.1:8787 0.0.0.0:*\n",
}


class Server:
    """A server that answers what it is told to; what it knows nothing of fails."""

    def __init__(self, unit: str = "jupyterhub", **changed: str | Answer) -> None:
        self.answers = WELL | changed
        self.unit, self.given = unit, ""
        self.asked: list[str] = []

    def run(self, command: str, *, stdin: str = "", limit: float = 60) -> Answer:
        self.given = stdin
        self.asked.append(command)
        for words, answer in self.answers.items():
            if words in command:
                if isinstance(answer, Answer):
                    return answer
                said = answer.replace("{unit}", self.unit).replace("{active}", "active")
                return Answer(0 if said else 1, said, "" if said else "command not found")
        return Answer(1, "", "no such file")


def told(check, server):
    outcome = check(Target("labs", server=lambda: server))
    return f"{outcome.result}: {outcome.evidence}"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "PASS: R 4.2.2 runs for test-user"),
        ({"runuser -l": ""}, "FAIL: R doesn't run for test-user in a shell: command not found"),
        (
            {"runuser -l": "R version 4.2.2"},
            "FAIL: R doesn't run for test-user in a shell: R version 4.2.2",
        ),
        ({"runuser -l": "41 4.2.2"}, "FAIL: R doesn't run for test-user in a shell: 41 4.2.2"),
        ({"runuser -l": "42"}, "FAIL: R doesn't run for test-user in a shell: 42"),
        (
            {"runuser -l": Answer(3, "")},
            "FAIL: R doesn't run for test-user in a shell: exit code 3",
        ),
        (
            {"runuser -u test-user -- Rscript": ""},
            "FAIL: R doesn't run for test-user without a shell: command not found",
        ),
    ],
)
def test_r_computes_for_a_person_in_a_shell_and_without(changed, said):
    assert told(programs.check_r, Server(**changed)) == said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "PASS: JupyterHub 6.1.1, JupyterLab 4.6.3, Node 24.19.0"),
        ({HUB: ""}, "FAIL: test-user can't use JupyterHub: command not found"),
        ({LAB: ""}, "FAIL: test-user can't use JupyterLab: command not found"),
        (
            {"configurable-http-proxy": ""},
            "FAIL: test-user can't use configurable-http-proxy: command not found",
        ),
        (
            {"node --version": "v18.20.4\n"},
            "FAIL: configurable-http-proxy 5.3.0 would run on Node 18.20.4, and asks for "
            "20 or newer",
        ),
        (
            {"node --version": "v20.0.0\n"},
            "PASS: JupyterHub 6.1.1, JupyterLab 4.6.3, Node 20.0.0",
        ),
        ({"node --version": "nonsense"}, "FAIL: test-user can't use Node: nonsense"),
        (
            {"node --version": Answer(1, "v24.19.0\n", "but broken")},
            "FAIL: test-user can't use Node: but broken",
        ),
        (
            {"test -w": "yes"},
            "FAIL: test-user can write to /opt/jupyterhub/bin, from which root runs programs",
        ),
    ],
)
def test_an_environment_is_one_that_people_can_run_but_not_change(changed, said):
    assert told(programs.check_hub_environment, Server(**changed)) == said


STOPPED = SHOWN.replace("{active}", "inactive")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "PASS: JupyterHub 6.1.1, which starts at each boot"),
        (
            {"python3 -c 'import time": STOPPED, "ps -o unit=": "session-3.scope\n"},
            "FAIL: jupyterhub is stopped; what answers on port 8000 is session-3.scope",
        ),
        (
            {"python3 -c 'import time": STOPPED, "ss -Hltnp": ""},
            "FAIL: jupyterhub is stopped",
        ),
        (
            {"is-enabled": "disabled\n"},
            "FAIL: JupyterHub runs, but won't after the next boot: its service isn't enabled",
        ),
        (
            {"ps -o unit=": "other.service\n"},
            "FAIL: port 8000 is answered by other.service, not by JupyterHub",
        ),
        ({"hub/api": ""}, "FAIL: JupyterHub doesn't answer on port 8000"),
        (
            {"readlink /proc": "/\n"},
            "FAIL: JupyterHub has no working directory, so that its database and the "
            "secret of its cookies are in /",
        ),
        (
            {"test -r": "yes"},
            "FAIL: everyone on the server can read JupyterHub's database in /var/lib/jupyterhub",
        ),
    ],
)
def test_jupyterhub_is_a_service_of_its_own(changed, said):
    assert told(services.check_hub_service, Server(**changed)) == said


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "PASS: RStudio Server asks for name and password, and starts at each boot"),
        (
            {"python3 -c 'import time": STOPPED},
            "FAIL: rstudio-server is stopped; what answers on port 8787 is rstudio-server.service",
        ),
        (
            {"is-enabled": "disabled\n"},
            "FAIL: RStudio Server runs, but won't after the next boot: its service isn't enabled",
        ),
        (
            {"redirect_url": "000 \n302 http://127.0.0.1:8787/auth-sign-in\n"},
            "PASS: RStudio Server asks for name and password, and starts at each boot",
        ),
        ({"redirect_url": "200 "}, "FAIL: port 8787 answers 200, no sign-in"),
        ({"redirect_url": Answer(1, "")}, "FAIL: port 8787 answers, no sign-in"),
        (
            {"redirect_url": "200 http://127.0.0.1:8787/auth-sign-in"},
            "FAIL: port 8787 answers 200 http://127.0.0.1:8787/auth-sign-in, no sign-in",
        ),
        (
            {"redirect_url": "302 http://127.0.0.1:8787/"},
            "FAIL: port 8787 answers 302 http://127.0.0.1:8787/, no sign-in",
        ),
    ],
)
def test_rstudio_is_a_service_that_asks_who_is_there(changed, said):
    found = told(services.check_rstudio_service, Server("rstudio-server", **changed))
    assert found == said


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("127.0.0.1:8000", "PASS: only port 22 can be reached; the services listen on 127.0.0.1"),
        ("[::1]:8000", "PASS: only port 22 can be reached; the services listen on 127.0.0.1"),
        ("0.0.0.0:8787", "FAIL: listening on every address: port 8787"),
        ("*:8000", "FAIL: listening on every address: port 8000"),
        ("[::]:8000", "FAIL: listening on every address: port 8000"),
        ("10.0.0.7:8000", "FAIL: listening on every address: port 8000"),
    ],
)
def test_services_listen_inside_only(address, said):
    rows = f"LISTEN 0 128 0.0.0.0:22 0.0.0.0:*\nLISTEN 0 5 {address} 0.0.0.0:*\n"

    assert told(services.check_inside, Server(**{"ss -Hltn": rows})) == said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            {"wrong": 403, "right": 302, "owner": "lab-check"},
            "PASS: people can sign in with their password, and JupyterLab runs as the person"
            " who signed in",
        ),
        ({"wrong": 302, "right": 302}, "FAIL: JupyterHub lets people in with any password"),
        (
            {"wrong": 403, "right": 403},
            "FAIL: JupyterHub refuses an account that has the right password (403): "
            "`journalctl -u jupyterhub` on the server says why",
        ),
        (
            {"wrong": 403, "right": 302, "failed": "500 Spawn failed"},
            "FAIL: JupyterHub can't start JupyterLab for people (500 Spawn failed): "
            "`journalctl -u jupyterhub` on the server says why",
        ),
        (
            {"wrong": 403, "right": 302, "owner": "root"},
            "FAIL: JupyterLab runs as root, not as the person who signed in",
        ),
        (
            {"wrong": 403, "right": 302, "owner": ""},
            "FAIL: JupyterLab runs as nobody, not as the person who signed in",
        ),
    ],
)
def test_people_get_in_by_their_password_alone(answer, said):
    server = Server(**{"python3 -": json.dumps(answer)})

    assert told(hub.check_people, server) == said
    assert "def sign_in" in server.given


def test_a_hub_that_doesnt_answer_lets_nobody_in():
    assert told(hub.check_people, Server()) == (
        "FAIL: nobody can sign in to JupyterHub: no such file"
    )


def test_a_hub_that_says_nothing_at_all_lets_nobody_in():
    silent = Server(**{"python3 -": Answer(1, "")})
    assert told(hub.check_people, silent) == (
        "FAIL: nobody can sign in to JupyterHub: no reason given"
    )


@pytest.mark.parametrize(("since", "tries"), [(100, 1), (820, 1), (990, 170)])
def test_a_service_that_was_started_just_now_gets_the_time_to_answer(since, tries):
    server = Server(**{"python3 -c 'import time": SHOWN.replace("=100000000", f"={since}000000")})
    assert told(services.check_hub_service, server).startswith("PASS")
    (asked,) = (each for each in server.asked if "curl" in each)
    assert asked.startswith(f"for n in $(seq {tries}); do curl ")


def test_everybody_who_answers_at_a_port_is_named():
    both = LISTENS.replace("pid=7,fd=1", 'pid=7,fd=1),("node",pid=9,fd=1')
    server = Server(**{"ss -Hltnp": both, "ps -o unit=": "a.service\nb.service\na.service\n"})
    said = "FAIL: port 8000 is answered by a.service, b.service, not by JupyterHub"
    assert told(services.check_hub_service, server) == said
    assert "sudo -n ss -Hltnp 'sport = :8000'" in server.asked
    assert "ps -o unit= -p 7,9" in server.asked


def test_every_port_that_listens_to_all_is_named():
    rows = "".join(f"LISTEN 0 5 *:{port} *:*\n" for port in (22, 10000, 8787))
    said = "FAIL: listening on every address: port 8787, 10000"
    assert told(services.check_inside, Server(**{"ss -Hltn": rows})) == said

"""The services' logs, shown and followed; and the pages' addresses."""

import json
import signal
import subprocess

from bench import BIN
from bench import ROOT
from bench import Bench
from bench import eventually


def test_the_services_logs_are_shown_and_followed(bench: Bench) -> None:
    listed = {entry["name"] for entry in json.loads(bench.run("logs", "--json").stdout)}
    assert {"jupyterhub", "rstudio", "caddy", "ssh", "converge", "test-user"} <= listed
    for name in listed - {"test-user", "updates", "data", "packages"}:
        assert len(bench.run("logs", name, "--lines", "2").stdout.splitlines()) == 2, name
    ended = json.loads(bench.run("logs", "converge", "--json", "--lines", "1").stdout)
    assert ended["event"] == "end"
    assert "no log called 'apache'" in bench.run("logs", "apache", exit_code=1).stderr
    assert "isn't a time" in bench.run("logs", "ssh", "--since", "soon-ish", exit_code=1).stderr

    following = subprocess.Popen(
        [str(BIN / "workbench"), "logs", "ssh", "--since", "10m", "--follow", "--lines", "1"],
        cwd=ROOT,
        env=bench.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert following.stdout is not None
        following.stdout.readline()
        # Whoever signs in makes a line.
        bench.server("true")
        assert "Accepted publickey" in _until(following, "Accepted publickey")
    finally:
        following.send_signal(signal.SIGINT)
        _, error = following.communicate(timeout=30)
    assert following.returncode == 0, error
    assert eventually(lambda: not bench.server("sudo -n pgrep -a journalctl", exit_code=None))


def test_the_pages_addresses_are_printed(bench: Bench) -> None:
    url = bench.status()["url"]

    assert bench.run("open").stdout == f"{url}\n"
    assert bench.run("open", "jupyter").stdout == f"{url}jupyter/\n"
    assert "there are: landing" in bench.run("open", "hub", exit_code=2).stderr


def _until(process: "subprocess.Popen[str]", word: str) -> str:
    assert process.stdout is not None
    return next(line for line in process.stdout if word in line)

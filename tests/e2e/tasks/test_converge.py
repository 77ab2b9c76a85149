"""A converge shows what it would change on the server, then does it; and drift says what was."""

import json

import pytest
from bench import Bench
from bench import eventually

HUB = "/etc/jupyterhub/jupyterhub_config.py"
SSHD = "/etc/ssh/sshd_config.d/00-workbench.conf"
LANDING = "/opt/workbench/landing/index.html"


@pytest.fixture
def converged(bench: Bench) -> Bench:
    """Give the server as its recipe has it, whatever a test before left."""
    bench.run("converge", "--yes")
    return bench


def test_with_nothing_to_do_it_says_so_and_asks_neither_pulumi_nor_a_person(
    converged: Bench,
) -> None:
    before = converged.server("cat /var/lib/workbench/converged.json")

    said = converged.run("converge")

    assert "Nothing to change" in said.stdout
    assert "Pulumi wasn't needed" in said.stdout
    assert "Pulumi up" not in said.stderr
    # Nothing was run: the server's own note of its last converge is the same.
    assert converged.server("cat /var/lib/workbench/converged.json") == before


def test_what_was_changed_by_hand_is_found_named_and_put_right(converged: Bench) -> None:
    assert "No drift" in converged.run("drift").stdout
    user = "test-user"
    converged.server(
        "sudo systemctl disable --now --quiet caddy; "
        "sudo dpkg --remove --force-depends r-cran-irkernel >/dev/null 2>&1; "
        f"sudo chmod 666 {HUB}; "
        f"echo 'PermitRootLogin yes' | sudo tee -a {SSHD} >/dev/null; "
        f"sudo rm {LANDING}; "
        "sudo useradd by-hand && sudo gpasswd --add by-hand sudo >/dev/null"
    )
    try:
        said = converged.run("drift", exit_code=1).stdout
        found = [finding["state"] for finding in _drift(converged)]
        shown = converged.run("converge", "--dry-run").stdout
        again = converged.run("drift", exit_code=1).stdout
        converged.run("converge", "--yes")
    finally:
        converged.server("sudo userdel --remove by-hand 2>/dev/null", exit_code=None)

    for sentence in (
        "r-cran-irkernel is not-installed",
        "by-hand is in the group sudo",
        f"{SSHD} differs from the recipe",
        "-PermitRootLogin yes",
        f"{HUB} has mode 666, not 644",
        f"{LANDING} is missing",
        "caddy.service is not running (inactive)",
    ):
        assert sentence in said
    assert ["by-hand is in the group sudo"] in found
    assert "take by-hand out of the group sudo" in shown
    assert "this was a dry run" in shown
    # Neither drift nor a dry run has changed anything.
    assert again == said
    assert "No drift" in converged.run("drift").stdout
    assert converged.server("systemctl is-active caddy") == "active\n"
    assert user in converged.server("getent group sudo")


def test_a_changed_setting_is_shown_and_applied_through_pulumi(converged: Bench) -> None:
    setting = "workbench:acmeEmail"
    converged.shell(f"pulumi config set {setting} ops@example.org")
    try:
        shown = converged.run("converge", "--dry-run").stdout
        without_terminal = converged.run("converge", exit_code=1)
        caddyfile = converged.server("cat /etc/caddy/Caddyfile")
        applied = converged.run("converge", "--yes").stdout
        after = converged.server("cat /etc/caddy/Caddyfile")
        preview = converged.shell("pulumi preview --expect-no-changes --non-interactive")
    finally:
        converged.shell(f"pulumi config rm {setting}")
        converged.run("converge", "--yes")

    assert "Pulumi would update BucketObjectv2" in shown
    assert "ops@example.org" in shown
    assert "--yes" in without_terminal.stderr
    assert "ops@example.org" not in caddyfile
    assert "The server matches its stack" in applied
    assert "ops@example.org" in after
    assert preview.returncode == 0
    assert "ops@example.org" not in converged.server("cat /etc/caddy/Caddyfile")


def test_packages_for_everyone_come_with_the_configuration_and_go_with_it(
    converged: Bench,
) -> None:
    key = "workbench:packages"
    install = (
        "sudo /opt/workbench/venv/bin/uv pip install --quiet --system-certs"
        " --python /opt/everyone/python/bin/python"
    )
    converged.shell(
        f"pulumi config set --path '{key}.apt[0]' hello\n"
        f"pulumi config set --path '{key}.apt[1]' no-such-package\n"
        f"pulumi config set --path '{key}.python[0]' cowsay"
    )
    try:
        shown = converged.run("converge", "--dry-run").stdout
        converged.run("converge", "--yes")
        assert eventually(lambda: _packages(converged)["state"] == "failed", 180)
        status = converged.run("status").stdout
        checked = converged.run("check", exit_code=None).stdout
        assert "Hello" in converged.server("hello")
        # What couldn't be had is no drift; what an administrator adds is, until it is listed.
        assert "No drift" in converged.run("drift").stdout
        converged.server(f"{install} tabulate")
        drift = converged.run("drift", exit_code=1).stdout
        logged = converged.run("logs", "packages").stdout
    finally:
        converged.shell(f"pulumi config rm {key}")
        removed = converged.run("converge", "--dry-run").stdout
        converged.run("converge", "--yes")

    why = "apt no-such-package: the distribution has no package with that name"
    assert "install for everyone: Python cowsay" in shown
    # With the seven that every server gets.
    assert "9 of 10 installed; failed:" in status
    assert why in " ".join(status.split())
    assert why in " ".join(checked.split())
    assert "Python package tabulate is in /opt/everyone/python" in drift
    assert "list tabulate in workbench:packages to keep it" in drift
    assert "no-such-package" in logged
    assert "remove for everyone: apt hello" in removed
    assert "remove tabulate from /opt/everyone/python" in removed
    assert eventually(lambda: _packages(converged)["state"] == "installed", 180)
    converged.server("command -v hello", exit_code=1)


def _packages(bench: Bench) -> dict[str, str]:
    told: dict[str, str] = bench.status()["packages"] or {"state": ""}
    return told


def _drift(bench: Bench) -> list[dict[str, list[str]]]:
    found: list[dict[str, list[str]]] = json.loads(bench.run("drift", "--json", exit_code=1).stdout)
    return found

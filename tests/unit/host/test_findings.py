"""What a plan says of the recipe's commands: the state in people's words, and the action."""

from io import StringIO
from pathlib import Path

import pytest

from workbench.host.run import findings
from workbench.host.run.findings import find
from workbench.host.run.pyinfra_typed import FileUpload
from workbench.host.system.apt import INSTALL
from workbench.host.system.apt import PURGE
from workbench.host.system.apt import UPDATE
from workbench.host.system.debs import CURL


@pytest.fixture(autouse=True)
def server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a server with a service that failed, and a package that is half there."""
    states = {"ActiveState": "failed"}
    monkeypatch.setattr(findings, "unit_properties", lambda unit: states)
    installed = {"caddy": "half-configured"}
    monkeypatch.setattr(findings, "package_states", lambda names: installed)


@pytest.mark.parametrize(
    ("command", "state", "action"),
    [
        (
            "systemctl enable caddy.service",
            "caddy.service is not started at boot",
            "enable caddy.service",
        ),
        (
            "systemctl unmask caddy.service; systemctl unmask --runtime caddy.service",
            "caddy.service is masked",
            "unmask caddy.service",
        ),
        (
            "systemctl reset-failed caddy.service 2>/dev/null; systemctl start caddy.service",
            "caddy.service is not running (failed)",
            "start caddy.service",
        ),
        (
            "systemctl restart caddy.service",
            "caddy.service runs with an older configuration",
            "restart caddy.service",
        ),
        (
            "systemctl restart rstudio-server.service",
            "rstudio-server.service runs with an older configuration",
            "restart rstudio-server.service, which ends the R sessions in RStudio",
        ),
        (
            "rm -rf /opt/R/4.5.3 && rm -f /var/lib/workbench/r-4.5.3.sha256",
            "R 4.5.3 is installed, but no longer in the configuration",
            "remove R 4.5.3, with the packages that everyone has in it; people's own stay",
        ),
        (
            "ln -sfn /opt/R/4.6.1/bin/R /usr/local/bin/R",
            "/usr/local/bin/R isn't the default version of R",
            "point /usr/local/bin/R to /opt/R/4.6.1/bin/R",
        ),
        (
            f"{CURL} --max-time 900 -o '/x/r.deb.part' 'https://example.org/r.deb' || exit 1",
            "r.deb is not here",
            "download https://example.org/r.deb",
        ),
        ("gpasswd --delete eve sudo", "eve is in the group sudo", "take eve out of the group sudo"),
        ("gpasswd --add ada sudo", "ada is not in the group sudo", "add ada to the group sudo"),
        ("usermod --expiredate '' ada", "the account ada is closed", "open the account ada"),
        (
            "useradd --create-home --shell /bin/bash --uid 1001 --gid ada ada || exit 1",
            "ada has no account",
            "make the account ada",
        ),
        (
            "echo 'caddy.service does not answer at http://127.0.0.1:80/ after 90 seconds; …'",
            "caddy.service does not answer at http://127.0.0.1:80/",
            "wait for caddy.service",
        ),
        (
            f"{INSTALL} caddy r-cran-irkernel '/var/cache/workbench/rstudio.deb'",
            "caddy is half-configured, r-cran-irkernel is not-installed,"
            " rstudio.deb is not installed",
            "install caddy r-cran-irkernel rstudio.deb",
        ),
        (
            "systemctl stop 'jupyter-*-singleuser.service'",
            "people's Jupyter servers have other host names",
            "end people's Jupyter servers",
        ),
        (
            f"{PURGE} caddy",
            "the package caddy is installed",
            "remove the package caddy",
        ),
        ("xfs_growfs /data", "is not as the recipe has it", "run: xfs_growfs /data"),
    ],
)
def test_a_command_is_told_in_words(command: str, state: str, action: str) -> None:
    finding = find("Step", "Operation", [command])

    assert (finding.state, finding.actions) == ([state], [action])


@pytest.mark.parametrize("command", ["systemctl daemon-reload", UPDATE])
def test_what_only_prepares_another_command_is_not_told(command: str) -> None:
    finding = find("Step", "Operation", [command, "systemctl enable a.service"])

    assert finding.actions == ["enable a.service"]


def test_a_changed_file_is_told_once_with_its_difference(tmp_path: Path) -> None:
    path = tmp_path / "sshd.conf"
    path.write_text("PasswordAuthentication yes\n")
    upload = FileUpload(StringIO("PasswordAuthentication no\n"), str(path))

    finding = find("SSH", "Write it", [upload, f"chown root:root {path}", f"chmod 644 {path}"])

    assert finding.state == [f"{path} differs from the recipe"]
    assert finding.actions == [f"write {path}"]
    assert finding.diff[-2:] == ["-PasswordAuthentication yes", "+PasswordAuthentication no"]


def test_a_missing_file_has_no_difference(tmp_path: Path) -> None:
    finding = find("SSH", "Write it", [FileUpload(StringIO("a\n"), str(tmp_path / "none"))])

    assert finding.state == [f"{tmp_path}/none is missing"]
    assert finding.diff == []


def test_changed_permissions_are_told_with_both(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    path.chmod(0o666)

    assert find("a", "b", [f"chmod 644 {path}"]).state == [f"{path} has mode 666, not 644"]

"""Several versions of R side by side; stand-ins for Posit's packages, by the same code."""

import base64
import contextlib
import hashlib
import http.server
import json
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from clients import Hub
from host_lab import Lab
from host_lab import OnBridge
from host_lab import at_hub
from host_lab import served

from workbench.rehearsal import standin

USER = "test-user"
PASSWORD = "Penguins-on-ice-42"
NEW, OLD = "4.6.1", "4.5.3"
ASK = "cat(R.home(), Sys.getenv('R_LIBS_USER'), getOption('repos')[['CRAN']])"


def r_settings(lab: Lab, *versions: str, **checksums: str) -> dict[str, Any]:
    """Return the settings' part about R, with the checksums of the stand-ins that are served."""
    built = standin.build_r_packages(lab.folder / "packages")
    digests = {each: hashlib.sha256(path.read_bytes()).hexdigest() for each, path in built.items()}
    served = lab.settings["rstudio"]["url"].rpartition("/")[0]
    builds = f"{served}/{standin.BUILDS}"
    return {"versions": versions, "checksums": digests | checksums, "builds": builds}


def have(lab: Lab, *versions: str) -> None:
    """Converge to these versions, unless the server has them: tests come in any order."""
    noted = lab.run("cat /var/lib/workbench/r.json 2>/dev/null || echo []")
    lab.publish(r=r_settings(lab, *versions))
    if [each["version"] for each in json.loads(noted)] != list(versions):
        lab.converge()


@pytest.fixture(scope="module")
def hub(lab: Lab) -> Iterator[Hub]:
    lab.run(f"workbench-passwd {USER}", stdin=PASSWORD + "\n")
    with at_hub(lab, PASSWORD) as signed_in:
        yield signed_in


def kernels(lab: Lab) -> dict[str, str]:
    """Return the titles of R's kernels by their names."""
    folder = Path("/opt/workbench/share/jupyter/kernels")
    names = lab.run(f"ls {folder}").split()
    shown = {name: json.loads(lab.run(f"cat {folder / name}/kernel.json")) for name in names}
    return {name: each["display_name"] for name, each in shown.items() if name[:2] == "ir"}


def test_each_version_has_a_kernel_with_its_own_home_library_and_packages(
    lab: Lab, hub: Hub
) -> None:
    have(lab, NEW, OLD)
    for kernel, version, day in (
        (f"ir-{NEW}", NEW, "2026-11-02"),
        (f"ir-{OLD}", OLD, "2026-04-23"),
        # What notebooks without a version run with.
        ("ir", NEW, "2026-11-02"),
    ):
        said = hub.run(kernel, ASK).split()
        minor = version.rpartition(".")[0]
        assert said[0] == f"/opt/R/{version}/lib/R"
        assert said[1].endswith(f"/R/x86_64-pc-linux-gnu-library/{minor}")
        assert said[2].endswith(f"/bookworm/{day}")


def test_their_titles_say_that_they_are_stand_ins(lab: Lab) -> None:
    have(lab, NEW, OLD)
    stand_ins = {f"ir-{each}": f"R {each} (stand-in)" for each in (NEW, OLD)}
    assert kernels(lab) == {"ir": "R"} | stand_ins
    noted = json.loads(lab.run("cat /var/lib/workbench/r.json"))
    assert [(each["title"], each["standin"]) for each in noted] == [
        (title, True) for title in stand_ins.values()
    ]


def test_the_first_one_is_on_the_path_and_rstudios(lab: Lab) -> None:
    have(lab, NEW, OLD)
    home = f"/opt/R/{NEW}/lib/R"
    assert lab.run(f"su - {USER} -c 'R RHOME'") == home
    assert lab.run(f"su - {USER} -c \"Rscript -e 'cat(R.home())'\"") == home
    assert f"rsession-which-r=/opt/R/{NEW}/bin/R" in lab.run("cat /etc/rstudio/rserver.conf")
    assert "2026-11-02" in lab.run("cat /etc/rstudio/rsession.conf")


def test_a_second_converge_changes_nothing(lab: Lab) -> None:
    have(lab, NEW, OLD)
    assert lab.converge()["changed"] == 0


def test_a_file_with_another_checksum_is_refused_and_nothing_is_installed(lab: Lab) -> None:
    have(lab, NEW, OLD)
    packages = lab.folder / "packages" / standin.r_path("4.4.3", "debian-12", "amd64")
    packages.write_bytes(b"!<arch>\nno package")
    before = lab.run("dpkg-query -W; ls /opt/R; ls -l /usr/local/bin")
    for lets_in, said in (
        ("0" * 64, f"R 4.4.3 is not installed: the file at .*{packages.name} has not the SHA-256"),
        # Posit's key can't be had here, and if it could: this has no signature.
        ("signed", "there is no checksum for the file .* and Posit has not signed it"),
    ):
        lab.publish(r=r_settings(lab, "4.4.3", NEW, OLD, **{"4.4.3": lets_in}))
        lab.converge(ok=False)
        assert re.search(said, lab.failure()), lab.failure()
        assert lab.run("find /var/cache/workbench -name '*.deb*'") == ""
    assert lab.run("dpkg-query -W; ls /opt/R; ls -l /usr/local/bin") == before
    lab.publish(r=r_settings(lab, NEW, OLD))


def test_a_version_gets_its_kernel_package_from_the_snapshot_that_fits_it(lab: Lab) -> None:
    have(lab, NEW, OLD)
    about = (
        "Package: IRkernel\nVersion: 9.9\nTitle: T\nDescription: D.\nLicense: GPL-3\nAuthor: A\n"
        "Maintainer: A <a@example.org>\n"
    )
    lab.run("mkdir -p /tmp/IRkernel && cat > /tmp/IRkernel/DESCRIPTION", stdin=about)
    lab.run("echo > /tmp/IRkernel/NAMESPACE; cd /tmp && R CMD build IRkernel > /dev/null")
    archive = base64.b64decode(lab.run("base64 -w0 /tmp/IRkernel_9.9.tar.gz"))
    folder = lab.folder / "cran/cran/__linux__/bookworm/2026-04-23/src/contrib"
    folder.mkdir(parents=True)
    (folder / "IRkernel_9.9.tar.gz").write_bytes(archive)
    (folder / "PACKAGES").write_text("Package: IRkernel\nVersion: 9.9\n")
    # As with a build of Posit's: there is nothing in it but R itself.
    library = f"/opt/R/{OLD}/lib/R/site-library"
    lab.run(f"rm {library}")
    with package_manager(lab):
        lab.converge()
    assert lab.run(f"grep Version {library}/IRkernel/DESCRIPTION") == "Version: 9.9"
    assert not lab.run(f"ls -d /opt/R/{NEW}/lib/R/site-library/IRkernel_9.9 || true")
    lab.run(f"rm -r {library} /tmp/IRkernel*; ln -s /usr/lib/R/site-library {library}")


@contextlib.contextmanager
def package_manager(lab: Lab) -> Iterator[None]:
    """Have the server find a folder of this computer's as Posit's Package Manager."""
    name = "packagemanager.posit.co"
    network = lab.machines.ensure_network()
    certificate, key = lab.authority.issue([name])
    (lab.folder / "cran.pem").write_bytes(certificate + key)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(lab.folder / "cran.pem")

    class Files(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(lab.folder / "cran"))

        def log_message(self, *_: Any) -> None:
            pass

    lab.run(f"echo '{network.gateway} {name}' >> /etc/hosts")
    with served(OnBridge(network.bridge, (network.gateway, 443), Files, tls)):
        yield
    # Docker's own mount: it can be written, and not replaced.
    lab.run(f"sed '/{name}/d' /etc/hosts > /tmp/hosts; cat /tmp/hosts > /etc/hosts; rm /tmp/hosts")


def test_a_version_that_is_not_named_any_more_is_removed_and_its_library_stays(
    lab: Lab, hub: Hub
) -> None:
    have(lab, NEW, OLD)
    hub.run(f"ir-{OLD}", "cat(dir.exists(Sys.getenv('R_LIBS_USER')))")
    lab.publish(r=r_settings(lab, NEW))
    planned = plan(lab)
    assert f"remove the package r-{OLD}" in planned
    assert f"remove R {OLD}, with the packages that everyone has in it" in planned
    lab.converge()
    assert kernels(lab) == {"ir": f"R {NEW} (stand-in)"}
    assert lab.run("ls /opt/R") == NEW
    assert lab.run(f"dpkg-query -W -f '${{db:Status-Status}}' r-{OLD} || true") in (
        "",
        "not-installed",
    )
    lab.run(f"test -d /home/{USER}/R/x86_64-pc-linux-gnu-library/4.5")


def plan(lab: Lab) -> str:
    """Return what a converge would do, as the server says it."""
    lab.run("cat > /tmp/planned.json", stdin=json.dumps(lab.settings))
    said = lab.run(
        "cd /opt/workbench/recipe/current && "
        "/opt/workbench/venv/bin/python -m workbench.host.run.plan /tmp/planned.json"
    )
    findings = json.loads(said)["findings"]
    return "\n".join(action for finding in findings for action in finding["actions"])


def test_the_operating_systems_own_is_the_default_again(lab: Lab, hub: Hub) -> None:
    have(lab, NEW)
    have(lab, "distribution")
    assert kernels(lab) == {"ir": "R"}
    assert lab.run(f"su - {USER} -c 'command -v R; R RHOME'").split() == [
        "/usr/bin/R",
        "/usr/lib/R",
    ]
    assert lab.run("ls /opt/R") == ""
    assert hub.run("ir", "cat(R.home())") == "/usr/lib/R"

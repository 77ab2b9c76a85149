"""Security updates leave alone what people have running."""

import shutil
import subprocess

import pytest

from workbench.host.run.rendering import TEMPLATES

# As needrestart reads its folder of configuration, and decides on a service.
PERL = r"""
our %nrconf = (override_rc => { qr(^dbus) => 0 });
my ($file, $service) = @ARGV;
eval do { local(@ARGV, $/) = $file; <> };
die $@ if $@;
for my $re (keys %{$nrconf{override_rc}}) { exit 1 if $service =~ /$re/; }
"""


@pytest.mark.skipif(shutil.which("perl") is None, reason="needrestart's configuration is Perl")
@pytest.mark.parametrize(
    ("service", "restarted"),
    [
        ("jupyter-ada-singleuser.service", False),
        ("rstudio-server.service", False),
        ("workbench-converge.service", False),
        ("jupyterhub.service", True),
        ("caddy.service", True),
    ],
)
def test_needrestart_ends_nothing_that_people_run(service: str, restarted: bool) -> None:
    file = TEMPLATES / "needrestart.conf.j2"
    done = subprocess.run(["perl", "-we", PERL, file, service], check=False)
    assert done.returncode == (0 if restarted else 1)


@pytest.mark.skipif(shutil.which("apt-config") is None, reason="only where there is apt")
def test_an_administrators_apt_waits_its_turn() -> None:
    file = TEMPLATES / "unattended-upgrades.conf.j2"
    asked = ["apt-config", "-c", str(file), "shell", "SECONDS", "DPkg::Lock::Timeout"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert (said.stdout, said.stderr) == ("SECONDS='300'\n", "")

"""SSH: by key only, never as root."""

from workbench.host.data.host_keys import FOLDER
from workbench.host.data.host_keys import keys
from workbench.host.run.operations import reloaded
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.service import Service
from workbench.host.service import Stage
from workbench.host.settings import Settings
from workbench.host.system import apt
from workbench.host.web.versions import upstream_version

# sshd takes the first value it reads: before cloud-init's 50-cloud-init.conf.
UNIT = "ssh.service"
PACKAGE = "openssh-server"
CONFIGURATION = FOLDER / "sshd_config.d" / "00-workbench.conf"


@step("SSH")
def ssh(settings: Settings) -> None:
    """Configure the SSH server, and make it serve the volume's host keys."""
    put_template("sshd.conf", CONFIGURATION)
    read = [CONFIGURATION, *(FOLDER / name for name in sorted(keys(FOLDER)))]
    reloaded(UNIT, files=read, name="Reload the SSH server")


def version() -> str:
    """Return the installed version."""
    return upstream_version(apt.installed_versions([PACKAGE])[PACKAGE])


SERVICE = Service(
    name="ssh",
    title="OpenSSH",
    unit=UNIT,
    about="who signed in over SSH, and who was refused",
    version=version,
    start=ssh,
    stage=Stage.ACCESS,
    port=22,
    apt=(PACKAGE,),
    accounts=("sshd",),
    aliases=("sshd",),
    log_units=("sshd.service",),
)

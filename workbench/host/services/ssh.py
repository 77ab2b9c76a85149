"""SSH: by key only, never as root."""

from workbench.host.data.host_keys import FOLDER
from workbench.host.data.host_keys import keys
from workbench.host.run.operations import reloaded
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings

# sshd takes the first value it reads: before cloud-init's 50-cloud-init.conf.
CONFIGURATION = FOLDER / "sshd_config.d" / "00-workbench.conf"


@step("SSH")
def ssh(settings: Settings) -> None:
    """Configure the SSH server, and make it serve the volume's host keys."""
    put_template("sshd.conf", CONFIGURATION)
    read = [CONFIGURATION, *(FOLDER / name for name in sorted(keys(FOLDER)))]
    reloaded("ssh.service", files=read, name="Reload the SSH server")

"""SSH: by key only, never as root."""

from .host_keys import FOLDER
from .host_keys import keys
from .operations import reloaded
from .pyinfra_typed import step
from .rendering import put_template
from .settings import Settings

# sshd takes the first value it reads: before cloud-init's 50-cloud-init.conf.
CONFIGURATION = FOLDER / "sshd_config.d" / "00-workbench.conf"


@step("SSH")
def ssh(settings: Settings) -> None:
    """Configure the SSH server, and make it serve the volume's host keys."""
    put_template("sshd.conf", CONFIGURATION)
    read = [CONFIGURATION, *(FOLDER / name for name in sorted(keys(FOLDER)))]
    reloaded("ssh.service", files=read, name="Reload the SSH server")

"""What makes a server itself, kept on the data volume: host keys, accounts and crontabs."""

from pathlib import Path

from workbench.host.data import host_keys
from workbench.host.data.storage import module_command
from workbench.host.people import accounts
from workbench.host.run.operations import unit
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings

SAVE_PATH = "workbench-accounts.path"
SAVE_SERVICE = "workbench-accounts.service"
SYSTEM = Path("/etc/systemd/system")


@step("Identity")
def identity(settings: Settings) -> None:
    """Take host keys and accounts from the volume; keep them there from then on."""
    keep_host_keys(name="Keep the SSH host keys")
    restore_accounts(name="Restore the accounts")
    put_template(SAVE_SERVICE, SYSTEM / SAVE_SERVICE)
    put_template(SAVE_PATH, SYSTEM / SAVE_PATH)
    unit(SAVE_PATH, files=[SYSTEM / SAVE_PATH], name="Watch for changed passwords and crontabs")


@operation
def keep_host_keys() -> Commands:
    """Make the server's host keys and the volume's the same."""
    if not host_keys.are_kept():
        yield module_command("data.host_keys")


@operation
def restore_accounts() -> Commands:
    """Create the volume's accounts, once for a server and a volume."""
    if not accounts.is_restored():
        yield module_command("people.accounts", "restore")


@operation
def save_accounts() -> Commands:
    """Write the accounts to the volume."""
    if not accounts.is_saved():
        yield module_command("people.accounts", "save")

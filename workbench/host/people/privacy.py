"""What people see of each other: that someone works here, and what they share on purpose."""

import grp
import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path

from workbench.host import places
from workbench.host.run.operations import unit
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings

UNIT = "workbench-processes.service"
UNIT_FILE = Path("/etc/systemd/system") / UNIT
MOUNTS = Path("/proc/mounts")
BUS_POLICY = Path("/etc/dbus-1/system.d/workbench.conf")
# Succeeds where the bus tells everyone.
ASK_BUS = (
    *("runuser", "-u", "nobody", "--", "busctl", "call", "org.freedesktop.systemd1"),
    *("/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"),
    *("GetUnitProcesses", "s", "init.scope"),
)
SYSCTL = Path("/etc/sysctl.d/99-workbench.conf")
KERNEL = {
    # Nobody's link, file or pipe in /tmp leads another's program astray (proc_sys_fs(5)).
    "fs.protected_symlinks": 1,
    "fs.protected_hardlinks": 1,
    "fs.protected_fifos": 1,
    "fs.protected_regular": 2,
    # What a program of root's had in memory is in no file that people could read.
    "fs.suid_dumpable": 0,
    "kernel.dmesg_restrict": 1,
    "kernel.kptr_restrict": 1,
}
# uv makes them writable for all: who holds one keeps the next converge waiting.
ENVIRONMENTS = (places.VENV, places.JUPYTERHUB, places.NOTEBOOKS, places.CADDY)
LOCKS = tuple(folder / ".lock" for folder in ENVIRONMENTS)
LOG_READERS = "adm"


@step("Privacy")
def privacy(settings: Settings) -> None:
    """Hide people's programs from each other, and close what else shows them."""
    put_template(UNIT, UNIT_FILE)
    # Not restarted for a changed file: what it did stays.
    unit(UNIT, name="Hide other people's processes at each boot")
    hide_processes(name="Hide other people's processes now")
    let_polkit_see(name="Let polkit see who asks it")
    put_template("bus-policy", BUS_POLICY)
    keep_command_lines(name="Let the bus keep command lines to itself")
    content = "".join(f"{name} = {value}\n" for name, value in KERNEL.items())
    put_template("sysctl.conf", SYSCTL, settings=content)
    set_kernel(name="Have the kernel protect shared folders")
    remove_locks(name="Remove lock files that anyone could hold")
    files.directory(
        name="Keep the logs for administrators",
        path=str(places.LOGS),
        user="root",
        group=LOG_READERS,
        mode="750",
    )


@operation
def hide_processes() -> Commands:
    """Show people's processes to nobody else: not even their names and arguments."""
    options = next(
        line.split()[3] for line in MOUNTS.read_text().splitlines() if line.split()[1] == "/proc"
    )
    if not {"hidepid=2", "hidepid=invisible"} & set(options.split(",")):
        yield f"systemctl restart {UNIT}"


@operation
def let_polkit_see() -> Commands:
    """Put polkit, where it is, into the one group that sees all processes: that of root.

    It looks at who asks, in /proc, and refuses everyone otherwise. It is as good as root itself,
    which does what it says.
    """
    if "polkitd" in _names() and "polkitd" not in grp.getgrgid(0).gr_mem:
        yield "gpasswd --add polkitd root"
        yield "systemctl try-restart polkit.service"


@operation
def keep_command_lines() -> Commands:
    """Let the bus read its rules again if it doesn't keep them.

    It looks at a new file at once, which may be before it can read it, and counts as reloaded.
    """
    if subprocess.run(ASK_BUS, capture_output=True, check=False).returncode == 0:
        yield "systemctl reload dbus.service"


def _names() -> set[str]:
    return {entry.pw_name for entry in pwd.getpwall()}


@operation
def set_kernel() -> Commands:
    """Set what the kernel has otherwise, where it lets us: in a container it doesn't."""
    for name, value in KERNEL.items():
        path = Path("/proc/sys") / name.replace(".", "/")
        if path.exists() and int(path.read_text()) != value and os.access(path, os.W_OK):
            yield f"sysctl --quiet --write {name}={value}"


@operation
def remove_locks(locks: Sequence[Path] = LOCKS) -> Commands:
    """Remove the environments' lock files: uv makes new ones when it needs them."""
    for lock in locks:
        if lock.exists():
            yield f"rm -f {lock}"

"""Say in people's words what an operation found, and what it would do about it."""

import re
import subprocess
from collections.abc import Iterable
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

from workbench.host import service_table
from workbench.host.jupyter import servers
from workbench.host.run.file_diffs import file_diff
from workbench.host.run.operations import unit_properties
from workbench.host.run.pyinfra_typed import FileUpload

LONGEST_COMMAND = 200
_CHANGED_MODE = re.compile(r"chmod(?: -R)? (?P<wanted>\S+) (?P<path>\S+)")
_CHANGED_OWNER = re.compile(r"ch(?:own|grp)(?: -R)?(?: -h)? (?P<wanted>\S+) (?P<path>\S+)")
_FOLDER = re.compile(r"mkdir -p (?P<path>\S+)")
_ENABLE = re.compile(r"systemctl enable (?P<unit>\S+)")
_UNMASK = re.compile(r"systemctl unmask (?P<unit>[^\s;]+)")
_START = re.compile(r"systemctl reset-failed (?P<unit>\S+)\s.*systemctl start")
_RESTART = re.compile(r"systemctl (?:reload-or-)?restart (?P<unit>\S+)")
_END = re.compile(r"systemctl stop jupyter-(?P<name>\S+)-singleuser\.service")
_LEAD_AWAY = re.compile(r"sed -i '.*reverse_proxy.*' (?P<path>\S+);")
_ANSWER = re.compile(r"echo '(?P<unit>\S+) does not answer at (?P<url>\S+) ")
_INSTALL = re.compile(r"apt-get .* install (?P<rest>.*)")
_PURGE = re.compile(r"apt-get .* purge (?P<name>\S+)")
_DOWNLOAD = re.compile(r"curl .* -o '\S+' '(?P<url>\S+)'")
_REMOVE_R = re.compile(r"rm -rf /opt/R/(?P<version>\S+) && rm -f \S+")
_KERNEL_PACKAGE = re.compile(r"/opt/R/(?P<version>[\d.]+)/bin/Rscript -e 'install\.packages\(\"IRk")
_REMOVE_KERNEL = re.compile(r"rm -rf \S+/kernels/(?P<name>ir-\S+)")
_POINT_R = re.compile(r"ln -sfn (?P<target>/opt/R/\S+) (?P<path>\S+)")
_UNLINK_R = re.compile(r"rm -f (?P<path>/usr/local/bin/R(?:script)?)")
_JOIN = re.compile(r"gpasswd --add (?P<name>\S+) (?P<group>\S+)")
_LEAVE = re.compile(r"gpasswd --delete (?P<name>\S+) (?P<group>\S+)")
_CREATE = re.compile(r"useradd .*--gid \S+ (?P<name>\S+)")
_REOPEN = re.compile(r"usermod --expiredate '' (?P<name>\S+)")
_CLOSE = re.compile(r"usermod --expiredate \S{5,} (?P<name>\S+)")
# What is told of packages for everyone, before their installation is begun.
_FOR_EVERYONE = re.compile(r"echo '?(?P<state>.+?) -> (?P<action>.+?)'?")
_END_SERVERS = re.compile(rf"systemctl stop '{re.escape(servers.PATTERN)}'")
_UNSAID = re.compile(
    r"systemctl daemon-reload|.* systemctl restart --no-block .*|.*/update-package-lists .*"
    r"|groupadd .*"
    # The hub's settings are looked at and kept, as said of the file.
    r"|printf %s .* -m workbench_hub\.traits|cp -p \S+ \S+\.before"
)


@dataclass
class Finding:
    """What one operation would change.

    ``state`` says what is not as the recipe has it, ``actions`` what would be done; ``diff`` is
    from the server's file to the recipe's, without secrets.
    """

    step: str
    operation: str
    state: list[str] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    diff: list[str] = field(default_factory=list)

    def add(self, state: str, action: str) -> None:
        """Add one thing that is not as it should be."""
        if state not in self.state:
            self.state.append(state)
        if action not in self.actions:
            self.actions.append(action)


def find(step: str, operation: str, commands: Sequence[object]) -> Finding:
    """Return what an operation's commands say; there is at least one."""
    finding = Finding(step, operation)
    written = {command.dest for command in commands if isinstance(command, FileUpload)}
    for command in commands:
        if isinstance(command, FileUpload):
            exists = Path(command.dest).exists()
            finding.add(
                f"{command.dest} {'differs from the recipe' if exists else 'is missing'}",
                f"write {command.dest}",
            )
            # A file that is missing is written whole: that says enough.
            if exists:
                finding.diff += file_diff(command.src, Path(command.dest))
        elif said := _say(str(command), written):
            finding.add(*said)
    if not finding.state:
        finding.add("is not as the recipe has it", _shorten(str(commands[0])))
    return finding


def _say(command: str, written: Iterable[str]) -> tuple[str, str] | None:
    """Return the state that a command ends, and the action; None for a part of another one."""
    if _UNSAID.fullmatch(command):
        return None
    if match := _CHANGED_MODE.fullmatch(command) or _CHANGED_OWNER.fullmatch(command):
        path = match["path"].strip("'")
        return None if path in written else _permissions(Path(path), match["wanted"])
    if match := _FOLDER.fullmatch(command):
        return f"the folder {match['path']} is missing", f"make the folder {match['path']}"
    said = _say_unit(command) or _say_person(command) or _say_r(command)
    return said or _say_packages(command)


def _permissions(path: Path, wanted: str) -> tuple[str, str]:
    if not path.exists():
        return f"{path} is missing", f"make {path}"
    status = path.stat()
    if wanted.isdigit():
        has = f"{status.st_mode & 0o7777:o}"
        return f"{path} has mode {has}, not {wanted}", f"set the mode of {path} to {wanted}"
    try:
        has = f"{path.owner()}:{path.group()}"
    except KeyError:
        has = f"{status.st_uid}:{status.st_gid}"
    return f"{path} belongs to {has}, not {wanted}", f"give {path} to {wanted}"


def _say_unit(command: str) -> tuple[str, str] | None:
    if _END_SERVERS.fullmatch(command):
        return "people's Jupyter servers have other host names", "end people's Jupyter servers"
    if match := _UNMASK.match(command):
        return f"{match['unit']} is masked", f"unmask {match['unit']}"
    if match := _ENABLE.match(command):
        return f"{match['unit']} is not started at boot", f"enable {match['unit']}"
    if match := _START.match(command):
        state = unit_properties(match["unit"])["ActiveState"]
        return f"{match['unit']} is not running ({state})", f"start {match['unit']}"
    if match := _RESTART.fullmatch(command):
        unit = match["unit"]
        action = f"{command.split()[1]} {unit}{_ends(unit)}"
        return f"{unit} runs with an older configuration", action
    if match := _END.fullmatch(command):
        name = match["name"]
        action = f"end {name}'s Jupyter server; unsaved work in its kernels is lost"
        return f"{name}'s Jupyter server listens on a port", action
    if match := _LEAD_AWAY.match(command):
        state = f"{match['path']} uses ports that anyone on the server could take"
        return state, "point the web server to the services' sockets"
    if match := _ANSWER.match(command):
        return f"{match['unit']} does not answer at {match['url']}", f"wait for {match['unit']}"
    return None


def _ends(unit: str) -> str:
    """Say what people lose when a unit is restarted."""
    ends = {each.unit: each.ends for each in service_table.every_service()}
    return f", which ends {ends[unit]}" if ends.get(unit) else ""


def _say_person(command: str) -> tuple[str, str] | None:
    if match := _CREATE.search(command):
        name = match["name"]
        return f"{name} has no account", f"make the account {name}"
    if match := _JOIN.match(command):
        name, group = match["name"], match["group"]
        return f"{name} is not in the group {group}", f"add {name} to the group {group}"
    if match := _LEAVE.match(command):
        name, group = match["name"], match["group"]
        return f"{name} is in the group {group}", f"take {name} out of the group {group}"
    if match := _REOPEN.match(command):
        return f"the account {match['name']} is closed", f"open the account {match['name']}"
    if match := _CLOSE.match(command):
        return f"the account {match['name']} is open", f"close the account {match['name']}"
    return None


def _say_r(command: str) -> tuple[str, str] | None:
    if match := _REMOVE_R.fullmatch(command):
        state = f"R {match['version']} is installed, but no longer in the configuration"
        r = f"R {match['version']}"
        return state, f"remove {r}, with the packages that everyone has in it; people's own stay"
    if match := _KERNEL_PACKAGE.match(command):
        state = f"R {match['version']} can't run notebooks"
        return state, f"install IRkernel for R {match['version']}"
    if match := _REMOVE_KERNEL.fullmatch(command):
        return (
            f"the kernel {match['name']} is no longer configured",
            f"remove {match['name']}",
        )
    if match := _POINT_R.fullmatch(command):
        state = f"{match['path']} isn't the default version of R"
        return state, f"point {match['path']} to {match['target']}"
    if match := _UNLINK_R.fullmatch(command):
        state = f"{match['path']} isn't the default version of R"
        return state, f"remove {match['path']}, so that the operating system's R is found"
    return None


def _say_packages(command: str) -> tuple[str, str] | None:
    if match := _FOR_EVERYONE.fullmatch(command):
        return match["state"], match["action"]
    if match := _PURGE.search(command):
        return f"the package {match['name']} is installed", f"remove the package {match['name']}"
    if match := _DOWNLOAD.match(command):
        return f"{match['url'].rsplit('/', 1)[-1]} is not here", f"download {match['url']}"
    match = _INSTALL.search(command)
    if not match:
        return None
    words = re.sub(r"(?<!\S)(-o \S+|-\S+)", "", match["rest"]).replace("'", "").split()
    files = [word for word in words if word.startswith("/")]
    names = [word for word in words if not word.startswith("/")]
    states = package_states(names)
    told = [f"{name} is {states.get(name, 'not-installed')}" for name in names]
    told += [f"{Path(file).name} is not installed" for file in files]
    return ", ".join(told), f"install {' '.join([*names, *(Path(f).name for f in files)])}"


def package_states(names: Sequence[str]) -> dict[str, str]:
    """Return dpkg's words for the packages' states, "half-configured" for example."""
    if not names:
        return {}
    output = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return dict(line.split() for line in output.splitlines() if len(line.split()) == 2)


def _shorten(command: str) -> str:
    first = command.strip().partition("\n")[0]
    return f"run: {first[:LONGEST_COMMAND]}{'…' if len(first) > LONGEST_COMMAND else ''}"

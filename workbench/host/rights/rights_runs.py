"""What runs by itself, as root or as others: cron, at, systemd's units, shells' profiles."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from workbench.host.rights.rights_files import changers
from workbench.host.rights.rights_server import EVERYBODY
from workbench.host.rights.rights_server import GONE
from workbench.host.rights.rights_server import People
from workbench.host.rights.rights_server import Server
from workbench.host.rights.rights_server import Way

CRONTABS = "/var/spool/cron/crontabs"
AT_JOBS = "/var/spool/cron/atjobs"
PERIODS = ("hourly", "daily", "weekly", "monthly", "yearly")
UNITS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/run/systemd/transient",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
)
PROFILES = ("/etc/profile", "/etc/bash.bashrc", "/root/.bashrc", "/root/.profile", "/etc/rc.local")
PRELOAD = "/etc/ld.so.preload"
# In all that the recipe writes.
RECIPES = "Written by the workbench's recipe"
_PATH = re.compile(r"(?<![\w.$}])/(?:[\w.+@%~-]+/)*[\w.+@%~-]+")
_EXEC = re.compile(r"^Exec\w*\s*=\s*[-@:+!|]*(.*)$", re.MULTILINE)
_USER = re.compile(r"^User\s*=\s*(\S+)\s*$", re.MULTILINE)
# A field of time, or a word like @daily.
_TIMES = re.compile(r"^\s*(?:@\w+|(?:\S+\s+){5})")


def find(server: Server, people: People) -> Iterator[Way]:
    """Give what runs that someone can change who mustn't, or that runs as who was let go."""
    for source, user, command in _commands(server):
        yield from _changeable(server, people, source, user, command)
    yield from _units_of_gone(server, people)
    if people.look:
        yield from _by_hand(server)
    if server.read(PRELOAD).strip():
        what = f"{PRELOAD} puts code into every program, root's too"
        yield Way(EVERYBODY, "files", what, f"rm {PRELOAD}")


def _commands(server: Server) -> Iterator[tuple[str, str, str]]:
    """Give what runs by itself: the file that says so, as whom, and the command."""
    for file in ["/etc/crontab", *server.files("/etc/cron.d")]:
        for line in _lines(server.read(file)):
            if times := _TIMES.match(line):
                words = line[times.end() :].split(None, 1)
                yield file, words[0], "".join(words[1:])
    for file in server.files(CRONTABS):
        for line in _lines(server.read(file)):
            if times := _TIMES.match(line):
                yield file, file.rpartition("/")[2], line[times.end() :]
    for period in PERIODS:
        for file in server.files(f"/etc/cron.{period}"):
            yield file, "root", "\n".join(_lines(server.read(file)))
    for file in server.files(AT_JOBS):
        # The environment comes first; what was typed, last.
        yield file, server.path(file).owner(), server.read(file).rpartition("}\n")[2]
    for file in [*PROFILES, *server.files("/etc/profile.d")]:
        yield file, "root", "\n".join(_lines(server.read(file)))
    for file, text in _units(server):
        for command in _EXEC.findall(text):
            yield file, _user_of(text), command


def _lines(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _user_of(text: str) -> str:
    match = _USER.search(text)
    return match[1] if match else "root"


def _units(server: Server) -> Iterator[tuple[str, str]]:
    for folder in UNITS:
        for pattern in ("*.service", "*.service.d/*.conf"):
            for file in server.files(folder, pattern):
                yield file, server.read(file)


def _changeable(
    server: Server, people: People, source: str, user: str, command: str
) -> Iterator[Way]:
    is_root = people.is_root(user)
    # A table of one's own is where one may write; another's isn't.
    tables = [source] if source.startswith(CRONTABS) else []
    for path in dict.fromkeys([*tables, *_PATH.findall(command)]):
        if not server.path(path).is_file():
            continue
        for name in sorted(changers(server.path(path), people) - {user}):
            person = people.everyone.get(name)
            # Who works here may share a script with another; who has gone, no more.
            if is_root or (person and person.rank == GONE):
                what = f"{source} runs {path} as {user}, and {name} can write it"
                fix = f"chown root: {shlex.quote(path)} && chmod go-w {shlex.quote(path)}"
                yield Way(name, "runs", what, fix)


def _units_of_gone(server: Server, people: People) -> Iterator[Way]:
    gone = [person for person in people.limited if person.rank == GONE]
    for file, text in _units(server):
        for person in gone:
            if _user_of(text) in (person.name, str(person.uid)) and not _is_jupyter(file):
                unit = Path(file).name if file.endswith(".service") else Path(file).parent.stem
                what = f"{file} runs as {person.name}"
                yield Way(person.name, "unit", what, f"systemctl disable --now {shlex.quote(unit)}")


def _does_something(text: str) -> bool:
    return bool({*_EXEC.findall(text)} - {"", "/bin/true", "/usr/bin/true"})


def _is_ours(file: str, text: str) -> bool:
    # The recipe's own unit is the bootstrap's.
    return RECIPES in text or _is_jupyter(file) or Path(file).name == "workbench-converge.service"


def _is_jupyter(file: str) -> bool:
    return re.fullmatch(r"jupyter-.*-singleuser\.service", Path(file).name) is not None


def _by_hand(server: Server) -> Iterator[Way]:
    """Give what runs as root by an administrator's hand, theirs who leaves or another's."""
    tables = [file for file in server.files(CRONTABS) if file.endswith("/root")]
    periods = [f"/etc/cron.{period}" for period in PERIODS]
    files = [file for folder in ("/etc/cron.d", *periods) for file in server.files(folder)]
    units = [
        file
        for file, text in _units(server)
        if file.startswith(UNITS[:4]) and _does_something(text) and not _is_ours(file, text)
    ]
    found = [*tables, *files, *units, *server.files("/etc/udev/rules.d")]
    packages = server.packages(found)
    for file in found:
        if not server.path(file).is_symlink() and file not in packages:
            what = f"{file} was created manually, and runs programs as root or as others"
            yield Way(EVERYBODY, "by-hand", what, f"less {shlex.quote(file)}", sure=False)
    for program in ("docker", "podman"):
        for name in server.ask(program, "ps", "--format", "{{.Names}}").split():
            what = f"the container {name} runs in root's {program}"
            fix = f"{program} inspect {shlex.quote(name)}"
            yield Way(EVERYBODY, "by-hand", what, fix, sure=False)

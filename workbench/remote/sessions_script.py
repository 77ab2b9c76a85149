"""Runs on the server, as root: print as JSON what people's processes are, by their cgroups.

The argument is a list of rules by which services' work is recognized.
"""

import json
import pwd
import re
import sys
from pathlib import Path
from typing import Any

FIRST_USER = 1000
NOBODY = 65534
UNIT = re.compile(r"/([^/]+\.(?:service|scope))(?=/|$)")
# How services' work is recognized, as ``workbench.host.service.Work`` has it.
Rule = dict[str, Any]
# Of a kind of work, the units it runs in and the process that each began with.
Led = dict[str, dict[str, int]]
# What a login or a user's systemd brings along; none of it is anyone's work.
FURNITURE = {
    "(sd-pam)",
    "dbus-daemon",
    "dirmngr",
    "gpg-agent",
    "sftp-server",
    "ssh-agent",
    "sshd",
    "sshd-session",
    "systemd",
    "systemd-executor",
}


class Process:
    """One process of a person."""

    def __init__(self, folder: Path) -> None:
        self.pid = int(folder.name)
        self.uid = folder.stat().st_uid
        self.name = (folder / "comm").read_text().strip()
        words = (folder / "cmdline").read_bytes().split(b"\0")
        self.words = [word.decode(errors="replace") for word in words if word]
        self.unit = unit_of(folder)
        stat = (folder / "stat").read_text().rpartition(")")[2].split()
        self.state, self.parent = stat[0], int(stat[1])

    @property
    def line(self) -> str:
        """Its command line."""
        return " ".join(self.words)


def read_processes() -> list[Process]:
    """Return all processes that people started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            process = Process(folder)
        except (OSError, IndexError):
            continue  # it has ended meanwhile
        if FIRST_USER <= process.uid < NOBODY and process.state != "Z":
            found.append(process)
    return found


def unit_of(folder: Path) -> str:
    """Return the systemd unit that a process belongs to: the innermost, or none."""
    for line in (folder / "cgroup").read_text().splitlines():
        # systemd's own hierarchy, in either version of cgroups.
        if line.startswith("0::") or ":name=systemd:" in line:
            units = UNIT.findall(line)
            if units:
                return str(units[-1])
    return ""


def leaders(processes: list[Process], rules: list[Rule]) -> dict[str, dict[str, int]]:
    """Return of each kind that others are part of its units, and the process each began with."""
    kinds = {rule[key] for rule in rules for key in ("inside", "child_of") if rule[key]}
    return {
        rule["kind"]: {each.unit: each.pid for each in processes if fits(each, rule, {})}
        for rule in rules
        if rule["kind"] in kinds
    }


def fits(process: Process, rule: Rule, led: Led) -> bool:
    """Return whether a process fits everything that a rule gives."""
    inside, parent = rule["inside"], rule["child_of"]
    return (
        (not rule["process"] or process.name == rule["process"])
        and (not rule["line"] or re.search(rule["line"], process.line) is not None)
        and (not inside or process.unit in led.get(inside, {}))
        and (not parent or led.get(parent, {}).get(process.unit) == process.parent)
    )


def kind_of(process: Process, rules: list[Rule], led: Led, sessions: set[str]) -> tuple[str, str]:
    """Return what a process is, and what to call it; ``("", "")`` for what is nothing to tell."""
    unit = process.unit
    for rule in rules:
        if rule["kind"] in led:
            if led[rule["kind"]].get(unit) == process.pid:
                return rule["kind"], ""
        elif fits(process, rule, led):
            names = [name for line, name in rule["names"] if re.search(line, process.line)]
            return rule["kind"], names[0].format(process.name) if names else ""
    if any(unit in units for units in led.values()):
        return "", ""
    if process.name in FURNITURE or unit in sessions:
        return "", ""
    return "background", process.name


def is_login(process: Process) -> bool:
    """Whether it is the part of sshd that serves one person's session."""
    return process.name in {"sshd", "sshd-session"} and process.unit.startswith("session-")


def main() -> None:
    """Print who has what running."""
    rules: list[Rule] = json.loads(sys.argv[1])
    mine, everything = unit_of(Path("/proc/self")), read_processes()
    everything = [each for each in everything if not mine or each.unit != mine]
    led = leaders(everything, rules)
    logins = {each.unit: each.uid for each in everything if is_login(each)}
    told: dict[tuple[int, str], list[str]] = {}
    for uid in logins.values():
        told.setdefault((uid, "ssh"), []).append("")
    for each in everything:
        kind, name = kind_of(each, rules, led, set(logins))
        if kind:
            told.setdefault((each.uid, kind), []).append(name)
    print(json.dumps([row(uid, kind, names) for (uid, kind), names in sorted(told.items())]))


def row(uid: int, kind: str, names: list[str]) -> dict[str, object]:
    """Return one line of the answer."""
    try:
        user = pwd.getpwuid(uid).pw_name
    except KeyError:
        user = str(uid)
    return {"user": user, "kind": kind, "count": len(names), "names": sorted({*names} - {""})}


if __name__ == "__main__":
    main()

"""Ask the server what a converge would change; nothing is changed by asking."""

import io
import shlex
import tarfile
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from typing import Any

from workbench.errors import WorkbenchError
from workbench.host.pack import PackedRecipe
from workbench.remote.recipe_run import LOG
from workbench.remote.recipe_run import Run
from workbench.remote.recipe_run import read_run
from workbench.remote.remote_command import run_with_bytes
from workbench.remote.ssh_target import RemoteServer
from workbench.terminal import read_json

RECIPES = "/opt/workbench/recipe"
PYTHON = "/opt/workbench/venv/bin/python"
SETTINGS = "/etc/workbench/settings.json"
PLAN = "workbench.host.run.plan"
# How the server says that it continues with packages for everyone.
UNFINISHED = ("try again: ", "continue to install ")
# The server has another recipe, or other settings, than those asked about.
OTHER = 65
# The server's recipe is older than plans are; or it never converged.
NO_PLAN = 66


@dataclass(frozen=True)
class Finding:
    """What one operation of the recipe would change, as the server says it."""

    step: str
    operation: str
    state: tuple[str, ...]
    actions: tuple[str, ...]
    diff: tuple[str, ...]

    @property
    def is_unfinished(self) -> bool:
        """Whether it is about packages for everyone that can't be had, or are in progress."""
        return bool(self.actions) and all(action.startswith(UNFINISHED) for action in self.actions)

    def as_json(self) -> dict[str, Any]:
        """Return it for scripts."""
        return asdict(self)


@dataclass(frozen=True)
class Plan:
    """What a converge would change; ``last`` is how the server's last one ended.

    ``settings`` is the SHA-256 of the settings it is about.
    """

    findings: Sequence[Finding] = ()
    last: Run | None = None
    settings: str = ""
    is_busy: bool = False
    # Kind, name and folder of packages that an administrator installed for everyone.
    manual: Sequence[Mapping[str, str]] = ()

    @property
    def steps(self) -> list[str]:
        """The steps that would change something, in the recipe's order."""
        return list(dict.fromkeys(finding.step for finding in self.findings))

    @property
    def drift(self) -> list[Finding]:
        """What someone changed on the server: not what only couldn't be installed yet."""
        return [each for each in self.findings if not each.is_unfinished]

    def is_done(self, recipe: str, settings: str | None) -> bool:
        """Return whether there is nothing to do, not even to note that these are applied."""
        last = self.last
        return (
            not self.findings
            and last is not None
            and last.ok
            and (last.recipe, last.settings) == (recipe, settings)
        )


def plan_applied(server: RemoteServer, recipe: str = "", settings: str = "") -> Plan | None:
    """Return the plan for what the server has; None if it isn't what these SHA-256 say."""
    folder = f"{RECIPES}/{recipe or 'current'}"
    is_other = f"! echo {settings}  {SETTINGS} | sha256sum --check --status"
    script = (
        f"cd {folder} 2>/dev/null || exit {OTHER}; "
        f"{f'if {is_other}; then exit {OTHER}; fi; ' if settings else ''}"
        f"[ -f {PLAN.replace('.', '/')}.py ] || exit {NO_PLAN}; exec {PYTHON} -m {PLAN} {SETTINGS}"
    )
    return _plan(server, script, b"")


def plan_new(server: RemoteServer, recipe: PackedRecipe, settings: str | None) -> Plan:
    """Return the plan for what the server hasn't yet; None is for the settings it has."""
    path = "settings.json" if settings is not None else SETTINGS
    script = (
        'folder=$(mktemp -d) && trap \'rm -rf "$folder"\' EXIT && cd "$folder" && '
        f"tar -xf - && tar -xzf recipe.tar.gz && [ -x {PYTHON} ] || exit {NO_PLAN}; "
        f"{PYTHON} -m {PLAN} {path}"
    )
    return _plan(server, script, _archive(recipe, settings)) or Plan()


def _plan(server: RemoteServer, script: str, stdin: bytes) -> Plan | None:
    answer = run_with_bytes(server, f"sudo -n /bin/bash -c {shlex.quote(script)}", stdin)
    if answer.exit_code == OTHER:
        return None
    if answer.exit_code == NO_PLAN:
        raise WorkbenchError(
            "The server's recipe is too old to say what it would change, or it never converged.",
            f"workbench up --stack {server.stack}   brings it up to date",
        )
    if not answer.ok:
        last = "\n".join(f"    {line}" for line in answer.stderr.splitlines()[-15:])
        raise WorkbenchError(
            f"The server can't say what a converge would change:\n{last}",
            f"workbench logs converge --stack {server.stack}   shows {LOG}",
        )
    return _read(read_json(answer.stdout.splitlines()[-1]))


def _read(said: Mapping[str, Any]) -> Plan:
    found = said.get("findings") or []
    return Plan(
        findings=tuple(
            Finding(
                step=str(each["step"]),
                operation=str(each["operation"]),
                state=tuple(each["state"]),
                actions=tuple(each["actions"]),
                diff=tuple(each["diff"]),
            )
            for each in found
        ),
        last=read_run(said["last"]) if said.get("last") else None,
        settings=str(said.get("settings", "")),
        is_busy=bool(said["busy"]),
        manual=tuple(said.get("manual") or ()),
    )


def _archive(recipe: PackedRecipe, settings: str | None) -> bytes:
    """Return recipe and settings as one archive, for one trip."""
    packed = io.BytesIO()
    members = {"recipe.tar.gz": recipe.content}
    if settings is not None:
        members["settings.json"] = settings.encode()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o600
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()

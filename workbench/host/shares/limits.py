"""Each person's share of the server, and what is kept for what everyone needs."""

import hashlib
from io import StringIO
from pathlib import Path

from workbench.host import places
from workbench.host import service_table
from workbench.host.people.register import FIRST_ID
from workbench.host.run.operations import daemon_reload
from workbench.host.run.operations import unit
from workbench.host.run.pyinfra_typed import Commands
from workbench.host.run.pyinfra_typed import files
from workbench.host.run.pyinfra_typed import operation
from workbench.host.run.pyinfra_typed import step
from workbench.host.run.rendering import put_template
from workbench.host.settings import Settings
from workbench.host.shares import generator
from workbench.host.system import pam

GUARD = "workbench-guard.service"
SYSTEM = Path("/etc/systemd/system")
GENERATOR = Path("/etc/systemd/system-generators/workbench-shares")
GENERATED = Path("/run/systemd/generator")
LOGIND = Path("/etc/systemd/logind.conf.d/workbench.conf")
PROFILE = pam.PROFILES / "workbench-slices"
VERSION = places.STATE / "guard"
# What the guard reads when it starts.
GUARDS = (
    "data/set_aside",
    "people/processes",
    "people/register",
    "places",
    "shares/cgroups",
    "shares/generator",
    "shares/guard",
    "shares/kill_notes",
    "shares/shares",
    "shares/strays",
)


@step("Shares")
def limits(settings: Settings) -> None:
    """Keep what each person runs in one slice, and protect what everyone needs."""
    for each in ("user.slice", "system.slice", "user@.service"):
        put_template(f"{each}.conf", SYSTEM / f"{each}.d" / "workbench.conf")
    needed = [each.unit for each in service_table.own_services() if each.stage]
    for unit_name in needed:
        put_template("protected.conf", SYSTEM / f"{unit_name}.d" / "reserve.conf")
    put_template("user-manager.conf", Path("/etc/systemd/user.conf.d/workbench.conf"))
    put_template("generator", GENERATOR, mode="755")
    units = ["user.slice", "system.slice", *needed]
    daemon_reload(units, name="Apply the reserves")
    apply_shares(name="Work out people's shares")
    put_template("logind.conf", LOGIND)
    unit("systemd-logind.service", files=[LOGIND], name="Apply the size of people's /run/user")
    put_template("pam-config-slices", PROFILE, first_id=FIRST_ID)
    pam.enable_profile(PROFILE, name="Put people's cron jobs into their slices")
    put_template(GUARD, SYSTEM / GUARD)
    files.put(name="Note the guard's version", src=StringIO(guards_version()), dest=str(VERSION))
    unit(GUARD, files=[SYSTEM / GUARD, VERSION], name="Start the guard")


def guards_version() -> str:
    """Return what changes with the modules that the guard read when it started.

    Their times say nothing: an archive's files all have the same.
    """
    content = [(places.PACKAGE / f"{name}.py").read_bytes() for name in GUARDS]
    return hashlib.sha256(b"".join(content)).hexdigest() + "\n"


@operation
def apply_shares() -> Commands:
    """Have systemd run the generator again where its limits are not the server's."""
    wanted = generator.drop_ins(generator.read_shares(), generator.administrators())
    for name, content in wanted.items():
        path = generator.place(GENERATED, name)
        if not path.exists() or path.read_text() != content:
            yield "systemctl daemon-reload"
            return

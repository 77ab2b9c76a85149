"""The doctor's first layers: this computer's tools, the rehearsal or AWS, the stack's state."""

import shutil
import sys

from workbench.checks.check import Check
from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import skipped
from workbench.checks.check import warned
from workbench.checks.target import Target
from workbench.configured import Configured
from workbench.engine.copies import refuse_lost_configuration
from workbench.engine.damage import ConfigLostError
from workbench.errors import WorkbenchError
from workbench.places import state_dir
from workbench.progress import Progress
from workbench.rehearsal.description import read_description
from workbench.rehearsal.names import rehearsal_of
from workbench.remote.selection import find_project
from workbench.remote.unknown import look_for_unknown
from workbench.tasks.doctor.credentials_check import check_credentials
from workbench.tasks.doctor.credentials_check import check_region
from workbench.tasks.doctor.known_stack import KnownStack
from workbench.tasks.rights.asking import PRINT
from workbench.tasks.rights.asking import ask_rights
from workbench.tasks.rights.policy import DOMAIN
from workbench.tasks.rights.policy import INSTANCE_CONNECT
from workbench.tasks.rights.policy import SNAPSHOTS

UP = "workbench up --stack {stack}"
RECOVER = "workbench recover --stack {stack}"
FREE_GIB = 5


def computer_checks(known: KnownStack) -> list[Check]:
    """Return the checks of this computer that a stack needs, in order; all others need the last."""
    if rehearsal_of(known.name) is None:
        return [
            *_tools(),
            Check("credentials", lambda _: check_credentials(known), (), "", "credentials"),
            _own_files(known),
            _state(known, ("project", "pulumi")),
            _rights(known),
            Check(
                "region",
                lambda _: check_region(known),
                ("credentials", "state"),
                layer="stack",
            ),
        ]
    start = f"workbench rehearsal.start --name {rehearsal_of(known.name)}"
    return [
        *_tools(),
        Check("docker", _docker, (), start, "tools"),
        Check("free-space", _free_space, (), "docker system df", "tools"),
        Check("rehearsal", _rehearsal, ("docker",), start, "rehearsal"),
        _own_files(known),
        _state(known, ("project", "pulumi", "rehearsal")),
    ]


def _tools() -> list[Check]:
    return [
        Check("python", _python, (), "", "tools"),
        Check("project", _project, (), "", "tools"),
        Check("pulumi", _engine, (), UP, "tools"),
    ]


def _state(known: KnownStack, requires: tuple[str, ...]) -> Check:
    return Check("state", lambda _: _check_state(known), requires, UP, "stack")


def _own_files(known: KnownStack) -> Check:
    return Check("own-files", lambda _: _check_own_files(known), ("project", "pulumi"), "", "stack")


def _rights(known: KnownStack) -> Check:
    return Check(
        "aws-rights", lambda _: _check_rights(known), ("credentials", "state"), PRINT, "stack"
    )


def _python(target: Target) -> Outcome:
    version = ".".join(map(str, sys.version_info[:3]))
    return passed(f"Python {version} at {sys.executable}")


def _project(target: Target) -> Outcome:
    return passed(f"Pulumi project in {find_project()}")


def _engine(target: Target) -> Outcome:
    from workbench.engine.find import find_engine

    engine = find_engine()
    if engine is None:
        return failed("there is no usable Pulumi engine on this computer")
    return passed(f"Pulumi {engine.version} at {engine.command} ({engine.origin})")


def _docker(target: Target) -> Outcome:
    if sys.platform != "linux":
        return failed("the rehearsal needs Linux; workbenches on AWS work from here")
    import docker

    try:
        version = docker.from_env(timeout=10).version()["Version"]
    except docker.errors.DockerException as error:
        denied = "ermission denied" in str(error)
        fix = "sudo usermod -aG docker $USER   (and sign in again)" if denied else ""
        return failed(f"the Docker engine {'refuses this user' if denied else 'is silent'}", fix)
    return passed(f"Docker engine {version} answers")


def _free_space(target: Target) -> Outcome:
    folder = next(f for f in (state_dir(), *state_dir().parents) if f.exists())
    free = shutil.disk_usage(folder).free / 2**30
    said = f"{free:.0f} GiB free at {folder}"
    return passed(said) if free >= FREE_GIB else warned(said)


def _rehearsal(target: Target) -> Outcome:
    name = rehearsal_of(target.stack) or ""
    description = read_description(name)
    if description is None:
        return failed(f"the rehearsal {name!r} was never started", UP)
    if not description.alive:
        return failed(f"the rehearsal {name!r} is not running (it was process {description.pid})")
    return passed(f"{name!r} runs as process {description.pid}, API at {description.api_url}")


def _check_state(known: KnownStack) -> Outcome:
    """Read the stack's state; what Pulumi says against it is the evidence."""
    try:
        state = known.read()
    except WorkbenchError as error:
        return _logged_out(known) or failed(error.message, error.hint)
    if not state.outputs.get("instance_id"):
        unknown = look_for_unknown(known.name, Progress(quiet=True))
        if unknown:
            return failed(unknown.told(known.name), RECOVER)
    if not state.exists:
        make = UP if rehearsal_of(known.name) else "workbench init --stack {stack}"
        return failed(f"there is no stack {known.name}", make)
    return passed(f"Pulumi's state of {known.name} is readable")


def _logged_out(known: KnownStack) -> Outcome | None:
    """Return the failure that Pulumi has no place to read states from; None where it has."""
    from workbench.engine.backend import current_backend
    from workbench.engine.find import find_engine

    engine = find_engine()
    if engine is None or rehearsal_of(known.name) is not None:
        return None
    if current_backend(engine, known.name, find_project()) is not None:
        return None
    return failed(
        "Pulumi is not logged in to where the stack's state is kept: Pulumi Cloud, a bucket"
        " (pulumi login s3://BUCKET) or this computer (pulumi login --local)",
        "pulumi login",
    )


def _check_own_files(known: KnownStack) -> Outcome:
    """Look whether configuration and passphrase are there."""
    from workbench.engine.failures import PassphraseError
    from workbench.engine.stacks import Stack

    opened = Stack(known.name, find_project(), Progress(quiet=True))
    try:
        refuse_lost_configuration(known.name, find_project())
        opened.check_passphrase(opened.configuration_text)
    except (ConfigLostError, PassphraseError) as error:
        return failed(error.message, error.hint)
    except WorkbenchError:
        # What the engine has against the stack itself is for the check of the state.
        return passed("nothing is known to be lost")
    return passed(f"{opened.config_path.name}, and the passphrase fits")


def _check_rights(known: KnownStack) -> Outcome:
    """Ask AWS; a warning is the worst, as what runs already runs without the rights."""
    region = str(known.aws("sts").meta.region_name)
    configured = known.state.configured
    without = _unneeded(configured)
    rights = ask_rights(known.aws, region, name=configured.name, without=without)
    if rights.unknown:
        return skipped(str(rights))
    return warned(str(rights)) if rights.missing else passed("all permissions for a workbench")


def _unneeded(configured: Configured) -> tuple[str, ...]:
    """Return the policy's statements that a workbench so configured does without."""
    has_records = configured.zone_id or configured.create_zone
    has_schedule = configured.backup_schedule != "off"
    return (
        *(() if has_records else (DOMAIN,)),
        *(() if has_schedule else SNAPSHOTS),
        *(() if configured.instance_connect_endpoint else INSTANCE_CONNECT),
    )

"""The doctor's first layers: this computer's tools, and the rehearsal or the AWS credentials."""

import shutil
import sys

from workbench.checks.check import Check
from workbench.checks.check import Outcome
from workbench.checks.check import failed
from workbench.checks.check import passed
from workbench.checks.check import warned
from workbench.checks.target import Target
from workbench.places import state_dir
from workbench.rehearsal.description import read_description
from workbench.rehearsal.names import rehearsal_of

DOCKER_START = "workbench rehearsal.start"
FREE_GIB = 5


def computer_checks(stack: str) -> list[Check]:
    """Return the checks of this computer that a stack needs, in order."""
    tools = [
        Check("python", _python, (), "", "tools"),
        Check("pulumi", _engine, (), "workbench up --stack {stack}", "tools"),
    ]
    if rehearsal_of(stack) is None:
        return [*tools, Check("credentials", _credentials, (), "aws configure", "credentials")]
    return [
        *tools,
        Check("docker", _docker, (), DOCKER_START, "tools"),
        Check("free-space", _free_space, (), "docker system df", "tools"),
        Check("rehearsal", _rehearsal, ("docker",), _start_command(stack), "rehearsal"),
    ]


def _start_command(stack: str) -> str:
    return f"workbench rehearsal.start --name {rehearsal_of(stack)}"


def _python(target: Target) -> Outcome:
    version = ".".join(map(str, sys.version_info[:3]))
    return passed(f"Python {version} at {sys.executable}")


def _engine(target: Target) -> Outcome:
    from workbench.engine.find import find_engine

    engine = find_engine()
    if engine is None:
        return failed("there is no usable Pulumi engine on this computer")
    return passed(f"Pulumi {engine.version} at {engine.command} ({engine.origin})")


def _credentials(target: Target) -> Outcome:
    identity = target.aws("sts").get_caller_identity()
    return passed(f"{identity['Arn']}")


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
        return failed(f"the rehearsal {name!r} was never started")
    if not description.alive:
        return failed(f"the rehearsal {name!r} is not running (it was process {description.pid})")
    return passed(f"{name!r} runs as process {description.pid}, API at {description.api_url}")
